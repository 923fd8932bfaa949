"""The batch-hard loss against its formula, its known values and its ways to go wrong."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidzoo.base.errors import UserError
from reidzoo.losses import BatchHardTriplet, hardest_distances

POINTS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [3.0, 2.0]])
PIDS = torch.tensor([0, 0, 1, 1])


def slow_twin(features, pids, margin):
    """Equation 5 of the paper, one anchor after the other, float64."""
    values = []
    for a, anchor in enumerate(features):
        positives = [math.dist(anchor, x) for i, x in enumerate(features) if pids[i] == pids[a] and i != a]
        negatives = [math.dist(anchor, x) for i, x in enumerate(features) if pids[i] != pids[a]]
        excess = max(positives) - min(negatives)
        values.append(math.log1p(math.exp(excess)) if margin is None else max(0.0, margin + excess))
    return sum(values) / len(values)


def test_known_values():
    assert BatchHardTriplet(margin=0.3)(POINTS, PIDS).item() == pytest.approx(0.075, abs=1e-6)
    assert BatchHardTriplet()(POINTS, PIDS).item() == pytest.approx(0.373928, abs=1e-6)
    positive, negative = hardest_distances(POINTS, PIDS)
    assert positive.tolist() == pytest.approx([1, 1, 2, 2])
    assert negative.tolist() == pytest.approx([3, 2, 2, math.sqrt(8)])


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    people=st.integers(2, 4),
    images=st.integers(2, 4),
    margin=st.sampled_from([None, 0.0, 0.3, 2.0]),
)
def test_equals_the_slow_twin(seed, people, images, margin):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(people * images, 5, generator=generator, dtype=torch.float64)
    pids = torch.arange(people).repeat_interleave(images)[torch.randperm(people * images, generator=generator)]
    expected = slow_twin(features.tolist(), pids.tolist(), margin)
    assert BatchHardTriplet(margin)(features, pids).item() == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_a_collapsed_batch_shows_its_signature_and_has_finite_gradients():
    features = torch.ones(4, 8, requires_grad=True)
    soft = BatchHardTriplet()(features, PIDS)
    soft.backward()
    assert soft.item() == pytest.approx(math.log(2))
    assert features.grad.isfinite().all()
    assert BatchHardTriplet(margin=0.3)(features, PIDS).item() == pytest.approx(0.3)


def test_features_are_not_normalised():
    assert BatchHardTriplet()(10 * POINTS, PIDS) != BatchHardTriplet()(POINTS, PIDS)


def test_bf16_features_are_compared_in_float32():
    with torch.autocast("cpu", torch.bfloat16):
        loss = BatchHardTriplet(margin=0.3)(POINTS.bfloat16(), PIDS)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(0.075, abs=1e-3)


@pytest.mark.parametrize("pids", [[0, 0, 0, 0], [0, 1, 2, 3], [0, 0, 1, 2]])
def test_a_batch_without_pairs(pids):
    with pytest.raises(UserError, match="two identities and two images of each, got a batch of 4 images"):
        BatchHardTriplet()(POINTS, torch.tensor(pids))


def test_negative_margin():
    with pytest.raises(UserError, match="at least 0, or None for the soft margin, got -1"):
        BatchHardTriplet(-1)
