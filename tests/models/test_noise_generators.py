"""Walks the noise-to-image networks of the shelf: the contract of their room; then the networks' own formulas."""

import inspect
import re

import pytest
import torch
import torch.nn.functional as F
from gradients import assert_reached
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.models.generators import DCGANGenerator, LSGANGenerator
from reidzoo.registry import GENERATORS

NAMES = sorted(
    name
    for name, cls in GENERATORS.module_dict.items()
    if cls.__module__.startswith("reidzoo.") and "noise_size" in inspect.signature(cls).parameters
)

#: arguments that build each network at toy size; a new one adds its row
TOY = {
    "DCGANGenerator": {"width": 4, "noise_size": 6, "image_size": (64, 32)},
    "LSGANGenerator": {"width": 4, "noise_size": 6, "image_size": (64, 32)},
}


def toy(name, **arguments):
    torch.manual_seed(0)
    return GENERATORS.build({"type": name, **TOY[name], **arguments})


def toy_noise(batch=3, size=6, dtype=torch.float32):
    return torch.rand(batch, size, dtype=dtype, generator=torch.Generator().manual_seed(1)) * 2 - 1


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def liven(network):
    """Weights that saturate nothing, biases that are not 0, and running statistics that are not 0 and 1."""
    with torch.no_grad():
        for module in network.modules():
            for parameter in module.parameters(recurse=False):
                parameter.normal_(std=0.1)
            if isinstance(module, nn.BatchNorm2d):
                module.weight += 1
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.5, 2)
    return network


def test_every_network_has_a_toy_row():
    assert set(NAMES) == set(TOY)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(64, 32), (32, 96)])
def test_images_of_the_size_within_the_range(name, size):
    generator = liven(toy(name, image_size=size))
    assert (generator.noise_size, generator.image_size) == (6, size)
    fake = generator(toy_noise())
    assert fake.shape == (3, 3, *size)
    assert -1 < fake.min() < -0.1
    assert 0.1 < fake.max() < 1


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter(name):
    generator, target = toy(name), torch.rand(3, 3, 64, 32)
    (generator(toy_noise()) - target).square().mean().backward()
    assert_reached(generator)


@pytest.mark.parametrize("name", NAMES)
def test_batch_statistics_in_training_and_running_ones_at_sampling(name):
    generator, noise = liven(toy(name)), toy_noise()
    together = generator.eval()(noise)
    torch.testing.assert_close(together[1:2], generator(noise[1:2]), atol=1e-5, rtol=0)
    assert (generator.train()(noise)[:2] - generator(noise[:2])).abs().max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_float64_channels_last_and_bf16(name):
    generator, noise = liven(toy(name)).eval(), toy_noise()
    fake = generator(noise)
    torch.testing.assert_close(generator.double()(noise.double()).float(), fake, atol=1e-4, rtol=0)
    generator = generator.float().to(memory_format=torch.channels_last)
    torch.testing.assert_close(generator(noise), fake, atol=1e-4, rtol=0)
    with torch.autocast("cpu", torch.bfloat16):
        assert (generator(noise) - fake).abs().mean() < 0.05


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(64, 40), (0, 32), (64,), (64.0, 32)])
def test_sizes_that_do_not_divide(name, size):
    with pytest.raises(UserError, match=rf"{name} expects image_size=\(height, width\) in multiples of (16|32), got"):
        toy(name, image_size=size)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrong", [{"width": 0}, {"noise_size": 0}])
def test_arguments_that_make_no_sense(name, wrong):
    ((key, value),) = wrong.items()
    with pytest.raises(UserError, match=rf"^{name} expects .* of at least 1, got .*{key}={value}"):
        toy(name, **wrong)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("shape", "said"), [((2, 5), "2 x 5"), ((2, 6, 1, 1), "2 x 6 x 1 x 1"), ((6,), "6")])
def test_noise_of_another_shape(name, shape, said):
    with pytest.raises(UserError, match=rf"{name} was built for noise of B x 6, got {said}: "):
        toy(name)(torch.zeros(shape))


@pytest.mark.parametrize("name", NAMES)
def test_the_smoke_form_is_small_and_draws_reid_images(name):
    generator = GENERATORS.build({"type": name, **GENERATORS.get(name).smoke, "image_size": (128, 64)})
    assert count(generator) < 20_000
    assert generator(toy_noise(2, generator.noise_size)).shape == (2, 3, 128, 64)


