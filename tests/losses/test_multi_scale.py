"""The games on several maps of scores."""

from statistics import mean

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.losses import HingeGANLoss, LeastSquaresGANLoss, MultiScaleGANLoss
from reidzoo.registry import LOSSES


def toy_maps(seed):
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(3, 1, 8 // 2**i, 4 // 2**i, dtype=torch.float64, generator=rng) for i in range(3)]


def test_it_is_the_released_formula():
    real, fake = toy_maps(0), toy_maps(1)
    of_generator = sum(2 * mean((s - 1) ** 2 for s in each.flatten().tolist()) for each in fake)
    of_discriminator = sum(mean((s - 1) ** 2 for s in each.flatten().tolist()) for each in real)
    of_discriminator += sum(mean(s**2 for s in each.flatten().tolist()) for each in fake)
    assert MultiScaleGANLoss().generator(fake).item() == pytest.approx(of_generator, rel=1e-12)
    assert MultiScaleGANLoss().discriminator(real, fake).item() == pytest.approx(of_discriminator, rel=1e-12)


def test_a_discriminator_that_answers_0():
    """The card, section 1.13, of one direction: 3 and 6 of three scales."""
    maps = [torch.zeros_like(each) for each in toy_maps(0)]
    assert MultiScaleGANLoss().discriminator(maps, maps).item() == 3
    assert MultiScaleGANLoss().generator(maps).item() == 6


def test_other_games_and_factors():
    loss = LOSSES.build({"type": "MultiScaleGANLoss", "game": {"type": "HingeGANLoss"}, "factor": 0.5})
    real, fake = toy_maps(0), toy_maps(1)
    assert isinstance(loss.game, HingeGANLoss)
    expected = sum(HingeGANLoss().discriminator(r, f) for r, f in zip(real, fake, strict=True)) / 2
    torch.testing.assert_close(loss.discriminator(real, fake), expected)
    torch.testing.assert_close(loss.generator(fake), sum(map(HingeGANLoss().generator, fake)) / 2)


def test_one_map_is_one_loss():
    (fake, *_) = toy_maps(0)
    assert MultiScaleGANLoss(factor=1.0).generator([fake]) == LeastSquaresGANLoss().generator(fake)


@pytest.mark.parametrize("factor", [0, -1.0])
def test_a_factor_that_makes_no_sense(factor):
    with pytest.raises(UserError, match=f"expects a factor above 0, got {factor}: DG-Net has 2"):
        MultiScaleGANLoss(factor=factor)
