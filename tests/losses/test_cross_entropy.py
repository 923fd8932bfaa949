"""Cross-entropy, with label smoothing and of the uniform target, against the formula in float64."""

import math

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.losses import CrossEntropy, UniformCrossEntropy


def slow_twin(logits, pids, eps):
    """-1/B sum_i sum_k q_k log p_k, written out."""
    total = 0.0
    for row, y in zip(logits.double().tolist(), pids.tolist(), strict=True):
        log_z = math.log(sum(math.exp(value) for value in row))
        q = [(1 - eps) * (k == y) + eps / len(row) for k in range(len(row))]
        total -= sum(weight * (value - log_z) for weight, value in zip(q, row, strict=True))
    return total / len(pids)


@pytest.mark.parametrize("eps", [0.0, 0.1, 0.9])
def test_equals_the_formula(eps):
    logits, pids = torch.randn(7, 5), torch.randint(0, 5, (7,))
    assert CrossEntropy(eps)(logits, pids).item() == pytest.approx(slow_twin(logits, pids, eps), abs=1e-6)


@pytest.mark.parametrize(("eps", "value"), [(0.0, 0.440190), (0.1, 0.590190)])
def test_known_values(eps, value):
    logits, pids = torch.tensor([[2.0, 0.0, -1.0, 1.0]]), torch.tensor([0])
    assert CrossEntropy(eps)(logits, pids).item() == pytest.approx(value, abs=1e-6)


def test_one_identity_gives_zero():
    assert CrossEntropy()(torch.randn(3, 1), torch.zeros(3, dtype=torch.long)).item() == 0


def test_bfloat16_logits_are_taken_in_float32():
    logits = torch.randn(4, 6).bfloat16()
    loss = CrossEntropy()(logits, torch.arange(4))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(slow_twin(logits, torch.arange(4), 0.0), abs=1e-6)


def test_eps_out_of_range():
    with pytest.raises(UserError, match=r"\[0, 1\), got 1"):
        CrossEntropy(1.0)


def test_the_uniform_target_is_smoothing_without_a_label():
    logits = torch.randn(7, 5, dtype=torch.float64)
    expected = slow_twin(logits, torch.zeros(7, dtype=torch.int64), 1.0)
    assert UniformCrossEntropy()(logits).item() == pytest.approx(expected, abs=1e-12)
    assert UniformCrossEntropy()(torch.tensor([[2.0, 0.0, -1.0, 1.0]])).item() == pytest.approx(1.940190, abs=1e-6)


@pytest.mark.parametrize(("num_pids", "floor"), [(751, 6.621), (702, 6.554)])
def test_the_uniform_target_has_a_floor_where_the_gradient_vanishes(num_pids, floor):
    even = torch.full((3, num_pids), 0.7, requires_grad=True)
    loss = UniformCrossEntropy()(even)
    loss.backward()
    assert loss.item() == pytest.approx(floor, abs=1e-3)
    assert even.grad.abs().max() < 1e-8
    assert UniformCrossEntropy()(torch.randn(3, num_pids)) > loss


def test_the_uniform_target_of_bfloat16_logits_is_taken_in_float32():
    logits = torch.randn(4, 6).bfloat16()
    loss = UniformCrossEntropy()(logits)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(slow_twin(logits, torch.zeros(4, dtype=torch.int64), 1.0), abs=1e-6)
