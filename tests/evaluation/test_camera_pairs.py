"""Rank-1 by pair of cameras against a loop in float64, and where there is none."""

import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.evaluation.camera_pairs import camera_pair_rank1


def twin(qf, gf, qp, gp, qc, gc, a, b):
    """One query after the other: is the nearest image of camera b, junk removed, of its identity?"""
    right = []
    for feature, pid, camid in zip(np.asarray(qf, np.float64), qp, qc, strict=True):
        kept = [
            (((other - feature) ** 2).sum(), p == pid)
            for other, p, c in zip(np.asarray(gf, np.float64), gp, gc, strict=True)
            if c == b and p != -1 and not (p == pid and c == camid)
        ]
        if camid == a and any(hit for _, hit in kept):
            right.append(min(kept)[1])
    return (np.mean(right) if right else np.nan), len(right)


def test_agrees_with_the_twin():
    rng = np.random.default_rng(0)
    qp, gp = rng.integers(1, 9, 60), rng.integers(-1, 9, 120)  # junk and distractors among them
    qc, gc = rng.choice([0, 2, 5], 60), rng.choice([0, 2, 5, 7], 120)
    centres = rng.standard_normal((10, 4))
    qf, gf = (centres[p] + 0.7 * rng.standard_normal((len(p), 4)) for p in (qp, gp))
    found = camera_pair_rank1(qf, gf, qp, gp, qc, gc)
    assert found.camids.tolist() == [0, 2, 5, 7]
    for row, a in enumerate(found.camids):
        for column, b in enumerate(found.camids):
            rank1, count = twin(qf, gf, qp, gp, qc, gc, a, b)
            np.testing.assert_allclose(found.rank1[row, column], rank1, rtol=1e-12)
            assert found.num_queries[row, column] == count
    assert 0.2 < np.nanmean(found.rank1) < 0.95  # neither a wall of ones nor of zeros


def test_known_values_and_empty_cells():
    query = (np.array([[0.0], [0.0]]), [1, 2], [0, 0])
    places, pids, camids = zip(
        (1.0, 1, 0),  # junk for query 0: its own camera
        (2.0, 9, 1), (3.0, 1, 1),  # camera 1: a wrong image before the right one
        (2.0, 1, 2), (3.0, 0, 2), (1.0, -1, 2),  # camera 2: right before a distractor, the nearest is junk
        (4.0, 9, 3),
        strict=True,
    )  # fmt: skip
    found = camera_pair_rank1(query[0], np.array(places)[:, None], query[1], pids, query[2], camids)
    np.testing.assert_array_equal(found.rank1[0], [np.nan, 0, 1, np.nan])
    assert found.num_queries[0].tolist() == [0, 1, 1, 0]
    assert np.isnan(found.rank1[1:]).all(), "nobody asks from these cameras"
    assert np.isnan(camera_pair_rank1(query[0], query[0], [1, 2], [1, 2], [0, 0], [0, 0]).rank1).all()


def test_distance_reaches_the_ranking():
    arguments = (np.array([[1.0, 0.0]]), np.array([[9.0, 0.1], [1.0, 0.5]]), [1], [1, 2], [0], [1, 1])
    assert camera_pair_rank1(*arguments).rank1[0, 1] == 0
    assert camera_pair_rank1(*arguments, distance="cosine").rank1[0, 1] == 1


def test_refusals():
    features = np.ones((1, 2))
    with pytest.raises(UserError, match="this data set knows none"):
        camera_pair_rank1(features, features, [1], [1], None, None)
    with pytest.raises(UserError, match="query 0 has pid 0"):
        camera_pair_rank1(features, features, [0], [1], [0], [1])
