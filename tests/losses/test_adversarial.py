"""The games of discriminator and generator against their formulas, entry by entry."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidzoo.base.errors import UserError
from reidzoo.losses import HingeGANLoss, LeastSquaresGANLoss, VanillaGANLoss
from reidzoo.registry import LOSSES


def mean(values):
    return math.fsum(values) / len(values)


def minus_log_sigmoid(score):
    return math.log1p(math.exp(-score))


MINIMAX = partial(VanillaGANLoss, game="minimax")

#: generator(fake), discriminator(real, fake) on lists of numbers
SLOW_TWINS = {
    LeastSquaresGANLoss: (
        lambda fake: mean([(s - 1) ** 2 for s in fake]),
        lambda real, fake: (mean([(s - 1) ** 2 for s in real]) + mean([s**2 for s in fake])) / 2,
    ),
    VanillaGANLoss: (
        lambda fake: mean([minus_log_sigmoid(s) for s in fake]),
        lambda real, fake: mean([minus_log_sigmoid(s) for s in real]) + mean([minus_log_sigmoid(-s) for s in fake]),
    ),
    MINIMAX: (  # equation 1: log(1 - D(G(z)))
        lambda fake: -mean([minus_log_sigmoid(-s) for s in fake]),
        lambda real, fake: mean([minus_log_sigmoid(s) for s in real]) + mean([minus_log_sigmoid(-s) for s in fake]),
    ),
    HingeGANLoss: (
        lambda fake: -mean(fake),
        lambda real, fake: mean([max(0, 1 - s) for s in real]) + mean([max(0, 1 + s) for s in fake]),
    ),
}
ALL = pytest.mark.parametrize("kind", SLOW_TWINS)


@ALL
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), reals=st.integers(1, 3), fakes=st.integers(1, 3))
def test_equals_the_slow_twin(kind, seed, reals, fakes):
    """On patch maps, of real and fake batches that need not be of one size."""
    generator = torch.Generator().manual_seed(seed)
    real = 3 * torch.randn(reals, 1, 4, 2, generator=generator, dtype=torch.float64)
    fake = 3 * torch.randn(fakes, 1, 4, 2, generator=generator, dtype=torch.float64)
    of_generator, of_discriminator = SLOW_TWINS[kind]
    real_scores, fake_scores = real.flatten().tolist(), fake.flatten().tolist()
    assert kind().generator(fake).item() == pytest.approx(of_generator(fake_scores), rel=1e-12, abs=1e-12)
    expected = of_discriminator(real_scores, fake_scores)
    assert kind().discriminator(real, fake).item() == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "score", "of_generator", "of_discriminator"),
    [
        (LeastSquaresGANLoss, 0.5, 0.25, 0.25),
        (VanillaGANLoss, 0.0, math.log(2), 2 * math.log(2)),
        (MINIMAX, 0.0, -math.log(2), 2 * math.log(2)),
        (HingeGANLoss, 0.0, 0.0, 2.0),
    ],
)
def test_a_discriminator_that_cannot_tell(kind, score, of_generator, of_discriminator):
    scores = torch.full((2, 1, 3, 3), score)
    assert kind().generator(scores).item() == pytest.approx(of_generator)
    assert kind().discriminator(scores, scores).item() == pytest.approx(of_discriminator)


@ALL
def test_the_generator_learns_to_raise_its_scores_and_the_discriminator_to_part_them(kind):
    real, fake = torch.full((4,), 0.3, requires_grad=True), torch.full((4,), 0.3, requires_grad=True)
    assert (torch.autograd.grad(kind().generator(fake), fake)[0] < 0).all()
    of_real, of_fake = torch.autograd.grad(kind().discriminator(real, fake), (real, fake))
    assert (of_real < 0).all()
    assert (of_fake > 0).all()


@ALL
def test_bf16_scores_are_judged_in_float32(kind):
    scores = torch.full((1000,), 0.30078125, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        of_generator, of_discriminator = kind().generator(scores), kind().discriminator(scores, scores)
    assert of_generator.dtype == of_discriminator.dtype == torch.float32
    assert of_generator.item() == pytest.approx(kind().generator(scores.double()).item(), rel=1e-6)
    assert of_discriminator.item() == pytest.approx(kind().discriminator(scores.double(), scores.double()).item())


@ALL
def test_extreme_scores_stay_finite(kind):
    scores = torch.tensor([-1e4, 1e4], requires_grad=True)
    loss = kind().generator(scores) + kind().discriminator(scores, scores)
    loss.backward()
    assert loss.isfinite()
    assert scores.grad.isfinite().all()


@ALL
def test_is_on_the_shelf(kind):
    cls, arguments = getattr(kind, "func", kind), getattr(kind, "keywords", {})
    assert isinstance(LOSSES.build({"type": cls.__name__, **arguments}), cls)


@pytest.mark.parametrize("probability", [1e-6, 0.1, 0.5, 0.9])
def test_the_minimax_game_teaches_little_where_the_discriminator_is_sure(probability):
    """Slopes in the score s of D(G(z)) = sigmoid(s): -D(G(z)) in the one game, D(G(z)) - 1 in the other."""
    score = torch.tensor([math.log(probability / (1 - probability))], dtype=torch.float64, requires_grad=True)
    slopes = [torch.autograd.grad(kind().generator(score), score)[0].item() for kind in (MINIMAX, VanillaGANLoss)]
    assert slopes == pytest.approx([-probability, probability - 1], rel=1e-12)


def test_another_game():
    with pytest.raises(UserError, match="game 'non-saturating' or 'minimax', got 'zero-sum'"):
        VanillaGANLoss(game="zero-sum")
