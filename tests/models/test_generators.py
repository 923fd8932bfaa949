"""Walks the image-to-image networks of the shelf: the contract of their room; then the networks' own formulas."""

import inspect
import re
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from gradients import assert_reached

import reidzoo.models.generators  # noqa: F401  (fills the shelf)
from reidzoo.base.errors import UserError
from reidzoo.models.generators import ResNetGenerator, UNetGenerator
from reidzoo.registry import GENERATORS

NAMES = sorted(
    name
    for name, cls in GENERATORS.module_dict.items()
    if cls.__module__.startswith("reidzoo.") and list(inspect.signature(cls.forward).parameters) == ["self", "images"]
)

#: arguments that build each generator at toy size; a new generator adds its row (others: test_noise_generators.py,
#: test_pose_generators.py)
TOY = {
    "ResNetGenerator": {"width": 4, "blocks": 2},
    "UNetGenerator": {"width": 4, "depth": 3},
}


def toy(name, **arguments):
    torch.manual_seed(0)
    return GENERATORS.build({"type": name, **TOY[name], **arguments})


def toy_images(batch=3, size=(32, 16), dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(batch, 3, *size, dtype=dtype, generator=generator) * 2 - 1


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def liven(network):
    """Weights that saturate nothing and biases that are not 0, so that a formula has to get everything right."""
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network


def test_every_generator_has_a_toy_row():
    assert set(NAMES) == set(TOY)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(32, 16), (16, 40)])
def test_images_of_the_same_size_within_the_range(name, size):
    fake = liven(toy(name))(toy_images(size=size))
    assert fake.shape == (3, 3, *size)
    assert -1 < fake.min() < -0.1
    assert 0.1 < fake.max() < 1


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter(name):
    generator, images = toy(name), toy_images().requires_grad_()
    (generator(images) - images.detach()).abs().mean().backward()
    assert images.grad.isfinite().all()
    assert_reached(generator)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [True, False])
