"""The contrastive loss against its formula, its known values and its degenerate pairs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from reidzoo.base.errors import UserError
from reidzoo.losses import ContrastiveLoss

FIRST, SECOND = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.6, 0.8]])  # d = 0.894427


def slow_twin(first, second, same, margin):
    """The equation, one pair after the other, float64."""
    distances = [math.dist(a, b) for a, b in zip(first, second, strict=True)]
    return math.fsum(d**2 if same else max(0.0, margin - d) ** 2 for d in distances) / len(distances)


def test_known_values():
    assert ContrastiveLoss()(FIRST, SECOND, same=True).item() == pytest.approx(0.8, abs=1e-6)
    assert ContrastiveLoss(margin=2)(FIRST, SECOND, same=False).item() == pytest.approx(1.222291, abs=1e-6)
    assert ContrastiveLoss(margin=1)(FIRST, SECOND, same=False).item() == pytest.approx(0.011146, abs=1e-6)
    assert ContrastiveLoss(margin=0)(FIRST, SECOND, same=False).item() == 0


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    batch=st.integers(1, 5),
    margin=st.sampled_from([0.0, 1.0, 1.5, 2.0]),
    same=st.booleans(),
)
def test_equals_the_slow_twin(seed, batch, margin, same):
    generator = torch.Generator().manual_seed(seed)
    first, second = (normalize(torch.randn(batch, 6, generator=generator, dtype=torch.float64)) for _ in range(2))
    expected = slow_twin(first.tolist(), second.tolist(), same, margin)
    assert ContrastiveLoss(margin)(first, second, same).item() == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("same", "value"), [(True, 0.0), (False, 4.0)])
def test_equal_vectors_have_a_finite_gradient(same, value):
    first = FIRST.clone().requires_grad_()
    loss = ContrastiveLoss()(first, FIRST, same)
    loss.backward()
    assert loss.item() == pytest.approx(value)
    assert first.grad.tolist() == [[0, 0]]


def test_a_step_brings_positives_together_and_parts_negatives():
    for same, sign in ((True, -1), (False, 1)):
        first = FIRST.clone().requires_grad_()
        ContrastiveLoss()(first, SECOND, same).backward()
        moved = normalize(FIRST - 0.01 * first.grad)
        assert math.copysign(1, (moved - SECOND).norm() - (FIRST - SECOND).norm()) == sign


def test_bf16_vectors_are_compared_in_float32():
    first, second = FIRST.bfloat16(), SECOND.bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        loss = ContrastiveLoss()(first, second, same=False)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(ContrastiveLoss()(first.double(), second.double(), same=False).item())


@pytest.mark.parametrize("margin", [-0.1, 2.5])
def test_margin_out_of_range(margin):
    with pytest.raises(UserError, match=rf"lies in \[0, 2\], the distances of unit vectors, got {margin}"):
        ContrastiveLoss(margin)
