"""The networks that judge a pair of images with their poses."""

import pytest
import torch
import torch.nn.functional as F
from golden_poses import golden_points

from reidzoo.base.errors import UserError
from reidzoo.base.pose_maps import heat_maps
from reidzoo.models.discriminators import DeformableDiscriminator
from reidzoo.registry import DISCRIMINATORS


def toy_batch(size=(128, 64), dtype=torch.float32):
    """Images, their poses, other images, their poses."""
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(2, 2, 3, *size, dtype=dtype, generator=generator) * 2 - 1
    points = golden_points()
    return first, points, second, points.flip(0)


def liven(network):
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(mean=float(parameter.ndim == 0), std=0.2)
    return network


def test_counts_and_scores():
    network = DeformableDiscriminator()
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_803_782
    small = DeformableDiscriminator(1)
    for size, scores in (((128, 64), (3, 1)), ((256, 256), (7, 7)), ((34, 34), (1, 1))):
        assert small(*toy_batch(size)).shape == (2, 1, *scores)


def test_is_its_formula():
    """The card, section 2.4, in float64."""
    network, batch = liven(DeformableDiscriminator(2)).double(), toy_batch(dtype=torch.float64)
    source, target = (heat_maps(points, (128, 64)).double() for points in batch[1::2])
    x = torch.cat([batch[0], source, batch[2], target], dim=1)
    layers = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    norms = [module for module in network.body if hasattr(module, "bias") and module not in layers]
    assert [layer.bias is None for layer in layers] == [False, True, True, True, True]
    x = F.conv2d(x, layers[0].weight, layers[0].bias, stride=2)
    for i, layer in enumerate(layers[1:]):
        x = F.conv2d(torch.where(x > 0, x, 0.2 * x), layer.weight, stride=2, padding=1)
        if i < 3:
            mean = x.mean(dim=(1, 2, 3), keepdim=True)
            deviation = (x - mean).square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
            x = (x - mean) / (deviation + 1e-3) * norms[i].weight + norms[i].bias
    torch.testing.assert_close(network(*batch), x)


@pytest.mark.parametrize("norm", ["sample", "instance"])
def test_gradients_reach_every_parameter_and_the_image(norm):
    network, batch = liven(DeformableDiscriminator(2, norm)), toy_batch()
    batch[2].requires_grad_()
    scores = network(*batch)
    (scores - torch.randn(scores.shape)).square().sum().backward()
    assert batch[2].grad.any(dim=3).any(dim=2).all()
    for key, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


def test_images_are_judged_alone():
    network, batch = liven(DeformableDiscriminator(2)), toy_batch()
    torch.testing.assert_close(network(*batch)[1:], network(*(each[1:] for each in batch)), atol=1e-5, rtol=1e-5)


def test_smoke_form_and_refusals():
    form = DISCRIMINATORS.build({"type": "DeformableDiscriminator", **DeformableDiscriminator.smoke})
    assert sum(parameter.numel() for parameter in form.parameters()) < 20_000
    with pytest.raises(UserError, match=r"^DeformableDiscriminator expects a width of at least 1, got width=0"):
        DeformableDiscriminator(0)
    with pytest.raises(UserError, match=r"no norm 'group', known: instance, sample"):
        DeformableDiscriminator(1, norm="group")
    with pytest.raises(UserError, match=r"expects images of 34 x 34 at least, got 32 x 40: take larger"):
        form(*toy_batch((32, 40)))
