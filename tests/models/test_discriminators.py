"""Walks the networks of the shelf that judge one image: the contract of their room; then the networks' own formulas."""

import inspect
import re

import pytest
import torch
import torch.nn.functional as F

import reidzoo.models.discriminators  # noqa: F401  (fills the shelf)
from reidzoo.base.errors import UserError
from reidzoo.models.discriminators import DCGANDiscriminator, LSGANDiscriminator, PatchDiscriminator, SiameseNet
from reidzoo.models.discriminators.siamese_net import Stage
from reidzoo.models.instance_norm import InstanceNorm
from reidzoo.registry import DISCRIMINATORS

NAMES = sorted(
    name
    for name, cls in DISCRIMINATORS.module_dict.items()
    if cls.__module__.startswith("reidzoo.")
    and list(inspect.signature(cls.forward).parameters) == ["self", "images"]
    and inspect.signature(cls.forward).return_annotation == "Tensor"  # of several maps: test_dgnet_discriminator.py
)
SIZE = (128, 64)

#: arguments that build each discriminator for images of 128 x 64 at toy size; a new discriminator adds its row
#: (of pairs with poses: test_pose_discriminators.py)
TOY = {
    "DCGANDiscriminator": {"width": 4, "image_size": SIZE},
    "LSGANDiscriminator": {"width": 4},
    "PG2Discriminator": {"width": 4, "image_size": SIZE},
    "PatchDiscriminator": {"width": 4},
    "SiameseNet": {"width": 4, "image_size": SIZE},
}

#: those whose batch norms use the batch in evaluation, too
JUDGE_TOGETHER = {"PG2Discriminator"}


def toy(name, **arguments):
    torch.manual_seed(0)
    return DISCRIMINATORS.build({"type": name, **TOY[name], **arguments})


