"""Ranks by counting against a float64 twin that sorts, the published AP fixtures, and the traps of other evaluators."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reidzoo.base.errors import UserError
from reidzoo.evaluation import evaluate_ranking, ranked_lists
from reidzoo.evaluation.image_sets import DISTANCES


def twin(qf, gf, qp, gp, qc, gc, distance="euclidean", max_rank=50):
    """One query after the other, distances in float64, a full sort, misses before hits at equal distance."""
    qf, gf = np.asarray(qf, np.float64), np.asarray(gf, np.float64)
    curves, step, official, inp = [], [], [], []
    for query, pid, camid in zip(qf, qp, qc, strict=True):
        hits = [hit for _, hit in ranked(query, gf, pid, gp, camid, gc, distance)]
        if not any(hits):
            for values in (step, official, inp):
                values.append(np.nan)
            continue
        places = [place for place, hit in enumerate(hits) if hit]
        step.append(np.mean([(i + 1) / (k + 1) for i, k in enumerate(places)]))
        official.append(market_matlab_ap(hits))
        inp.append(len(places) / (places[-1] + 1))
        curves.append([float(any(hits[: rank + 1])) for rank in range(max_rank)])
    return np.mean(curves, axis=0), np.array(step), np.array(official), np.array(inp)


def ranked(query, gf, pid, gp, camid, gc, distance):
    """Distance and whether it is a hit, of each gallery image that counts, sorted."""
    if distance == "euclidean":
        distances = ((gf - query) ** 2).sum(1)
    else:
        norms = np.sqrt((gf**2).sum(1)) * np.sqrt((query**2).sum())
        distances = 1 - np.divide(gf @ query, norms, out=np.zeros(len(gf)), where=norms > 0)
    return sorted(
        (round(d, 9), p == pid)
        for d, p, c in zip(distances, gp, gc, strict=True)
        if p != -1 and not (p == pid and c == camid)
    )


def market_matlab_ap(hits):
    """The loop of Market-1501's compute_AP.m: trapezoids under the precision-recall curve."""
    old_recall, old_precision, ap, found = 0.0, 1.0, 0.0, 0
    for seen, hit in enumerate(hits, 1):
        found += hit
        recall, precision = found / sum(hits), found / seen
        ap += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return ap


def list_of(hits, pid=7):
    """A query at 0 and a gallery at 1, 2, 3, ...: the list reads as ``hits`` does."""
    places = np.arange(1, len(hits) + 1, dtype=np.float32)[:, None]
    return np.zeros((1, 1), np.float32), places, [pid], np.where(hits, pid, pid + 1), [0], np.ones(len(hits))


def assert_agrees(arguments, **options):
    result = evaluate_ranking(*arguments, **options)
    cmc, step, official, inp = twin(*arguments, **{k: v for k, v in options.items() if k in ("distance", "max_rank")})
    np.testing.assert_array_equal(result.valid, ~np.isnan(step))
    for found, expected in ((result.ap_step, step), (result.ap_official, official), (result.inp, inp)):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(result.cmc, cmc, rtol=1e-12)
    assert result.mAP_step == pytest.approx(np.nanmean(step))
    assert result.mAP_official == pytest.approx(np.nanmean(official))
    assert result.mINP == pytest.approx(np.nanmean(inp))
    assert (result.num_queries, result.num_valid_queries) == (len(step), result.valid.sum())


@pytest.mark.parametrize(
    ("hits", "step", "official", "inp"),
    [
        ([0, 1], 0.5, 0.25, 0.5),
        ([1, 1, 0, 1, 0, 0, 1], 0.830357, 0.811012, 0.571429),
        ([0, 0, 1, 1], 0.416667, 0.291667, 0.5),
        ([1, 0, 0, 0, 0, 1], 0.666667, 0.633333, 0.333333),
        ([0, 1, 0, 1], 0.5, 0.333333, 0.5),
    ],
)
def test_published_average_precisions(hits, step, official, inp):
    result = evaluate_ranking(*list_of(hits))
    assert result.mAP_step == pytest.approx(step, abs=1e-6)
    assert result.mAP_official == pytest.approx(official, abs=1e-6)
    assert result.mINP == pytest.approx(inp, abs=1e-6)
    assert result.first_match.tolist() == [hits.index(1) + 1]


def labels(draw, low, high, count):
    return np.array(draw(st.lists(st.integers(low, high), min_size=count, max_size=count)))


@st.composite
def retrieval(draw):
    """Small whole-numbered features, so that ties abound and float32 is exact but for cosines; all kinds of images."""
    queries, images, width = draw(st.integers(1, 5)), draw(st.integers(1, 14)), draw(st.integers(1, 3))
    query_features = labels(draw, -2, 2, queries * width).reshape(queries, width)
    gallery_features = labels(draw, -2, 2, images * width).reshape(images, width)
    query_pids, gallery_pids = labels(draw, 1, 3, queries), labels(draw, -1, 3, images)
    query_camids, gallery_camids = labels(draw, 0, 1, queries), labels(draw, 0, 1, images)
    return query_features, gallery_features, query_pids, gallery_pids, query_camids, gallery_camids


