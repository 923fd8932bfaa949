"""CR-GAN's generator and its two judges: counted, computed again without modules, and fed what they refuse."""

import pytest
import torch
import torch.nn.functional as F
from gradients import assert_reached

from reidzoo.base.errors import UserError
from reidzoo.models.discriminators import CameraDiscriminator, PatchDiscriminator
from reidzoo.models.generators import CRGANGenerator

SIZE = (24, 16)


def liven(network):
    """Weights and biases that a formula has to get right."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network


def images(count=2, size=SIZE, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, *size, dtype=torch.float64, generator=generator) * 2 - 1


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


# --- generator


@pytest.mark.parametrize(("width", "blocks"), [(64, 6), (4, 1), (3, 2)])
def test_parameters_of_the_generator(width, blocks):
    """By layers: two encoders, the 1x1 convolution, two convolutions a block, two doublings, the last."""

    def conv(kernel, inside, outside):
        return (kernel**2 * inside + 1) * outside

    encoder = conv(7, 3, width) + conv(4, width, 2 * width) + conv(4, 2 * width, 4 * width)
    expected = 2 * encoder + conv(1, 8 * width, 4 * width) + blocks * 2 * conv(3, 4 * width, 4 * width)
    expected += conv(4, 4 * width, 2 * width) + conv(4, 6 * width, width) + conv(7, 3 * width, 4)
    assert count(CRGANGenerator(width, blocks)) == expected
    if (width, blocks) == (64, 6):
        assert expected == 9_498_052


def twin(state, source, context, residual):
    """The generator from its description, with plain functions."""

    def conv(x, name, stride=1, padding=0, mode="constant"):
        x = F.pad(x, (padding,) * 4, mode=mode)
        return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride=stride)

    def norm(x):
        mean, variance = x.mean(dim=(2, 3), keepdim=True), x.var(dim=(2, 3), keepdim=True, unbiased=False)
        return (x - mean) / (variance + 1e-5).sqrt()

    def encode(x, name):
        full = F.relu(conv(x, f"{name}.first", padding=3, mode="reflect"))
        half = F.relu(norm(conv(full, f"{name}.down.0.0", stride=2, padding=1)))
        return full, half, F.relu(norm(conv(half, f"{name}.down.1.0", stride=2, padding=1)))

    def double(x, name):
        return F.relu(norm(F.conv_transpose2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride=2, padding=1)))

    s1, s2, s4 = encode(source, "source_encoder")
    c1, c2, c4 = encode(context, "context_encoder")
    x = F.relu(norm(conv(torch.cat([s4, c4], 1), "fusion.0")))
    for block in range(2):
        change = F.relu(norm(conv(x, f"blocks.{block}.body.0", padding=1, mode="reflect")))
        x = x + norm(conv(change, f"blocks.{block}.body.4", padding=1, mode="reflect"))
    x = torch.cat([double(x, "up.0.0"), s2, c2], 1)
    x = torch.cat([double(x, "up.1.0"), s1, c1], 1)
    last = conv(x, "last", padding=3, mode="reflect")
    start = torch.atanh(context.clamp(-253 / 255, 253 / 255)) if residual else 0
    rendering, attention = (last[:, :3] + start).tanh(), last[:, 3:].sigmoid()
    return attention * source + (1 - attention) * rendering, rendering, attention


@pytest.mark.parametrize("residual", [False, True])
def test_the_generator_equals_its_twin(residual):
    generator = liven(CRGANGenerator(3, 2, residual=residual)).double()
    source, context = images(), images(seed=1)
    output = generator(source, context)
    for ours, theirs in zip(output, twin(generator.state_dict(), source, context, residual), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)
    assert output.image.shape == output.rendering.shape == source.shape
    assert output.attention.shape == (2, 1, *SIZE)
    assert output.image.abs().max() <= 1
    assert output.attention.std() > 0.05


def test_a_generator_that_draws_changes_starts_at_the_context():
    source, context = images(), images(seed=1)
    output = CRGANGenerator(3, 1, residual=True).double()(source, context)
    torch.testing.assert_close(output.rendering, context, rtol=0, atol=0.01)  # white itself is out of tanh's reach
    torch.testing.assert_close(output.image, (source + context) / 2, rtol=0, atol=0.01)


def test_gradients_reach_every_parameter_and_both_inputs():
    generator, source, context = CRGANGenerator(3, 1).double(), images().requires_grad_(), images(seed=1)
    context.requires_grad_()
    generator(source, context).rendering.sub(0.3).square().sum().backward()
    assert source.grad.any(dim=3).any(dim=2).all()
    assert context.grad.any(dim=3).any(dim=2).all()
    assert_reached(generator)


def test_rows_do_not_depend_on_each_other_and_bf16_is_near():
    generator, source, context = liven(CRGANGenerator(3, 1)), images(3).float(), images(3, seed=1).float()
    image = generator(source, context).image
    torch.testing.assert_close(image[1:2], generator(source[1:2], context[1:2]).image, rtol=0, atol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        near = generator(source, context).image
    assert near.dtype == torch.float32
    assert (near - image).abs().mean() < 0.05


def test_the_level_of_a_context_is_seen():
    """Instance norm on the first map would draw a bright and a dark context alike."""
    generator, source, context = liven(CRGANGenerator(3, 1)).double(), images(), 0.3 * images(seed=1)
    dark, bright = (generator(source, context + level).rendering.mean() for level in (-0.5, 0.5))
    assert (bright - dark).abs() > 0.01


def test_what_the_generator_refuses():
    generator = CRGANGenerator(3, 1)
    with pytest.raises(UserError, match=r"got images of \(2, 3, 24, 16\) and contexts of \(1, 3, 24, 16\): give both"):
        generator(images().float(), images(1).float())
    with pytest.raises(UserError, match="CRGANGenerator expects a height and width divisible by 4, 8 at least, got 24"):
        generator(*[images(size=(24, 18)).float()] * 2)
    for wrong in ({"width": 0}, {"blocks": 0}):
        with pytest.raises(UserError, match=r"CRGANGenerator expects a width and blocks of at least 1, got width="):
            CRGANGenerator(**wrong)


# --- discriminator


def test_parameters_of_the_discriminator():
    """PatchGAN's, and a row of 512 and a bias for each camera."""
    patches = count(PatchDiscriminator())
    assert count(CameraDiscriminator(8)) == patches + 8 * 513 == 2_768_841
    assert count(CameraDiscriminator(None)) == patches
    assert count(CameraDiscriminator(8, patches=False)) == patches - (512 * 16 + 1) + 8 * 513