def test_generators_treat_every_image_alone(name, training):
    generator, images = liven(toy(name)).train(training), toy_images()
    torch.testing.assert_close(generator(images)[1:2], generator(images[1:2]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_train_and_eval_are_the_same_without_dropout(name):
    generator, images = toy(name), toy_images()
    with torch.no_grad():
        assert torch.equal(generator.train()(images), generator.eval()(images))


@pytest.mark.parametrize("name", NAMES)
def test_float64_channels_last_and_bf16(name):
    generator, images = liven(toy(name)), toy_images()
    fake = generator(images)
    torch.testing.assert_close(generator.double()(images.double()).float(), fake, atol=1e-4, rtol=0)
    generator = generator.float().to(memory_format=torch.channels_last)
    images = images.to(memory_format=torch.channels_last)
    torch.testing.assert_close(generator(images), fake, atol=1e-4, rtol=0)
    with torch.autocast("cpu", torch.bfloat16):
        assert (generator(images) - fake).abs().mean() < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_sizes_that_do_not_divide(name):
    generator = toy(name)
    divisor = generator.divisor
    images = torch.zeros(1, 3, 4 * divisor + 1, 4 * divisor)
    said = (
        f"{name} expects a height and width divisible by {divisor}, .* got {4 * divisor + 1} x {4 * divisor}: "
        f"resize to {4 * divisor} x {4 * divisor} or {5 * divisor} x {4 * divisor}$"
    )
    with pytest.raises(UserError, match=said):
        generator(images)


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_image_that_the_sentence_names_is_taken(name):
    generator = toy(name)
    with pytest.raises(UserError, match="got 1 x 1: resize to") as caught:
        generator(torch.zeros(1, 3, 1, 1))
    side = int(re.search(r"resize to (\d+) x", str(caught.value))[1])
    assert generator(toy_images(1, (side, side))).isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_the_smoke_form_is_small_and_takes_reid_images(name):
    generator = GENERATORS.build({"type": name, **GENERATORS.get(name).smoke})
    assert count(generator) < 20_000
    assert generator(toy_images(1, (128, 64))).shape == (1, 3, 128, 64)


@pytest.mark.parametrize("name", NAMES)
def test_start(name):
    """N(0, 0.02) weights, biases 0 (the card, section 1.1)."""
    for key, parameter in toy(name, width=16).named_parameters():
        if key.endswith("bias"):
            assert not parameter.any(), key
        else:
            assert parameter.ndim == 4, key
            spread = 0.02 * (1 + 5 * parameter.numel() ** -0.5)
            assert 0.02**2 / spread < parameter.std().item() < spread, key


@pytest.mark.parametrize("name", NAMES)
def test_dropout_is_active_in_training_only(name):
    generator, images = liven(toy(name, dropout=0.5)), toy_images()
    assert not torch.equal(generator(images), generator(images))
    assert torch.equal(generator.eval()(images), generator(images))
    assert count(generator) == count(toy(name))


@pytest.mark.parametrize("name", NAMES)
def test_generator_documents_its_source(name):
    assert re.search(r"\b(19|20)\d\d\b", GENERATORS.module_dict[name].__doc__)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrong", [{"width": 0}, {"dropout": 1.0}, {"dropout": -0.1}])
def test_arguments_that_make_no_sense(name, wrong):
    ((key, value),) = wrong.items()
    with pytest.raises(UserError, match=rf"^{name} expects .* got .*{key}={value}"):
        toy(name, **wrong)


def norm(x):
    """Instance norm."""
    mean = x.mean(dim=(2, 3), keepdim=True)
    return (x - mean) / ((x - mean).square().mean(dim=(2, 3), keepdim=True) + 1e-5).sqrt()


def convolutions(network):
    kinds = torch.nn.Conv2d | torch.nn.ConvTranspose2d
    return [(module.weight, module.bias) for module in network.modules() if isinstance(module, kinds)]


@pytest.mark.parametrize(("blocks", "parameters"), [(9, 11_378_179), (6, 7_837_699)])
def test_resnet_generator_counts(blocks, parameters):
    assert count(ResNetGenerator(blocks=blocks)) == parameters


def test_resnet_generator_is_its_formula():
    """The five steps of the card, section 1.1, in float64."""
    generator = liven(toy("ResNetGenerator")).double()
    images = toy_images(2, (16, 8), torch.float64)

    def reflect(x, border):
        width = ((0, 0), (0, 0), (border, border), (border, border))
        return torch.from_numpy(np.pad(x.detach().numpy(), width, mode="reflect"))

    layers = iter(convolutions(generator))
    x = norm(F.conv2d(reflect(images, 3), *next(layers))).clamp(min=0)
    for _ in range(2):
        x = norm(F.conv2d(x, *next(layers), stride=2, padding=1)).clamp(min=0)
    for _ in range(2):
        inner = norm(F.conv2d(reflect(x, 1), *next(layers))).clamp(min=0)
        x = x + norm(F.conv2d(reflect(inner, 1), *next(layers)))
    for _ in range(2):
        x = norm(F.conv_transpose2d(x, *next(layers), stride=2, padding=1, output_padding=1)).clamp(min=0)
    x = F.conv2d(reflect(x, 3), *next(layers)).tanh()
    assert next(layers, None) is None
    torch.testing.assert_close(generator(images), x)


def test_residual_resnet_generator_adds_the_change_before_tanh():
    images = toy_images(2, (16, 8), torch.float64).clamp(-0.9, 0.9)
    plain, residual = (liven(ResNetGenerator(width=4, blocks=1, residual=flag)).double() for flag in (False, True))
    residual.load_state_dict(plain.state_dict())
    torch.testing.assert_close(residual(images), torch.tanh(torch.atanh(plain(images)) + torch.atanh(images)))


def test_residual_resnet_generator_starts_close_to_its_images_and_takes_black_and_white():
    torch.manual_seed(0)
    images = toy_images(2, (16, 8))
    images[0, :, 0, 0], images[0, :, 0, 1] = 1, -1
    drawn = ResNetGenerator(width=4, blocks=1, residual=True)(images)
    assert torch.isfinite(drawn).all()
    assert (drawn - images).abs().mean() < 0.1 < (ResNetGenerator(width=4, blocks=1)(images) - images).abs().mean()


def test_resnet_generator_needs_a_block():
    with pytest.raises(UserError, match=r"blocks of at least 1.*blocks=0"):
        ResNetGenerator(blocks=0)


def unet_count(width, depth):
    """16 weights for each pair of channels and one bias for each output channel, down and up."""
    channels = [3] + [min(2**i, 8) * width for i in range(depth)]
    down = sum(16 * a * b + b for a, b in pairwise(channels))
    below = [2 * c for c in channels[1:-1]] + channels[-1:]  # what an up convolution eats: map and skip
    return down + sum(16 * a * b + b for a, b in zip(below, channels[:-1], strict=True))


@pytest.mark.parametrize(("width", "depth"), [(8, 7), (4, 2), (6, 5)])
def test_unet_counts(width, depth):
    network = UNetGenerator(width, depth)
    assert count(network) == unet_count(width, depth)
    assert network.divisor == 2**depth


def test_unet_has_the_weights_of_pix2pix():
    """pix2pix reports 41.829 M at depth 7 with batch norm: two numbers a normalised channel instead of one bias."""
    assert unet_count(64, 7) == 41_825_667
    normalised = sum((128, 256, 512, 512, 512)) + sum((512, 512, 512, 256, 128, 64))  # five down, six up
    assert round((unet_count(64, 7) + normalised - sum((64, 512))) / 1e6, 3) == 41.829  # two convolutions without bias


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_unet_is_its_formula(depth):
    """Written from the inside out, in float64; the innermost map may be one cell."""
    generator = liven(UNetGenerator(4, depth)).double()
    images = toy_images(2, (2**depth, 2 ** (depth + 1)), torch.float64)
    layers = convolutions(generator)
    down, up = layers[:depth], layers[depth:][::-1]  # up[i] is the mirror image of down[i]

    def inside(i, x):
        below = F.conv2d(torch.where(x > 0, x, 0.2 * x), *down[i], stride=2, padding=1)
        below = below if i == depth - 1 else inside(i + 1, norm(below))
        return torch.cat([x, norm(F.conv_transpose2d(below.clamp(min=0), *up[i], stride=2, padding=1))], dim=1)

    x = inside(1, F.conv2d(images, *down[0], stride=2, padding=1))
    expected = F.conv_transpose2d(x.clamp(min=0), *up[0], stride=2, padding=1).tanh()
    torch.testing.assert_close(generator(images), expected)


def test_unet_drops_in_the_three_innermost_doublings():
    assert [block.dropout.p for block in UNetGenerator(1, 7, dropout=0.5).up] == [0.5, 0.5, 0.5, 0, 0, 0]
    assert [block.dropout.p for block in UNetGenerator(1, 2, dropout=0.5).up] == [0.5]


def test_unet_of_one_level_has_no_skip():
    with pytest.raises(UserError, match=r"depth of at least 2.*depth=1"):
        UNetGenerator(depth=1)
