"""Rectangles of zeros: their place, their size, their share of the images, and what they depend on."""

import pytest
import torch

from reidzoo.methods.batch_erasing import erase_at_random

HEIGHT, WIDTH = 64, 32


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.rand(2000, 1, HEIGHT, WIDTH) + 1


def boxes(erased):
    """Height and width of the zeros of each image that has any, and whether they fill their bounding box."""
    found = []
    for zeros in (erased[:, 0] == 0)[(erased[:, 0] == 0).flatten(1).any(dim=1)]:
        height, width = (int(zeros.any(dim=dim).sum()) for dim in (1, 0))
        found.append((height, width, int(zeros.sum()) == height * width))
    return found


def test_half_of_the_images_lose_a_rectangle_within_the_bounds(images):
    before = images.clone()
    erased = erase_at_random(images)
    assert torch.equal(images, before)
    assert torch.equal(erased[erased != 0], images[erased != 0])
    found = boxes(erased)
    assert len(found) / len(images) == pytest.approx(0.5, abs=0.04)
    assert all(whole for *_, whole in found)
    shares = torch.tensor([height * width / (HEIGHT * WIDTH) for height, width, _ in found])
    aspects = torch.tensor([height / width for height, width, _ in found])
    assert 0.015 < shares.min() < 0.03  # sides are whole pixels
    assert 0.36 < shares.max() < 0.42
    assert 0.25 < aspects.min() < 0.4
    assert 3 < aspects.max() < 4.3
    assert max(height for height, *_ in found) < HEIGHT
    assert max(width for _, width, _ in found) == WIDTH - 1


def test_rectangles_reach_every_edge(images):
    zeros = erase_at_random(images, prob=1.0)[:, 0] == 0
    for edge in (zeros[:, 0], zeros[:, -1], zeros[:, :, 0], zeros[:, :, -1]):
        assert 0.01 < edge.any(dim=1).float().mean() < 0.5


def test_probabilities_of_zero_and_one(images):
    assert torch.equal(erase_at_random(images, prob=0.0), images)
    assert len(boxes(erase_at_random(images, prob=1.0))) == len(images)


def test_what_does_not_fit_is_left_whole(images):
    assert torch.equal(erase_at_random(images, prob=1.0, area=(2.0, 3.0)), images)


def test_channels_lose_the_same_and_gradients_pass():
    images = torch.ones(3, 2, 16, 8, requires_grad=True)
    erased = erase_at_random(images, prob=1.0)
    assert torch.equal(erased[:, 0], erased[:, 1])
    erased.sum().backward()
    assert torch.equal(images.grad, erased.detach())


def test_draws_are_as_many_whatever_they_come_to(images):
    following = []
    for prob in (0.0, 0.5, 1.0):
        torch.manual_seed(3)
        erase_at_random(images[:5], prob=prob)
        following.append(torch.rand(()))
    assert torch.stack(following).unique().numel() == 1