def toy_images(batch=3, size=SIZE, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(batch, 3, *size, dtype=dtype, generator=generator) * 2 - 1


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def liven(network):
    """Weights and biases that a formula has to get right."""
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


def test_every_discriminator_has_a_toy_row():
    assert set(NAMES) == set(TOY)


@pytest.mark.parametrize("name", NAMES)
def test_one_judgement_an_image(name):
    """A map B x 1 x h x w of scores, or B x D."""
    judged = toy(name)(toy_images())
    assert judged.shape[0] == 3
    assert judged.ndim == 2 or (judged.ndim == 4 and judged.shape[1] == 1)
    assert judged.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter_and_the_image(name):
    network, images = liven(toy(name)), toy_images().requires_grad_()
    judged = network(images)
    (judged - torch.randn(judged.shape)).square().sum().backward()
    assert images.grad.isfinite().all()
    assert images.grad.any(dim=3).any(dim=2).all()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


@pytest.mark.parametrize("name", sorted(set(NAMES) - JUDGE_TOGETHER))
def test_discriminators_treat_every_image_alone(name):
    network, images = liven(toy(name)).eval(), toy_images()
    torch.testing.assert_close(network(images)[1:2], network(images[1:2]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_float64_and_channels_last(name):
    network, images = liven(toy(name)).eval(), toy_images()
    judged = network(images)
    exact = network.double()(images.double())
    assert exact.dtype == torch.float64
    torch.testing.assert_close(exact.float(), judged, atol=1e-4, rtol=1e-3)
    network = network.float().to(memory_format=torch.channels_last)
    torch.testing.assert_close(network(images.to(memory_format=torch.channels_last)), judged, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_smoke_form_is_small(name):
    assert count(DISCRIMINATORS.build({"type": name, **DISCRIMINATORS.get(name).smoke})) < 20_000


@pytest.mark.parametrize("name", NAMES)
def test_discriminator_documents_its_source(name):
    assert re.search(r"\b(19|20)\d\d\b", DISCRIMINATORS.module_dict[name].__doc__)


@pytest.mark.parametrize("name", NAMES)
def test_a_width_that_makes_no_sense(name):
    with pytest.raises(UserError, match=rf"^{name} expects .*width.* of at least 1, got .*width=0"):
        toy(name, width=0)


def test_patch_discriminator_counts():
    assert count(PatchDiscriminator()) == 2_764_737


@pytest.mark.parametrize(
    ("layers", "size", "scores"),
    [
        (3, (256, 256), (30, 30)),
        (3, (256, 128), (30, 14)),
        (3, (128, 64), (14, 6)),
        (2, (128, 64), (30, 14)),
        (3, (24, 24), (1, 1)),
        (3, (31, 39), (1, 2)),
        (1, (6, 6), (1, 1)),
        (5, (96, 128), (1, 2)),
    ],
)
def test_sizes_of_the_score_map(layers, size, scores):
    assert PatchDiscriminator(1, layers)(toy_images(2, size)).shape == (2, 1, *scores)


@pytest.mark.parametrize(("layers", "size"), [(3, (23, 64)), (3, (64, 23)), (1, (5, 5))])
def test_images_too_small_for_one_score(layers, size):
    least = 3 * 2**layers
    with pytest.raises(UserError, match=f"images of {least} x {least} at least, got {size[0]} x {size[1]}: .*fewer"):
        PatchDiscriminator(1, layers)(toy_images(1, size))


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70), (4, 142)])
def test_receptive_field(layers, field, monkeypatch):
    """The pixels that one score's gradient reaches; instance norm, which sees the whole map, is taken out."""
    monkeypatch.setattr(InstanceNorm, "forward", lambda self, x: x)
    torch.manual_seed(0)
    images = toy_images(1, (field + 60, field + 60), torch.float64).requires_grad_()
    scores = PatchDiscriminator(2, layers).double()(images)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    touched = images.grad[0].abs().sum(0) > 0
    for axis in (0, 1):
        where = touched.any(dim=axis).nonzero().flatten()
        assert where[0] > 0
        assert where[-1] < field + 59
        assert where[-1] - where[0] + 1 == field


def test_patch_discriminator_is_its_formula():
    """The card, section 1.1, in float64."""
    network, images = liven(PatchDiscriminator(4)).double(), toy_images(2, (32, 40), torch.float64)
    layers = [(module.weight, module.bias) for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    assert [tuple(weight.shape[:2]) for weight, _ in layers] == [(4, 3), (8, 4), (16, 8), (32, 16), (1, 32)]
    x = images
    for i, (layer, stride) in enumerate(zip(layers, (2, 2, 2, 1, 1), strict=True)):
        x = F.conv2d(x, *layer, stride=stride, padding=1)
        if i in (1, 2, 3):
            mean = x.mean(dim=(2, 3), keepdim=True)
            x = (x - mean) / ((x - mean).square().mean(dim=(2, 3), keepdim=True) + 1e-5).sqrt()
        if i < 4:
            x = torch.where(x > 0, x, 0.2 * x)
    torch.testing.assert_close(network(images), x)


def test_patch_discriminator_starts_from_small_weights():
    network = PatchDiscriminator()
    for key, parameter in network.named_parameters():
        if key.endswith("bias"):
            assert not parameter.any()
        else:
            assert parameter.std().item() == pytest.approx(0.02, rel=0.05)


def test_patch_discriminator_needs_a_halving():
    with pytest.raises(UserError, match=r"layers of at least 1.*layers=0"):
        PatchDiscriminator(layers=0)


@pytest.mark.parametrize(
    ("form", "size", "parameters", "dimensions"),
    [
        ("torch", None, 929_216, 64),
        ("torch", (128, 64), 929_216 - 1536 * 128, 64),
        ("tf", None, 2_830_464, 64),
        ("tf", (256, 128), 2_830_464, 64),
        ("paper", (128, 64), 2_830_464 - 64 * 128 - 64, 128),
        ("tf", (257, 64), 2_830_464 + 512 * 128, 64),
    ],
)
def test_siamese_counts_and_dimensions(form, size, parameters, dimensions):
    assert count(SiameseNet(form, image_size=size)) == parameters
    network = SiameseNet(form, 4, size)
    features = network(toy_images(2, network.image_size))
    assert features.shape == (2, dimensions // 16)
    torch.testing.assert_close(features.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize(
    ("form", "size", "maps"),
    [
        ("torch", (256, 128), [(64, 32), (16, 8), (4, 2)]),
        ("torch", (128, 64), [(32, 16), (8, 4), (2, 1)]),
        ("tf", (256, 256), [(64, 64), (16, 16), (4, 4), (1, 1)]),
        ("paper", (128, 64), [(32, 16), (8, 4), (2, 1), (1, 1)]),
    ],
)
def test_siamese_spatial_trace(form, size, maps):
    x, seen = toy_images(1, size), []
    for stage in SiameseNet(form, 2, size).stages:
        x = stage(x)
        seen.append(tuple(x.shape[2:]))
    assert seen == maps


def same_padding(x, kernel, value):
    """TensorFlow's SAME at stride 2: ceil(n / 2) windows, the spare cell at the end."""
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max((-(-n // 2) - 1) * 2 + kernel - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 5), (6, 7), (9, 10), (16, 8)])
def test_a_same_stage_is_convolution_relu_pooling(size):
    stage = liven(Stage(3, 4, same=True)).double()
    x = toy_images(2, size, torch.float64)
    y = F.leaky_relu(F.conv2d(same_padding(x, 4, 0.0), stage.conv.weight, stage.conv.bias, stride=2), 0.2)
    expected = F.max_pool2d(same_padding(y, 2, float("-inf")), 2)
    torch.testing.assert_close(stage(x), expected)


@pytest.mark.parametrize("form", ["torch", "tf", "paper"])
def test_siamese_is_its_formula(form):
    network = liven(SiameseNet(form, 4, (128, 64))).double().eval()
    x = toy_images(2, (128, 64), torch.float64)
    for stage in network.stages:
        x = F.leaky_relu(F.conv2d(same_padding(x, 4, 0.0), stage.conv.weight, stage.conv.bias, stride=2), 0.2)
        x = F.max_pool2d(same_padding(x, 2, float("-inf")), 2)
    layers = [module for module in network.head if isinstance(module, torch.nn.Linear)]
    assert len(layers) == (1 if form == "paper" else 2)
    assert all((layer.bias is None) == (form == "torch") for layer in layers)
    feature = layers[0](x.flatten(1))
    for layer in layers[1:]:
        feature = layer(torch.where(feature > 0, feature, 0.2 * feature))
    expected = feature / feature.square().sum(dim=1, keepdim=True).sqrt()
    torch.testing.assert_close(network(toy_images(2, (128, 64), torch.float64)), expected)


@pytest.mark.parametrize("form", ["torch", "tf"])
def test_siamese_dropout_shows_the_same_image_twice_differently(form):
    network, images = liven(SiameseNet(form, 4, SIZE)), toy_images()
    assert not torch.equal(network(images), network(images))
    assert torch.equal(network.eval()(images), network(images))


def test_siamese_vectors_are_float32_under_autocast():
    network = toy("SiameseNet").eval()
    with torch.autocast("cpu", torch.bfloat16):
        features = network(toy_images())
    assert features.dtype == torch.float32
    torch.testing.assert_close(features.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"form": "caffe"}, "expects form 'torch', 'tf', 'paper'.*got form='caffe'"),
        ({"image_size": (128, 100)}, r"'torch' expects .* multiples of 64, got \(128, 100\): .*form 'tf'"),
        ({"image_size": (32, 64)}, r"multiples of 64, got \(32, 64\)"),
        ({"image_size": (0, 64)}, r"multiples of 64, got \(0, 64\)"),
        ({"image_size": (256,)}, r"\(height, width\) in multiples of 64, got \(256,\)"),
        ({"form": "tf", "image_size": (0, 64)}, r"'tf' expects .* multiples of 1, got \(0, 64\)"),
    ],
)
def test_siamese_refusals(arguments, said):
    with pytest.raises(UserError, match=said):
        SiameseNet(**arguments)


def test_siamese_images_of_another_size():
    with pytest.raises(UserError, match=r"built for images of 256 x 128, got 128 x 64: .*image_size=\(128, 64\)"):
        SiameseNet(width=4)(toy_images())


def norm(x, layer):
    """Batch norm by the statistics of the batch."""
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    x = (x - mean) / ((x - mean).square().mean(dim=(0, 2, 3), keepdim=True) + 1e-5).sqrt()
    return x * layer.weight[:, None, None] + layer.bias[:, None, None]


def layers_of(network, kind):
    return iter([module for module in network.modules() if isinstance(module, kind)])


def test_dcgan_discriminator_counts():
    """Layer by layer at 128 x 128: 64, 128, 256, 512 channels, the last on 8 x 8 cells; batch norm but in the first."""
    halvings = 25 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 64
    norms = 2 * (128 + 256 + 512)
    assert count(DCGANDiscriminator()) == halvings + norms + 8 * 8 * 512 + 1 == 4_340_225


def test_lsgan_discriminator_counts():
    """Channels 32, 64, 128 and the score; a second convolution and a block at 32 channels, a block at 64."""
    convolutions = 9 * (3 * 32 + 32 * 32 + 32 * 64 + 64 * 128 + 128 * 1)
    blocks = 2 * 9 * (32**2 + 64**2)
    norms = 2 * (2 * 32 + 2 * 64 + 64 + 128)  # two in each block, one at 64 and one at 128 channels
    assert count(LSGANDiscriminator()) == convolutions + blocks + norms == 196_320


def test_dcgan_discriminator_is_its_formula():
    network, images = liven(toy("DCGANDiscriminator")).double(), toy_images(3, dtype=torch.float64)
    halvings, norms = layers_of(network, torch.nn.Conv2d), layers_of(network, torch.nn.BatchNorm2d)
    x = images
    for first in (True, False, False, False):
        layer = next(halvings)
        x = F.conv2d(F.pad(x, (2, 1, 2, 1)), layer.weight, stride=2)
        x = x + layer.bias[:, None, None] if first else norm(x, next(norms))
        x = torch.where(x > 0, x, 0.2 * x)
    linear = next(layers_of(network, torch.nn.Linear))
    torch.testing.assert_close(network(images), x.reshape(3, -1) @ linear.weight.T + linear.bias)


def test_dcgan_halves_as_tensorflow_does_when_turned_by_180_degrees():
    layer = next(layers_of(toy("DCGANDiscriminator").double(), torch.nn.Conv2d))
    x = toy_images(2, (6, 8), torch.float64)
    theirs = F.conv2d(same_padding(x, 5, 0.0), layer.weight, layer.bias, stride=2)
    layer.weight.data = layer.weight.data.rot90(2, (2, 3))
    torch.testing.assert_close(layer(x.rot90(2, (2, 3))).rot90(2, (2, 3)), theirs)


def test_lsgan_discriminator_is_its_formula():
    network, images = liven(toy("LSGANDiscriminator")).double(), toy_images(3, (32, 16), torch.float64)
    convolutions, norms = layers_of(network, torch.nn.Conv2d), layers_of(network, torch.nn.BatchNorm2d)

    def convolve(x, stride):
        return F.conv2d(x, next(convolutions).weight, stride=stride, padding=1)

    def leaky(x):
        return torch.where(x > 0, x, 0.2 * x)

    def block(x):
        change = leaky(norm(convolve(x, 1), next(norms)))
        return x + 0.1 * norm(convolve(change, 1), next(norms))

    x = block(leaky(convolve(leaky(convolve(images, 2)), 1)))
    x = block(leaky(norm(convolve(x, 2), next(norms))))
    x = convolve(leaky(norm(convolve(x, 2), next(norms))), 2)
    assert x.shape == (3, 1, 2, 1)
    torch.testing.assert_close(network(images), x)


@pytest.mark.parametrize("name", ["DCGANDiscriminator", "LSGANDiscriminator"])
def test_batch_norms_make_a_score_depend_on_its_batch_in_training(name):
    network, images = liven(toy(name)), toy_images()
    assert (network(images)[:2] - network(images[:2])).abs().max() > 1e-3


def test_dcgan_discriminator_starts_from_weights_that_are_cut_off_at_two_deviations():
    network = DCGANDiscriminator(16)
    for layer in layers_of(network, torch.nn.Conv2d):
        assert layer.weight.abs().max() <= 0.04
        assert layer.weight.std().item() == pytest.approx(0.02 * 0.8796, rel=0.05)  # of the normal cut at 2
        assert layer.bias is None or not layer.bias.any()
    linear = next(layers_of(network, torch.nn.Linear))
    assert linear.weight.abs().max() > 0.04
    assert linear.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_dcgan_discriminator_is_built_for_one_size():
    with pytest.raises(UserError, match=r"DCGANDiscriminator expects .* multiples of 16, got \(128, 100\): .*resize"):
        DCGANDiscriminator(image_size=(128, 100))
    with pytest.raises(UserError, match=r"built for images of 128 x 128, got 128 x 64: .*image_size=\(128, 64\)"):
        DCGANDiscriminator(width=1)(toy_images())
