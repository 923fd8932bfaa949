"""The networks of PG2 against their released sizes and their formulas, layer by layer."""

from math import sqrt

import pytest
import torch
import torch.nn.functional as F
from golden_poses import SIZE, golden_points
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.base.pose_maps import disc_maps
from reidzoo.models.discriminators import PG2Discriminator
from reidzoo.models.generators import PG2Generator, PG2Refiner
from reidzoo.models.same_padding import halving

TALL, SQUARE = (128, 64), (256, 256)
NETWORKS = [PG2Generator, PG2Refiner, PG2Discriminator]


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def toy_images(batch=2, size=SIZE, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, *size, dtype=torch.float64, generator=generator) * 2 - 1


def liven(network):
    """Float64, weights and biases that a formula has to get right."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.1)
    return network.double()


def layers_of(network, *kinds):
    return iter([module for module in network.modules() if isinstance(module, kinds)])


def same(x, layer):
    """Stride 2 as TensorFlow's SAME on even sides: the smaller half of the border comes first."""
    before, after = {3: (0, 1), 5: (1, 2)}[layer.kernel_size[0]]
    return F.conv2d(F.pad(x, (before, after, before, after)), layer.weight, layer.bias, stride=2)


def conv(x, layer):
    return F.conv2d(x, layer.weight, layer.bias, padding=layer.kernel_size[0] // 2)


def relu(x):
    return x.clamp(min=0)


def doubled(x):
    return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


@pytest.mark.parametrize(
    ("network", "arguments", "parameters"),
    [
        (PG2Generator, {}, 70_795_075),
        (PG2Generator, {"image_size": SQUARE}, 122_103_235),
        (PG2Refiner, {}, 6_058_883),
        (PG2Refiner, {"image_size": SQUARE, "full_skips": True}, 12_696_067),
        (PG2Discriminator, {}, 4_324_737),
        (PG2Discriminator, {"image_size": SQUARE}, 10_896_257),
        # the five convolutions of 5x5 see 3 colours more: 25 x 3 x 64
        (PG2Discriminator, {"in_channels": 6}, 4_324_737 + 4_800),
    ],
)
def test_counts(network, arguments, parameters):
    with torch.device("meta"):
        assert count(network(**arguments)) == parameters


def test_generator_is_its_formula():
    """The card, section 1.2, in its order; here the 1x1 convolutions come before the doublings, which is the same."""
    generator = liven(PG2Generator(2, bottleneck=3))
    images, points = toy_images(), golden_points()
    at = {name: layers_of(getattr(generator, name), nn.Conv2d) for name in ("first", "halve", "blocks", "last")}
    ups, narrow = (layers_of(each, nn.Conv2d) for each in (generator.up_blocks, generator.narrow))

    def residual(x, layers):
        return x + relu(conv(relu(conv(x, next(layers))), next(layers)))

    poses = disc_maps(points, SIZE).double()
    x = relu(conv(torch.cat([images, 2 * poses - 1], dim=1), next(at["first"])))
    skips = []
    for level in range(5):
        x = residual(x, at["blocks"])
        skips.append(x)
        assert x.shape == (2, 2 * (level + 1), 128 // 2**level, 64 // 2**level)
        if level < 4:
            x = relu(same(x, next(at["halve"])))
    x = x.reshape(2, -1) @ generator.squeeze.weight.T + generator.squeeze.bias
    assert x.shape == (2, 3)
    x = (x @ generator.expand.weight.T + generator.expand.bias).reshape(2, 2, 8, 4)
    for level in range(5):
        x = residual(torch.cat([x, skips.pop()], dim=1), ups)
        if level < 4:
            x = relu(conv(doubled(x), next(narrow)))
    drawn = conv(x, generator.last)
    torch.testing.assert_close(generator(images, points.flip(0), points), drawn)


@pytest.mark.parametrize(("full_skips", "widths"), [(False, [768, 384, 128]), (True, [768, 384, 256])])
def test_refiner_is_its_formula(full_skips, widths):
    """The card, section 1.3."""
    refiner = liven(PG2Refiner(2, full_skips=full_skips))
    coarse, images = toy_images(), toy_images(seed=2)
    down, halve, up = (layers_of(each, nn.Conv2d) for each in (refiner.blocks, refiner.halve, refiner.up_blocks))
    x = relu(conv(torch.cat([coarse, images], dim=1), refiner.first[0]))
    skips = []
    for level in range(3):
        x = relu(conv(relu(conv(x, next(down))), next(down)))
        skips.append(x)
        x = relu(same(x, next(halve))) if level < 2 else x
    for level, width in enumerate(widths):
        if level < 2 or full_skips:
            x = torch.cat([x, skips.pop()], dim=1)
        assert x.shape[1] * 64 == width
        x = relu(conv(relu(conv(x, next(up))), next(up)))
        x = doubled(x) if level < 2 else x
    torch.testing.assert_close(refiner(coarse, images), conv(x, refiner.last))


@pytest.mark.parametrize("training", [True, False])
def test_discriminator_is_its_formula(training):
    """The card, section 1.4: statistics of the batch, also in evaluation."""
    network, images = liven(PG2Discriminator(2)).train(training), toy_images(3)
    layers, norms = layers_of(network, nn.Conv2d), layers_of(network, nn.BatchNorm2d)
    x = images
    for level in range(4):
        x = same(x, next(layers))
        if level > 0:
            norm = next(norms)
            mean = x.mean(dim=(0, 2, 3), keepdim=True)
            x = (x - mean) / ((x - mean).square().mean(dim=(0, 2, 3), keepdim=True) + 1e-5).sqrt()
            x = x * norm.weight[:, None, None] + norm.bias[:, None, None]
        x = torch.where(x > 0, x, 0.2 * x)
    linear = next(layers_of(network, nn.Linear))
    torch.testing.assert_close(network(images), x.reshape(3, -1) @ linear.weight.T + linear.bias)
    assert not list(network.buffers())


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_halving_looks_one_pixel_further_down_and_right_than_torchs(kernel):
    layer = halving(1, 1, kernel)
    nn.init.ones_(layer[1].weight)
    rows = torch.arange(8.0)[:, None].expand(8, 8)[None, None].requires_grad_()
    layer(rows)[0, 0, 1, 1].backward()
    touched = rows.grad[0, 0].any(dim=1).nonzero().flatten().tolist()
    assert touched == ([2, 3, 4] if kernel == 3 else [1, 2, 3, 4, 5])
    assert torch.equal(rows.grad[0, 0], rows.grad[0, 0].T)


@pytest.mark.parametrize("network", [PG2Generator, PG2Refiner])
def test_generators_start_from_glorots_uniform_weights(network):
    for layer in layers_of(network(8), nn.Conv2d, nn.Linear):
        fans = sum(layer.weight.shape[:2]) * layer.weight[0, 0].numel()
        assert layer.weight.abs().max() <= sqrt(6 / fans)
        assert layer.weight.std().item() == pytest.approx(sqrt(2 / fans), rel=0.15)
        assert not layer.bias.any()


def test_discriminator_starts_from_uniform_weights():
    network = PG2Discriminator(8)
    for layer in layers_of(network, nn.Conv2d, nn.Linear):
        assert layer.weight.abs().max() <= 0.02 * sqrt(3)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert not layer.bias.any()


def test_the_pose_of_the_source_does_not_matter_and_that_of_the_target_does():
    generator, images, points = liven(PG2Generator(1)), toy_images(), golden_points()
    drawn = generator(images, points, points)
    assert torch.equal(generator(images, points.flip(0), points), drawn)
    assert not torch.allclose(generator(images, points, points.flip(0)), drawn)


def test_nothing_holds_the_drawn_image_to_the_range():
    generator = liven(PG2Generator(1))
    nn.init.constant_(generator.last.bias, 3.0)
    assert generator(toy_images(), golden_points(), golden_points()).max() > 1


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("image_size", "said"),
    [
        ((128, 100), r"multiples of 16, got \(128, 100\): choose another size"),
        ((132, 64), r"multiples of 16, got \(132, 64\)"),
        ((127, 64), r"multiples of [24], got \(127, 64\)"),
        ((8, 64), r"(16|32) rows at least, got \(8, 64\): choose another size, and resize"),
        ((128,), r"got \(128,\)"),
    ],
)
def test_sizes_that_cannot_be_halved(network, image_size, said):
    with pytest.raises(UserError, match=rf"^{network.__name__} expects image_size=\(height, width\) .*{said}"):
        network(1, image_size=image_size)


@pytest.mark.parametrize("network", NETWORKS)
def test_images_of_another_size(network):
    images, points = torch.zeros(2, 3, 64, 32), golden_points()
    given = {PG2Generator: (images, points, points), PG2Refiner: (images, images), PG2Discriminator: (images,)}
    with pytest.raises(UserError, match=r"built for images of 128 x 64, got 64 x 32: .*image_size=\(64, 32\)"):
        network(1)(*given[network])


@pytest.mark.parametrize("image_size", [(256, 128), (96, 48), (64, 32), (32, 16)])
def test_other_sizes(image_size):
    images, points = toy_images(size=image_size).float(), golden_points()
    coarse = PG2Generator(1, image_size, 2)(images, points, points)
    assert coarse.shape == PG2Refiner(1, image_size)(coarse, images).shape == images.shape
    assert PG2Discriminator(1, image_size)(images).shape == (2, 1)


def test_arguments_that_make_no_sense():
    for network in NETWORKS:
        with pytest.raises(UserError, match=rf"^{network.__name__} expects .*width.* got width=0"):
            network(width=0)
    with pytest.raises(UserError, match="bottleneck=0: the paper has 128 and 64"):
        PG2Generator(bottleneck=0)


def test_channels_of_the_decoder_are_the_released_ones():
    with torch.device("meta"):
        generator = PG2Generator()
    inside = [layer.in_channels for layer in layers_of(generator.up_blocks, nn.Conv2d)]
    assert inside == [width for width in (768, 1024, 768, 512, 256) for _ in range(2)]
