"""The discriminator of DG-Net, which judges an image at several sizes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.losses import MultiScaleGANLoss, penalised_scores
from reidzoo.models.discriminators import MultiScaleDiscriminator
from reidzoo.registry import DISCRIMINATORS

ORDERS = (torch.contiguous_format, torch.channels_last)


def toy(**arguments):
    torch.manual_seed(0)
    return MultiScaleDiscriminator(**{"width": 2, "blocks": 1, **arguments})


def toy_images(batch=3, size=(32, 24), dtype=torch.float32):
    return torch.randn(batch, 3, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).to(dtype)


def liven(network):
    """Weights and biases that a formula has to get right."""
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    return network


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def conv(x, layer, stride=1):
    reach = layer.kernel_size[0] // 2
    rows, columns = (
        [*range(reach, 0, -1), *range(side), *range(side - 2, side - 2 - reach, -1)] for side in x.shape[2:]
    )
    return F.conv2d(x[:, :, rows][:, :, :, columns], layer.weight, layer.bias, stride=stride)


def leaky(x):
    return torch.where(x > 0, x, 0.2 * x)


def halved(x):
    """Averages of 3 x 3 places in steps of two, of those that are there."""
    rows, columns = x.shape[2:]
    return torch.stack(
        [
            torch.stack(
                [
                    x[:, :, max(2 * i - 1, 0) : 2 * i + 2, max(2 * j - 1, 0) : 2 * j + 2].mean(dim=(2, 3))
                    for j in range((columns + 1) // 2)
                ],
                dim=2,
            )
            for i in range((rows + 1) // 2)
        ],
        dim=2,
    )


def test_counts_and_scores():
    network = MultiScaleDiscriminator()
    assert count(network) == 1_025_571
    with torch.no_grad():
        maps = network(toy_images(1, (256, 128)))
    assert [tuple(scores.shape) for scores in maps] == [(1, 1, 64, 32), (1, 1, 32, 16), (1, 1, 16, 8)]


def test_is_its_formula():
    """The card, section 1.6, in its order."""
    network, images = liven(toy(blocks=2)).double(), toy_images(dtype=torch.float64)
    scores = network(images)
    assert len(scores) == 3
    for judge, ours in zip(network.scales, scores, strict=True):
        layers = iter([module for module in judge.modules() if isinstance(module, nn.Conv2d)])
        x = images
        for stride in (1, 1, 2, 1, 2):
            x = leaky(conv(x, next(layers), stride))
        for _ in range(2):
            x = x + conv(leaky(conv(x, next(layers))), next(layers))
        torch.testing.assert_close(ours, conv(x, next(layers)))
        assert next(layers, None) is None
        images = halved(images)


def test_gradients_reach_every_parameter_and_the_image():
    network, images = liven(toy()), toy_images().requires_grad_()
    sum((scores - 1).square().sum() for scores in network(images)).backward()
    assert images.grad.isfinite().all()
    assert images.grad.any(dim=1).all()
    for key, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


def test_every_image_is_judged_alone():
    network, images = liven(toy()), toy_images()
    for together, alone in zip(network(images), network(images[1:2]), strict=True):
        torch.testing.assert_close(together[1:2], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("order", ORDERS)
def test_a_step_with_the_penalty_under_autocast_is_float32s(order):
    """The penalty and its gradient equal those of float64, which bfloat16 would miss by percents."""
    network = liven(toy()).to(memory_format=order)
    images = toy_images().contiguous(memory_format=order)
    exact = penalised_scores(network.double(), images.double())[1]
    expected = torch.autograd.grad(exact, list(network.parameters()), allow_unused=True)
    network.float()
    with torch.autocast("cpu", torch.bfloat16):
        scores, penalty = penalised_scores(network, images)
        fake_scores = network(images)
        loss = MultiScaleGANLoss().discriminator(scores, fake_scores) + penalty
    assert fake_scores[0].dtype == torch.bfloat16
    assert all(each.dtype == torch.float32 for each in (*scores, penalty, loss))
    assert penalty.item() == pytest.approx(exact.item(), rel=1e-5)
    of = torch.autograd.grad(penalty, list(network.parameters()), retain_graph=True, allow_unused=True)
    for ours, theirs in zip(of, expected, strict=True):
        if theirs is not None:  # a bias has no part in a slope
            torch.testing.assert_close(ours.double(), theirs, rtol=1e-3, atol=1e-4 * theirs.abs().max().item())
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_start():
    """N(0, 0.02), biases 0: every score is almost 0, and the losses are those of the card, section 1.13."""
    torch.manual_seed(0)
    network, images, loss = MultiScaleDiscriminator(), toy_images(2), MultiScaleGANLoss()
    for layer in [module for module in network.modules() if isinstance(module, nn.Conv2d)]:
        assert layer.weight.std().item() == pytest.approx(0.02, rel=5 * layer.weight.numel() ** -0.5)
        assert not layer.bias.any()
    real, penalty = penalised_scores(network, images)
    fake = network(images.flip(0))
    directions = 2
    assert directions * loss.discriminator(real, fake).item() == pytest.approx(6.0, abs=0.01)
    assert directions * loss.generator(fake).item() == pytest.approx(12.0, abs=0.01)
    assert penalty.item() < 1e-3


def test_the_smoke_form_is_small_and_takes_reid_images():
    network = DISCRIMINATORS.build({"type": "MultiScaleDiscriminator", **MultiScaleDiscriminator.smoke})
    assert count(network) < 20_000
    assert [scores.shape[2:] for scores in network(toy_images(1, (128, 64)))] == [(32, 16), (16, 8), (8, 4)]


@pytest.mark.parametrize(("scales", "least"), [(1, 5), (3, 17)])
def test_the_smallest_image(scales, least):
    network = toy(scales=scales)
    assert network(toy_images(1, (least, least)))[-1].shape == (1, 1, 2, 2)
    said = f"images of {least} x {least} at least, got {least} x {least - 1}: take larger images or fewer scales"
    with pytest.raises(UserError, match=said):
        network(toy_images(1, (least, least - 1)))


@pytest.mark.parametrize("wrong", ["width", "scales", "blocks"])
def test_arguments_that_make_no_sense(wrong):
    with pytest.raises(UserError, match=rf"at least 1, got .*{wrong}=0.*: the released code has 32, 3 and 4"):
        toy(**{wrong: 0})