def test_the_discriminator_equals_its_twin():
    network, shown = liven(CameraDiscriminator(5, width=4, layers=2)).double(), images(size=(32, 24))
    state, x = network.state_dict(), shown
    for layer, stride in (("trunk.0", 2), ("trunk.2", 2), ("trunk.4", 1)):
        x = F.leaky_relu(F.conv2d(x, state[f"{layer}.weight"], state[f"{layer}.bias"], stride=stride, padding=1), 0.2)
    scores = F.conv2d(x, state["patches.weight"], state["patches.bias"], padding=1)
    logits = x.mean(dim=(2, 3)) @ state["cameras.weight"].T + state["cameras.bias"]
    judged = network(shown)
    torch.testing.assert_close(judged.scores, scores, rtol=0, atol=1e-12)
    torch.testing.assert_close(judged.camera_logits, logits, rtol=0, atol=1e-12)
    assert judged.scores.shape == (2, 1, 6, 4)


def test_judges_that_are_left_out():
    shown = images(size=(32, 24)).float()
    judged = CameraDiscriminator(None, width=4, layers=2)(shown)
    assert judged.camera_logits is None
    assert judged.scores.shape == (2, 1, 6, 4)
    judged = CameraDiscriminator(5, width=4, layers=2, patches=False)(shown)
    assert judged.scores is None
    assert judged.camera_logits.shape == (2, 5)


def test_what_the_discriminator_refuses():
    with pytest.raises(UserError, match="CameraDiscriminator expects images of 24 x 24 at least, got 32 x 16: take"):
        CameraDiscriminator(5, width=4)(images(size=(32, 16)).float())
    for wrong in ({"width": 0}, {"layers": 0}, {"num_cams": 0}):
        with pytest.raises(UserError, match="expects a width, layers and cameras of at least 1, got"):
            CameraDiscriminator(**{"num_cams": 2, **wrong})
    with pytest.raises(UserError, match="judges nothing: keep one of both"):
        CameraDiscriminator(None, patches=False)
