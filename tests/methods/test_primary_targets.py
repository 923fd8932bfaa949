"""Whom drawn images are to be recognised as: known distributions, and their distance from a prediction."""

import math

import pytest
import torch
import torch.nn.functional as F

from reidzoo.methods.primary_targets import TAUGHT, UNTAUGHT, divergence, primary_targets

#: of two drawn images and four identities; the first wears 0's clothes in 2's structure
TEACHER = torch.tensor([[0.2, 0.5, 0.3, 0.0], [0.1, 0.2, 0.3, 0.4]])
APPEARANCE, STRUCTURE = torch.tensor([0, 1]), torch.tensor([2, 1])
EXPECTED = {
    "teacher": TEACHER,
    "hard": torch.tensor([[0.0, 1, 0, 0], [0, 0, 0, 1]]),
    "two-ids": torch.tensor([[0.4, 0, 0.6, 0], [0, 1, 0, 0]]),
    "one-hot": torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0]]),
    "uniform": torch.full((2, 4), 0.25),
}


def refuse():
    raise AssertionError("nobody was to be asked")


@pytest.mark.parametrize("kind", [*TAUGHT, *UNTAUGHT])
def test_known_distributions(kind):
    predict = (lambda: TEACHER) if kind in TAUGHT else refuse
    targets = primary_targets(kind, APPEARANCE, STRUCTURE, 4, predict)
    torch.testing.assert_close(targets.float(), EXPECTED[kind])


def test_two_identities_that_the_teacher_rules_out_share():
    sure = torch.tensor([[0.0, 1.0, 0.0, 0.0]])
    targets = primary_targets("two-ids", APPEARANCE[:1], STRUCTURE[:1], 4, lambda: sure)
    torch.testing.assert_close(targets, torch.tensor([[0.5, 0.0, 0.5, 0.0]]))


def test_divergence_by_its_formula():
    logits = torch.randn(2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    p = logits.softmax(1)
    total = 0.0
    for i in range(2):
        for k in range(4):
            q = TEACHER[i, k].item()
            total += q * (math.log(q) - p[i, k].log().item()) if q else 0.0
    assert divergence(logits, TEACHER).item() == pytest.approx(total / 2)


def test_of_one_identity_it_is_the_cross_entropy_and_of_its_own_prediction_nothing():
    logits = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(divergence(logits, EXPECTED["one-hot"]), F.cross_entropy(logits, APPEARANCE))
    assert divergence(logits, logits.softmax(1)).item() == pytest.approx(0, abs=1e-6)
    assert divergence(logits.bfloat16(), TEACHER).dtype == torch.float32


@pytest.mark.parametrize("kind", ["one-hot", "uniform"])
def test_gradients_are_predictions_less_targets(kind):
    logits = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    targets = primary_targets(kind, APPEARANCE, STRUCTURE, 4, refuse)
    divergence(logits, targets).backward()
    torch.testing.assert_close(logits.grad, (logits.detach().softmax(1) - targets) / 2)
