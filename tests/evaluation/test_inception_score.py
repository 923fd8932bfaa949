"""The Inception Score against values known by heart, the formula in float64, and torch-fidelity."""

import numpy as np
import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.evaluation import InceptionScore
from reidzoo.evaluation.inception_score import CLASSES


def score(logits, splits=10, batch=7):
    metric = InceptionScore(splits)
    for part in logits.split(batch):
        metric.update(part)
    return metric.compute()


def drawn(count, seed=0, scale=2.0):
    return torch.randn(count, CLASSES, generator=torch.Generator().manual_seed(seed)) * scale


def confident(classes):
    """One row a label, all probability on it."""
    logits = torch.zeros(len(classes), CLASSES)
    logits[torch.arange(len(classes)), torch.tensor(classes)] = 5000.0
    return logits


def test_uniform_predictions_score_1():
    mean, std = score(torch.full((30, CLASSES), 3.5))
    assert mean == pytest.approx(1, abs=1e-12)
    assert std == pytest.approx(0, abs=1e-12)


def test_equal_predictions_score_1():
    assert score(drawn(1).expand(20, -1))[0] == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("classes", [1, 2, 6])
def test_confident_and_evenly_spread_predictions_score_their_classes(classes):
    mean, std = score(confident(list(range(classes)) * 20))
    assert mean == pytest.approx(classes, rel=1e-12)
    assert std == pytest.approx(0, abs=1e-12)


def test_splits_are_consecutive_and_the_deviation_is_theirs():
    """Two splits of 2 and 4 classes: mean 3, deviation 1; with the order mixed, others."""
    labels = [0, 1, 0, 1, 2, 3, 4, 5]
    assert score(confident(labels), splits=2) == pytest.approx((3.0, 1.0))
    assert score(confident(labels[::2] + labels[1::2]), splits=2)[0] != pytest.approx(3.0)
    assert score(confident(labels), splits=1)[0] == pytest.approx(np.exp(np.log(4) / 2 + np.log(8) / 2), rel=1e-9)


def test_the_formula_in_float64():
    logits = drawn(23)
    p = np.exp(logits.double().numpy())
    p /= p.sum(1, keepdims=True)
    expected = []
    for split in range(4):
        part = p[split * 23 // 4 : (split + 1) * 23 // 4]
        divergence = [sum(row * (np.log(row) - np.log(part.mean(0)))) for row in part]
        expected.append(np.exp(np.mean(divergence)))
    assert score(logits, splits=4, batch=3) == pytest.approx((np.mean(expected), np.std(expected)), rel=1e-9)


@pytest.mark.slow  # importing torch-fidelity
def test_torch_fidelity_on_the_same_logits():
    isc = pytest.importorskip("torch_fidelity.metric_isc")
    logits = drawn(50)
    theirs = isc.isc_features_to_metric(logits, splits=10, shuffle=False)
    expected = (theirs["inception_score_mean"], theirs["inception_score_std"])
    assert score(logits) == pytest.approx(expected, rel=1e-9)


def test_refusals():
    metric = InceptionScore()
    metric.update(drawn(9))
    assert metric.count() == 9
    with pytest.raises(UserError, match="10 splits needs at least as many images, got 9"):
        metric.compute()
    with pytest.raises(UserError, match="expects B x 1008 logits, got 4 x 1000"):
        metric.update(torch.zeros(4, 1000))
    with pytest.raises(UserError, match="not finite"):
        metric.update(torch.full((1, CLASSES), float("inf")))
    with pytest.raises(UserError, match="at least 1 split, got 0"):
        InceptionScore(splits=0)
