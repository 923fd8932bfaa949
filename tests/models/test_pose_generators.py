"""Walks the pose-transfer networks of the shelf: the contract of their room; then the networks' own formulas."""

import inspect
import re

import deformable_twin as twin
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from golden_poses import golden_points
from gradients import assert_reached
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.base.pose_maps import heat_maps
from reidzoo.models.generators import DeformableGenerator
from reidzoo.registry import GENERATORS

NAMES = sorted(
    name
    for name, cls in GENERATORS.module_dict.items()
    if cls.__module__.startswith("reidzoo.") and "target_points" in inspect.signature(cls.forward).parameters
)
SIZE = (64, 32)

#: arguments that build each network at toy size; a new one adds its row
TOY = {
    "DeformableGenerator": {"width": 2, "image_size": SIZE},
    "PG2Generator": {"width": 2, "image_size": SIZE, "bottleneck": 4},
}


def toy(name, **arguments):
    torch.manual_seed(0)
    return GENERATORS.build({"type": name, **TOY[name], **arguments})


def toy_batch(batch=3, size=SIZE, dtype=torch.float32):
    """Images, poses, other poses."""
    rng = np.random.default_rng(0)
    images = torch.rand(batch, 3, *size, dtype=dtype, generator=torch.Generator().manual_seed(1)) * 2 - 1
    poses = [torch.tensor(np.stack([twin.random_pose(rng, size) for _ in range(batch)])) for _ in range(2)]
    return images, *poses


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def liven(network):
    """Weights that saturate nothing, and biases that are not 0."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(mean=float(parameter.ndim == 0), std=0.1)
    return network


def test_every_network_has_a_toy_row():
    assert set(NAMES) == set(TOY)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [SIZE, (64, 64)])
def test_images_of_the_size(name, size):
    generator = liven(toy(name, image_size=size))
    assert generator.image_size == size
    fake = generator(*toy_batch(size=size))
    assert fake.shape == (3, 3, *size)
    assert fake.std() > 0.01


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter(name):
    generator, batch = toy(name), toy_batch()
    (generator(*batch) - batch[0]).square().mean().backward()
    assert_reached(generator)


@pytest.mark.parametrize("name", NAMES)
def test_generators_treat_every_image_alone(name):
    generator, batch = liven(toy(name)).eval(), toy_batch()
    alone = generator(*(each[1:2] for each in batch))
    torch.testing.assert_close(generator(*batch)[1:2], alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_image_and_target_pose_both_matter(name):
    generator, (images, source, target) = liven(toy(name)).eval(), toy_batch()
    drawn = generator(images, source, target)
    for changed in ((-images, source, target), (images, source, target.flip(0))):
        assert (generator(*changed) - drawn).abs().max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_float64_channels_last_and_bf16(name):
    generator, (images, *points) = liven(toy(name)).eval(), toy_batch()
    fake = generator(images, *points)
    exact = generator.double()(images.double(), *points)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(exact.float(), fake, atol=1e-4, rtol=0)
    generator = generator.float().to(memory_format=torch.channels_last)
    torch.testing.assert_close(
        generator(images.to(memory_format=torch.channels_last), *points), fake, atol=1e-4, rtol=0
    )
    with torch.autocast("cpu", torch.bfloat16):
        assert (generator(images, *points) - fake).abs().mean() < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_images_of_another_size(name):
    images, *points = toy_batch(size=(64, 64))
    with pytest.raises(UserError, match=rf"{name} was built for images of 64 x 32, got 64 x 64: .*image_size"):
        toy(name)(images, *points)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(64, 41), (0, 32), (64,), (64.0, 32)])
def test_sizes_that_do_not_divide(name, size):
    with pytest.raises(UserError, match=rf"{name} expects image_size=\(height, width\) in multiples of \d+, got"):
        toy(name, image_size=size)


@pytest.mark.parametrize("name", NAMES)
def test_a_width_that_makes_no_sense(name):
    with pytest.raises(UserError, match=rf"^{name} expects .* of at least 1, got .*width=0"):
        toy(name, width=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_smoke_form_is_small_and_draws_reid_images(name):
    generator = GENERATORS.build({"type": name, **GENERATORS.get(name).smoke, "image_size": (128, 64)})
    assert count(generator) < 20_000
    assert generator(*toy_batch(2, (128, 64))).shape == (2, 3, 128, 64)


@pytest.mark.parametrize("name", NAMES)
def test_start(name):
    """Glorot uniform weights, biases 0; norms 1 and 0."""
    for key, parameter in toy(name, width=8).named_parameters():
        if parameter.ndim < 2:
            assert (parameter == float(parameter.ndim == 0 and key.endswith("weight"))).all(), key
            continue
        fan_in, fan_out = (parameter[:, 0].numel(), parameter[0].numel()) if parameter.ndim == 4 else parameter.shape
        limit = (6 / (fan_in + fan_out)) ** 0.5
        assert 0.9 * limit < parameter.abs().max() <= limit, key


@pytest.mark.parametrize("name", NAMES)
def test_generator_documents_its_source(name):
    assert re.search(r"\b(19|20)\d\d\b", GENERATORS.module_dict[name].__doc__)


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [({}, 61_109_085), ({"image_size": (256, 256)}, 82_080_611), ({"deformable": False}, 36_072_533)],
)
def test_deformable_generator_counts(arguments, parameters):
    with torch.device("meta"):
        assert count(DeformableGenerator(**arguments)) == parameters


def whole(x, layer):
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    deviation = (x - mean).square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (x - mean) / (deviation + 1e-3) * layer.weight + layer.bias


def instance(x, _):
    mean = x.mean(dim=(2, 3), keepdim=True)
    return (x - mean) / ((x - mean).square().mean(dim=(2, 3), keepdim=True) + 1e-5).sqrt()


def encoded(encoder, x, norm):
    """The maps of an encoder, by the card, section 2.2: no norm after the first nor after the last convolution."""
    maps = [F.conv2d(x, encoder.first.weight, encoder.first.bias, padding=1)]
    for i, layer in enumerate(encoder.down):
        assert layer.bias is None
        x = F.conv2d(torch.where(maps[-1] > 0, maps[-1], 0.2 * maps[-1]), layer.weight, stride=2, padding=1)
        maps.append(x if i == len(encoder.down) - 1 else norm(x, encoder.norms[i]))
    return maps


@pytest.mark.parametrize("deformable", [True, False])
@pytest.mark.parametrize("norm", ["sample", "instance"])
@pytest.mark.parametrize("sampling", ["nearest", "bilinear"])
def test_deformable_generator_is_its_formula(deformable, norm, sampling):
    arguments = {"deformable": deformable, "norm": norm, "sampling": sampling, "image_size": (32, 16)}
    generator = liven(toy("DeformableGenerator", **arguments)).double().eval()
    images, source, target = toy_batch(2, (32, 16), torch.float64)
    formula = whole if norm == "sample" else instance
    maps = [heat_maps(each, (32, 16)).double() for each in (source, target)]
    if deformable:
        first = encoded(generator.appearance, torch.cat([images, maps[0]], dim=1), formula)
        poses = encoded(generator.pose, maps[1], formula)
        moved = [
            torch.stack(
                [
                    torch.tensor(twin.deform(*(each.detach().numpy() for each in case), (32, 16), sampling))
                    for case in zip(appearance, source, target, strict=True)
                ]
            )
            for appearance in first
        ]
        skips = [torch.cat(pair, dim=1) for pair in zip(moved, poses, strict=True)]
    else:
        skips = encoded(generator.appearance, torch.cat([images, *maps], dim=1), formula)
    x = skips.pop()
    for block in generator.up:
        x = F.conv_transpose2d(x.clamp(min=0), block.up.weight, stride=2, padding=1)
        x = torch.cat([formula(x, block.norm), skips.pop()], dim=1)
    expected = F.conv2d(x.clamp(min=0), generator.last.weight, generator.last.bias, padding=1).tanh()
    torch.testing.assert_close(generator(images, source, target), expected)


def test_deformable_generator_layers():
    """The card, section 2.2."""
    with torch.device("meta"):
        small, large = DeformableGenerator(), DeformableGenerator(image_size=(256, 256))
    assert [each.out_channels for each in small.appearance.down] == [128, 256, 512, 512, 512]
    assert [each.up.in_channels for each in small.up] == [1024, 1536, 1536, 1024, 512]
    assert small.last.in_channels == 256
    assert [each.up.out_channels for each in small.up] == [512, 512, 512, 256, 128]
    assert [each.up.out_channels for each in large.up] == [512, 512, 512, 512, 256, 128]


def test_deformable_generator_draws_within_the_range():
    fake = liven(toy("DeformableGenerator"))(*toy_batch())
    assert -1 < fake.min() < -0.1
    assert 0.1 < fake.max() < 1


def test_deformable_generator_looks_at_the_source_pose():
    generator, (images, source, target) = liven(toy("DeformableGenerator")).eval(), toy_batch()
    assert (generator(images, source.flip(0), target) - generator(images, source, target)).abs().max() > 1e-3


def test_deformable_generator_moves_its_four_largest_maps_only(monkeypatch):
    moved = []
    monkeypatch.setattr(
        "reidzoo.models.generators.deformable_generator.deform",
        lambda features, motion, sampling: moved.append((tuple(features.shape[2:]), sampling)) or features,
    )
    points = golden_points()
    DeformableGenerator(1, sampling="bilinear")(torch.zeros(2, 3, 128, 64), points, points.flip(0))
    assert moved == [((size, size // 2), "bilinear") for size in (128, 64, 32, 16)]


def test_deformable_generator_drops_in_training_only_and_in_the_three_innermost_doublings():
    generator, batch = liven(toy("DeformableGenerator")), toy_batch()
    assert not torch.equal(generator(*batch), generator(*batch))
    generator.eval()
    assert torch.equal(generator(*batch), generator(*batch))
    kinds = [block.dropout for block in DeformableGenerator(1).up]
    assert [kind.p for kind in kinds] == [0.5, 0.5, 0.5, 0, 0]
    assert all(type(kind) is nn.Dropout for kind in kinds)  # values, not channels


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sampling": "linear"}, "no sampling 'linear', did you mean 'bilinear' or 'nearest'?"),
        ({"norm": "batch"}, "no norm 'batch', known: instance, sample"),
    ],
)
def test_deformable_generator_refusals(wrong, said):
    with pytest.raises(UserError, match=re.escape(said)):
        DeformableGenerator(1, **wrong)
