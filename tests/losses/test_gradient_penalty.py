"""Slopes at real images against what is known of them; DG-Net's network under autocast: test_dgnet_discriminator.py."""

import pytest
import torch

from reidzoo.losses import mean_squared_slope, penalised_scores


def planes(images):
    """Scores w . x and (w . x)^2 of images of one pixel, the latter twice in a map."""
    weight = torch.tensor([1.0, -2.0, 3.0], dtype=images.dtype).view(1, 3, 1, 1)
    first = (images * weight).sum((1, 2, 3))[:, None]
    return [first, first.square().repeat(1, 2)]


def test_the_slope_of_a_plane_is_known():
    """Scores w . x of three pixels each, twice in a map: (2 |w|)^2."""
    images = torch.rand(4, 3, 1, 1).requires_grad_()
    scores = planes(images)[0].repeat(1, 2)
    assert mean_squared_slope(scores, images).item() == pytest.approx(4 * 14)


def test_slopes_of_all_maps_are_squared_one_by_one():
    """|w|^2 and |4 (w . x) w|^2: the square of their sum would have a product beside these."""
    images = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]], dtype=torch.float64).view(2, 3, 1, 1)
    scores, penalty = penalised_scores(planes, images)
    for ours, theirs in zip(scores, planes(images), strict=True):
        assert torch.equal(ours, theirs)
    assert penalty.item() == pytest.approx(14 + 16 * 14 * 1.0)  # w . x is 1 in both images


def test_it_can_be_learnt_from_and_the_images_cannot():
    """Of a x: slope a^2, whose slope is 2 a."""
    scale = torch.tensor(3.0, requires_grad=True)
    images = torch.rand(2, 1, 1, 1).requires_grad_()
    _, penalty = penalised_scores(lambda x: [scale * x], images)
    penalty.backward()
    assert scale.grad.item() == pytest.approx(6)
    assert images.grad is None


def test_it_works_where_no_gradient_of_the_images_was_asked_for():
    images = torch.rand(2, 3, 4, 4)
    assert penalised_scores(lambda x: [x.square()], images)[1].isfinite()
    assert not images.requires_grad


def test_autocast_and_bf16_images_do_not_reach_it():
    network = torch.nn.Conv2d(3, 1, 3)
    images = torch.rand(2, 3, 4, 4).bfloat16()
    exact = penalised_scores(lambda x: [network(x)], images.float())
    with torch.autocast("cpu", torch.bfloat16):
        scores, penalty = penalised_scores(lambda x: [network(x)], images)
    assert (scores[0].dtype, penalty.dtype) == (torch.float32, torch.float32)
    assert torch.equal(scores[0], exact[0][0])
    assert torch.equal(penalty, exact[1])