@settings(max_examples=200, deadline=None)
@given(arguments=retrieval(), distance=st.sampled_from(DISTANCES), max_rank=st.integers(1, 20))
def test_counting_equals_sorting(arguments, distance, max_rank):
    qf, gf, qp, gp, qc, gc = arguments
    if distance == "cosine":  # 1/sqrt(2) * 1/sqrt(2) is no round number: which of two that tie comes first is open
        for query, pid, camid in zip(qf.astype(float), qp, qc, strict=True):
            rows = ranked(query, gf.astype(float), pid, gp, camid, gc, distance)
            assume(not {d for d, hit in rows if hit} & {d for d, hit in rows if not hit})
    if any(((gp == pid) & (gc != camid)).any() for pid, camid in zip(qp, qc, strict=True)):
        assert_agrees(arguments, distance=distance, max_rank=max_rank)
    else:
        with pytest.raises(UserError, match="has a right match"):
            evaluate_ranking(*arguments, distance=distance, max_rank=max_rank)


def clustered(queries=40, images=600, width=16, people=12, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((people + 1, width))
    qp, gp = rng.integers(1, people + 1, queries), rng.integers(-1, people + 1, images)
    qf = centres[qp] + noise * rng.standard_normal((queries, width))
    gf = centres[gp] + noise * rng.standard_normal((images, width))
    return np.float32(qf), np.float32(gf), qp, gp, rng.integers(0, 3, queries), rng.integers(0, 3, images)


def test_many_images_agree_with_the_twin():
    qf, gf, *labels_of_both = clustered()
    arguments = (np.round(8 * qf) / 8, np.round(8 * gf) / 8, *labels_of_both)  # few bits: float32 makes no error
    assert_agrees(arguments)
    assert 0.3 < evaluate_ranking(*arguments).mAP_step < 0.9


@pytest.mark.parametrize("distance", DISTANCES)
def test_float_features_agree_with_the_twin_up_to_near_ties(distance):
    arguments = clustered()
    result = evaluate_ranking(*arguments, distance=distance)
    _, step, official, inp = twin(*arguments, distance=distance)
    for found, expected in ((result.ap_step, step), (result.ap_official, official), (result.inp, inp)):
        np.testing.assert_allclose(found, expected, rtol=2e-3)
    assert result.mAP_step == pytest.approx(step.mean(), rel=1e-4)


def test_memory_bound_does_not_change_the_result():
    arguments = clustered(queries=30, images=5000)
    large, small = evaluate_ranking(*arguments), evaluate_ranking(*arguments, memory_mb=1e-3)  # one row at a time
    np.testing.assert_array_equal(large.cmc, small.cmc)
    for name in ("ap_step", "ap_official", "inp"):
        np.testing.assert_allclose(getattr(large, name), getattr(small, name), rtol=1e-3)


@pytest.mark.parametrize("width", [1, 7, 64, 513])
@pytest.mark.parametrize("images", [5, 17, 257, 1003])
@pytest.mark.parametrize("distance", DISTANCES)
def test_trap_3_constant_features_put_every_match_last(width, images, distance):
    """A BLAS gives equal columns scores that differ in the last bit; that must not look like a hit."""
    value = np.abs(np.random.default_rng(width).standard_normal(width, dtype=np.float32))
    gallery_pids = np.full(images, 2)
    gallery_pids[-2:] = 1  # the last columns, which the BLAS treats differently
    result = evaluate_ranking(
        np.tile(value, (3, 1)), np.tile(value, (images, 1)), [1, 1, 1], gallery_pids, [0] * 3, [1] * images,
        distance=distance,
    )  # fmt: skip
    assert result.first_match.tolist() == [images - 1] * 3
    assert result.mINP == pytest.approx(2 / images)


def test_a_match_at_the_origin_ties_with_a_negative_that_is_as_far():
    """The square of float32's root of 6 is not 6: the norm itself must be in the score."""
    result = evaluate_ranking([[1.0, 0, 2]], [[0.0, 0, 0], [1, 2, 1]], [1], [1, 2], [0], [1, 1])
    assert result.first_match.tolist() == [2]


def test_trap_1_queries_without_a_match_are_counted_but_not_averaged():
    qf, gf, qp, gp, qc, gc = list_of([1, 0])
    result = evaluate_ranking(np.vstack([qf, qf]), gf, [*qp, 99], gp, [*qc, 0], gc)
    assert (result.num_queries, result.num_valid_queries) == (2, 1)
    assert result.valid.tolist() == [True, False]
    assert np.isnan(result.ap_step[1])
    assert result.first_match.tolist() == [1, 0]
    assert (result.mAP_step, result.cmc[0]) == (1.0, 1.0)


def test_trap_2_cmc_keeps_its_last_value_beyond_a_short_list():
    long = list_of([0, 0, 0, 1])
    assert evaluate_ranking(*long, max_rank=8).cmc.tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
    assert evaluate_ranking(*long, max_rank=2).cmc.tolist() == [0, 0]


def test_junk_and_distractors():
    qf, gf, qp, _, _, _ = list_of([0, 0, 0, 1])
    junk_same_camera, junk_pid, distractor, match = 7, -1, 0, 7
    result = evaluate_ranking(qf, gf, qp, [junk_same_camera, junk_pid, distractor, match], [0], [0, 1, 1, 1])
    assert result.first_match.tolist() == [2]  # only the distractor stands before the match


def test_without_cameras_only_the_own_file_is_junk():
    qf, gf, qp, gp, _, _ = list_of([1, 0, 1])
    assert evaluate_ranking(qf, gf, qp, gp, None, None).first_match.tolist() == [1]
    own_file = evaluate_ranking(qf, gf, qp, gp, None, None, query_indices=[10], gallery_indices=[10, 11, 12])
    assert own_file.first_match.tolist() == [2]


def test_tensors_and_arrays_give_the_same():
    arrays = clustered(queries=10, images=50)
    tensors = [torch.from_numpy(np.asarray(value)) for value in arrays]
    tensors[0].requires_grad_()  # features straight from a network
    found = evaluate_ranking(*tensors, device="cpu")
    np.testing.assert_array_equal(found.ap_step, evaluate_ranking(*arrays).ap_step)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_equals_cpu():
    arguments = clustered()
    np.testing.assert_allclose(
        evaluate_ranking(*arguments, device="cuda").ap_step, evaluate_ranking(*arguments).ap_step, rtol=1e-3
    )


def test_refusals_say_what_to_do():
    qf, gf, qp, gp, qc, gc = list_of([1, 0])
    broken = gf.copy()
    broken[1] = np.nan
    for message, arguments, options in (
        (r"none of 1 queries has a right match .* 0 \(pid 99\).* check pids", (qf, gf, [99], gp, qc, gc), {}),
        ("none of 1 queries", (qf, gf, qp, [-1, -1], qc, gc), {}),
        ("query 0 has pid 0, .* number the identities from 1", (qf, gf, [0], gp, qc, gc), {}),
        ("1 gallery features are not finite .* number 1", (qf, broken, qp, gp, qc, gc), {}),
        ("query features have 1 values and gallery features 2", (qf, np.ones((2, 2)), qp, gp, qc, gc), {}),
        (r"gallery features must be N x D .* \(0, 1\)", (qf, gf[:0], qp, [], qc, []), {}),
        (r"2 gallery features came with pids of shape \(1,\)", (qf, gf, qp, gp[:1], qc, gc), {}),
        ("only one of query_camids and gallery_camids", (qf, gf, qp, gp, qc, None), {}),
        ("distance must be one of 'euclidean', 'cosine', got 'l1'", (qf, gf, qp, gp, qc, gc), {"distance": "l1"}),
        ("max_rank must be at least 1, got 0", (qf, gf, qp, gp, qc, gc), {"max_rank": 0}),
        ("memory_mb must be above 0, got 0", (qf, gf, qp, gp, qc, gc), {"memory_mb": 0}),
    ):
        with pytest.raises(UserError, match=message):
            evaluate_ranking(*arguments, **options)


def test_ranked_lists_mark_right_wrong_and_junk():
    qf, gf, qp, _, _, _ = list_of([0, 0, 0, 0, 1])
    query_features = np.vstack([qf, qf + 6])
    arguments = (query_features, gf, [*qp, 8], [7, -1, 0, 8, 7], [0, 0], [0, 1, 1, 1, 1])
    first, second = ranked_lists(*arguments, queries=[0, 1], top=4)
    assert (first.query, first.indices.tolist()) == (0, [0, 1, 2, 3])
    assert first.marks == ("junk", "junk", "wrong", "wrong")
    assert first.distances.tolist() == [1, 2, 3, 4]
    assert (second.query, second.indices.tolist()) == (1, [4, 3, 2, 1])
    assert second.marks == ("wrong", "right", "wrong", "junk")
    (whole,) = ranked_lists(*arguments, queries=[1], top=50)
    assert len(whole.indices) == 5


@pytest.mark.parametrize("distance", DISTANCES)
def test_ranked_lists_agree_with_the_metric(distance):
    arguments = clustered(queries=8)
    result = evaluate_ranking(*arguments, distance=distance)
    for found in ranked_lists(*arguments, queries=range(8), top=600, distance=distance):
        kept = [mark for mark in found.marks if mark != "junk"]
        assert kept.index("right") + 1 == result.first_match[found.query]
        assert (np.diff(found.distances) > -1e-5).all()


def test_ranked_lists_put_a_tied_match_last():
    features = np.ones((3, 2), np.float32)
    (found,) = ranked_lists(features[:1], features, [1], [1, 2, 3], [0], [1, 1, 1], queries=[0], distance="cosine")
    assert found.marks == ("wrong", "wrong", "right")
    assert found.distances == pytest.approx([0, 0, 0], abs=1e-6)


def test_ranked_lists_refuse_rows_that_are_not_there():
    arguments = list_of([1, 0])
    with pytest.raises(UserError, match="no query 3: the rows go from 0 to 0"):
        ranked_lists(*arguments, queries=[3])
    with pytest.raises(UserError, match="top must be at least 1, got 0"):
        ranked_lists(*arguments, queries=[0], top=0)
