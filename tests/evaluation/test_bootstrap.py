"""The bootstrap interval against a loop, the normal approximation, and its degenerate inputs."""

import math
import statistics

import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.evaluation.bootstrap import mean_interval, resampled_means


def twin(values, pids, confidence, resamples, seed):
    """Draw identities, average and sort in plain Python; ends by linear interpolation between the sorted means."""
    rng = np.random.default_rng(seed)
    people = [[value for value, pid in zip(values, pids, strict=True) if pid == one] for one in sorted(set(pids))]
    means = []
    for _ in range(resamples):
        drawn = [value for index in rng.integers(len(people), size=len(people)) for value in people[index]]
        means.append(math.fsum(drawn) / len(drawn))
    means.sort()

    def quantile(share):
        place = share * (resamples - 1)
        below = math.floor(place)
        above = min(below + 1, resamples - 1)
        return means[below] + (place - below) * (means[above] - means[below])

    return quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)


@pytest.mark.parametrize(("confidence", "seed"), [(0.95, 0), (0.5, 3)])
def test_agrees_with_the_twin(confidence, seed):
    values = np.random.default_rng(1).beta(2, 1, size=40)
    for pids in (np.arange(40), np.random.default_rng(2).integers(1, 8, 40)):
        expected = twin(values.tolist(), pids.tolist(), confidence, 200, seed)
        assert mean_interval(values, pids, confidence, 200, seed) == pytest.approx(expected, rel=1e-12)


def test_is_as_wide_as_the_normal_approximation_says():
    values = np.random.default_rng(0).beta(2, 1, size=400)
    low, high = mean_interval(values, range(400))
    error = statistics.stdev(values.tolist()) / math.sqrt(len(values))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=0.2 * error)
    assert resampled_means(values, range(400)).std() == pytest.approx(error, rel=0.1)


def test_queries_without_a_match_are_left_out():
    assert mean_interval([0.2, np.nan, 0.7, 0.4, np.nan], [1, 1, 2, 3, 4]) == mean_interval([0.2, 0.7, 0.4], [1, 2, 3])


def test_queries_that_repeat_each_other_add_no_certainty():
    values = np.random.default_rng(0).beta(2, 1, size=50)
    once, four_times = mean_interval(values, range(50)), mean_interval(values.repeat(4), np.arange(50).repeat(4))
    assert four_times == pytest.approx(once)
    low, high = mean_interval(values.repeat(4), range(200))  # as if they were strangers to each other
    assert high - low == pytest.approx((once[1] - once[0]) / 2, rel=0.15)


def test_one_query_and_equal_queries_have_no_width():
    assert mean_interval([0.25], [7]) == (0.25, 0.25)
    assert mean_interval([0.5] * 9, range(9)) == (0.5, 0.5)


def test_the_seed_decides_the_draw():
    values = np.linspace(0, 1, 30)
    assert mean_interval(values, range(30)) == mean_interval(values, range(30))
    assert mean_interval(values, range(30), seed=1) != mean_interval(values, range(30))


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
        mean_interval(values, range(len(values)), **options)


def test_a_pid_too_few():
    with pytest.raises(UserError, match="one pid a query, got 2 values and 1 pids"):
        mean_interval([0.1, 0.2], [1])