@pytest.mark.parametrize("name", NAMES)
def test_start(name):
    """N(0, 0.02) weights, biases 0, batch norm 1 and 0."""
    generator = toy(name, width=16)
    for module in generator.modules():
        for key, parameter in module.named_parameters(recurse=False):
            if key == "bias":
                assert not parameter.any()
            elif isinstance(module, nn.BatchNorm2d):
                assert (parameter == 1).all()
                assert (module.momentum, module.eps) == (0.1, 1e-5)
            else:
                assert parameter.std().item() == pytest.approx(0.02, rel=5 * parameter.numel() ** -0.5)


@pytest.mark.parametrize("name", NAMES)
def test_generator_documents_its_source(name):
    assert re.search(r"\b(19|20)\d\d\b", GENERATORS.module_dict[name].__doc__)


def test_dcgan_generator_counts():
    """Layer by layer at 128 x 128: 8 x 8 x 512, then 256, 128, 64 and 3 channels; two numbers a normalised channel."""
    linear = 100 * 8 * 8 * 512 + 8 * 8 * 512
    doublings = 25 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3
    norms = 2 * (512 + 256 + 128 + 64)
    assert count(DCGANGenerator()) == linear + doublings + norms == 7_617_091


def test_lsgan_generator_counts():
    """Channels 512 at 4 x 2, then 256, 128, 64, 64, 64, each with a block of two 3x3 convolutions."""
    first = 100 * 512 * 4 * 2
    doublings = 16 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 64 + 64 * 64)
    blocks = 2 * 9 * (256**2 + 128**2 + 3 * 64**2)
    norms = 2 * 512 + 3 * 2 * (256 + 128 + 3 * 64)  # one after each doubling, two within its block
    last = 9 * 64 * 64 + 9 * 64 * 3
    assert count(LSGANGenerator()) == first + doublings + blocks + norms + last == 5_032_000


def norm(x, layer):
    """Batch norm by the statistics of the batch."""
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    x = (x - mean) / ((x - mean).square().mean(dim=(0, 2, 3), keepdim=True) + 1e-5).sqrt()
    return x * layer.weight[:, None, None] + layer.bias[:, None, None]


def leaky(x, slope=0.2):
    return torch.where(x > 0, x, slope * x)


def layers_of(network, *kinds):
    return iter([module for module in network.modules() if isinstance(module, kinds)])


def test_dcgan_generator_is_its_formula():
    generator = liven(toy("DCGANGenerator")).double()
    noise = toy_noise(dtype=torch.float64)
    doublings, norms = layers_of(generator, nn.ConvTranspose2d), layers_of(generator, nn.BatchNorm2d)
    x = noise @ generator.project.weight.T + generator.project.bias
    x = norm(x.reshape(3, 32, 4, 2), next(norms)).clamp(min=0)
    for last in (False, False, False, True):
        layer, (height, width) = next(doublings), x.shape[2:]
        x = F.conv_transpose2d(x, layer.weight, stride=2)[:, :, 2 : 2 + 2 * height, 2 : 2 + 2 * width]
        x = x + layer.bias[:, None, None] if last else norm(x, next(norms)).clamp(min=0)
    assert next(doublings, None) is next(norms, None) is None
    torch.testing.assert_close(generator(noise), x.tanh())


def test_dcgan_doubles_as_tensorflow_does_when_turned_by_180_degrees():
    """SAME of a transposed 5x5 convolution of stride 2 drops one row of 2n + 3 at the beginning and two at the end."""
    layer = next(layers_of(toy("DCGANGenerator").double(), nn.ConvTranspose2d))
    x = torch.randn(2, 32, 3, 5, dtype=torch.float64)
    theirs = F.conv_transpose2d(x, layer.weight, stride=2)[:, :, 1:-2, 1:-2]
    layer.weight.data = layer.weight.data.rot90(2, (2, 3))
    torch.testing.assert_close(layer(x.rot90(2, (2, 3))).rot90(2, (2, 3)), theirs)


def test_lsgan_generator_is_its_formula():
    generator = liven(toy("LSGANGenerator")).double()
    noise = toy_noise(dtype=torch.float64)
    doublings, norms = layers_of(generator, nn.ConvTranspose2d), layers_of(generator, nn.BatchNorm2d)
    threes = layers_of(generator, nn.Conv2d)
    x = leaky(norm(torch.einsum("bd,dchw->bchw", noise, next(doublings).weight), next(norms)))
    for _ in range(5):
        x = F.conv_transpose2d(x, next(doublings).weight, stride=2, padding=1)
        change = leaky(norm(F.conv2d(x, next(threes).weight, padding=1), next(norms)))
        x = x + 0.1 * norm(F.conv2d(change, next(threes).weight, padding=1), next(norms))
        x = leaky(norm(x, next(norms)))
    for _ in range(2):
        x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), next(threes).weight)
    assert next(doublings, None) is next(norms, None) is next(threes, None) is None
    torch.testing.assert_close(generator(noise), x.tanh())
