"""The bootstrap interval against a loop, the normal approximation, and its degenerate inputs."""

import math
import statistics

import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.evaluation.bootstrap import mean_interval, resampled_means


def twin(values, confidence, resamples, seed):
    """Draw, average and sort in plain Python; ends by linear interpolation between the sorted means."""
    rng = np.random.default_rng(seed)
    means = sorted(
        math.fsum(values[index] for index in rng.integers(len(values), size=len(values))) / len(values)
        for _ in range(resamples)
    )

    def quantile(share):
        place = share * (resamples - 1)
        below = math.floor(place)
        above = min(below + 1, resamples - 1)
        return means[below] + (place - below) * (means[above] - means[below])

    return quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)


@pytest.mark.parametrize(("confidence", "seed"), [(0.95, 0), (0.5, 3)])
def test_agrees_with_the_twin(confidence, seed):
    values = np.random.default_rng(1).beta(2, 1, size=40)
    found = mean_interval(values, confidence, 200, seed)
    assert found == pytest.approx(twin(values.tolist(), confidence, 200, seed), rel=1e-12)


def test_is_as_wide_as_the_normal_approximation_says():
    values = np.random.default_rng(0).beta(2, 1, size=400)
    low, high = mean_interval(values)
    error = statistics.stdev(values.tolist()) / math.sqrt(len(values))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=0.2 * error)
    assert resampled_means(values).std() == pytest.approx(error, rel=0.1)


def test_queries_without_a_match_are_left_out():
    assert mean_interval([0.2, np.nan, 0.7, 0.4, np.nan]) == mean_interval([0.2, 0.7, 0.4])


def test_one_query_and_equal_queries_have_no_width():
    assert mean_interval([0.25]) == (0.25, 0.25)
    assert mean_interval([0.5] * 9) == (0.5, 0.5)


def test_the_seed_decides_the_draw():
    values = np.linspace(0, 1, 30)
    assert mean_interval(values) == mean_interval(values)
    assert mean_interval(values, seed=1) != mean_interval(values)


@pytest.mark.parametrize(
    ("values", "options", "answer"),
    [
        ([], {}, "at least one query, got none"),
        ([np.nan], {}, "at least one query, got none"),
        ([1.0], {"confidence": 95}, "between 0 and 1, got 95"),
        ([1.0], {"resamples": 1}, "at least 2, got 1"),
    ],
)
def test_refusals(values, options, answer):
    with pytest.raises(UserError, match=answer):
        mean_interval(values, **options)
