"""Re-ranking on sparse vectors against a dense float64 twin that goes through the Matlab reference step by step."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reidzoo.base.errors import UserError
from reidzoo.evaluation import Reranking, evaluate_ranking
from reidzoo.evaluation.image_sets import ImageSet
from reidzoo.evaluation.reranking import nearest_images


def matlab_round(value):
    return int(np.floor(value + 0.5))


def twin_lists(features):
    """Squared distances N x N in float64, and full neighbour lists: itself first, ties in the order of the images."""
    features = np.asarray(features, np.float64)
    distances = np.stack([((features - row) ** 2).sum(1) for row in features])
    for_order = distances - 2 * np.eye(len(distances))
    return distances, np.argsort(for_order, axis=1, kind="stable")


def twin_distances(query_features, gallery_features, k1, k2, lambda_value):
    """Q x G float64: dense arrays, a loop an image, nothing shared with the package."""
    distances, ranks = twin_lists(np.concatenate([query_features, gallery_features]))
    total, queries = len(distances), len(query_features)
    farthest = distances.max(1, keepdims=True)
    distances = distances / np.where(farthest > 0, farthest, 1)
    vectors = np.zeros((total, total))

    def reciprocal(image, length):
        return {near for near in ranks[image, :length] if image in ranks[near, :length]}

    for image in range(total):
        near = reciprocal(image, k1 + 1)
        expanded = set(near)
        for candidate in near:
            of_candidate = reciprocal(candidate, matlab_round((k1 + 1) / 2))
            if len(near & of_candidate) > 2 / 3 * len(of_candidate):
                expanded |= of_candidate
        columns = sorted(expanded)
        weights = np.exp(-distances[image, columns])
        vectors[image, columns] = weights / weights.sum()
    vectors = np.stack([vectors[ranks[image, :k2]].mean(0) for image in range(total)])
    jaccard = np.empty((queries, total))
    for row in range(queries):
        jaccard[row] = 1 - np.minimum(vectors[row], vectors).sum(1) / np.maximum(vectors[row], vectors).sum(1)
    return ((1 - lambda_value) * jaccard + lambda_value * distances[:queries])[:, queries:]


def twin_ap(query_features, gallery_features, qp, gp, qc, gc, k1=20, k2=6, lambda_value=0.3):
    """Step AP of every query (NaN without a match) from a full sort, misses before hits at equal distance."""
    found = []
    for row, pid, camid in zip(
        twin_distances(query_features, gallery_features, k1, k2, lambda_value), qp, qc, strict=True
    ):
        kept = (gp != -1) & ~((gp == pid) & (gc == camid))
        hits = (gp == pid)[kept]
        hits = hits[np.lexsort((hits, row[kept].round(6)))]
        places = np.flatnonzero(hits)
        found.append(((np.arange(len(places)) + 1) / (places + 1)).mean() if len(places) else np.nan)
    return np.array(found)


def unit(features):
    return np.float32(features / np.linalg.norm(features, axis=1, keepdims=True))


def clustered(queries=40, images=400, width=16, people=20, noise=0.8, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((people + 1, width))
    qp, gp = rng.integers(1, people + 1, queries), rng.integers(-1, people + 1, images)
    qf = centres[qp] + noise * rng.standard_normal((queries, width))
    gf = centres[gp] + noise * rng.standard_normal((images, width))
    return unit(qf), unit(gf), qp, gp, rng.integers(0, 3, queries), rng.integers(0, 3, images)


def assert_agrees(arguments, atol=1e-9, **parameters):
    found = evaluate_ranking(*arguments, reranking=Reranking(**parameters))
    expected = twin_ap(*arguments, **parameters)
    np.testing.assert_allclose(found.ap_step, expected, atol=atol)
    return found


@pytest.mark.parametrize(
    "parameters",
    [
        {},  # the paper's
        {"k1": 15, "k2": 3},  # a half neighbourhood of 8; numpy's rounding would give 9
        {"k1": 4, "k2": 1},  # no averaging
        {"k1": 3, "k2": 8},  # more neighbours averaged than mutual
        {"lambda_value": 0},  # Jaccard alone: every image without a shared neighbour ties
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_the_dense_twin(parameters, seed):
    assert_agrees(clustered(seed=seed), **parameters)


@pytest.mark.slow
def test_agrees_with_the_dense_twin_at_the_width_of_real_features():
    assert_agrees(clustered(queries=300, images=1500, width=512, people=100, noise=2.5))


def test_lambda_1_is_the_original_ranking():
    arguments = clustered()
    np.testing.assert_allclose(
        evaluate_ranking(*arguments, reranking=Reranking(lambda_value=1)).ap_step, evaluate_ranking(*arguments).ap_step
    )


def test_raises_map_where_neighbours_are_the_same_person():
    arguments = clustered()
    assert evaluate_ranking(*arguments, reranking=Reranking()).mAP_step > evaluate_ranking(*arguments).mAP_step + 0.1


def test_cosine_is_the_distance_of_normalized_features():
    query, gallery, *labels = clustered()
    scaled = (query * np.linspace(0.5, 4, len(query), dtype=np.float32)[:, None], 3 * gallery, *labels)
    found = evaluate_ranking(*scaled, distance="cosine", reranking=Reranking())
    np.testing.assert_allclose(found.ap_step, twin_ap(query, gallery, *labels), atol=1e-9)


def test_memory_bound_does_not_change_the_result():
    arguments = clustered()
    small = evaluate_ranking(*arguments, reranking=Reranking(), memory_mb=1e-3)  # one row at a time
    np.testing.assert_allclose(small.ap_step, evaluate_ranking(*arguments, reranking=Reranking()).ap_step)


def test_terms_are_added_up_in_portions(monkeypatch):
    monkeypatch.setattr("reidzoo.evaluation.reranking._TERMS", 500)
    assert_agrees(clustered())


@st.composite
def tied_retrieval(draw):
    """Few different features, whole numbers of one length up to rounding or not: duplicates and ties everywhere."""
    count = draw(st.integers(12, 40))
    corners = draw(st.lists(st.tuples(*[st.integers(-1, 1)] * 3), min_size=count, max_size=count))
    features = np.float32(corners)
    pids = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    camids = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    queries = draw(st.integers(1, 6))
    both = [(np.array(values)[:queries], np.array(values)[queries:]) for values in (features, pids, camids)]
    return tuple(part for pair in both for part in pair)


@settings(max_examples=60, deadline=None)
@given(
    arguments=tied_retrieval(),
    parameters=st.fixed_dictionaries({"k1": st.integers(1, 9), "k2": st.integers(1, 5)}),
    lambda_value=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_agrees_with_the_twin_on_ties_and_duplicates(arguments, parameters, lambda_value):
    assume(not np.isnan(twin_ap(*arguments, **parameters)).all())
    assert_agrees(arguments, lambda_value=lambda_value, **parameters)


@pytest.mark.parametrize(
    ("copies", "perturbed"),
    [(5, True), (5, False), (60, False)],  # 60 are far beyond the reserve of candidates
)
def test_neighbours_are_exact_where_float32_is_not(copies, perturbed):
    """Every feature several times, some but for the last bit: the product alone gets the order wrong."""
    rng = np.random.default_rng(0)
    few = np.repeat(unit(rng.standard_normal((7, 512))), copies, axis=0)
    if perturbed:
        few[::3, 0] = np.nextafter(few[::3, 0], np.float32(2))
    features = torch.from_numpy(few[rng.permutation(len(few))])
    nobody = np.zeros(len(features), np.int64)
    neighbours, farthest = nearest_images(ImageSet(features, nobody, nobody), 21, memory_mb=512)
    distances, lists = twin_lists(features)
    np.testing.assert_array_equal(neighbours, lists[:, :21])
    np.testing.assert_allclose(farthest, distances.max(1), rtol=1e-6)


def test_constant_features_score_badly():
    count = 300
    rng = np.random.default_rng(0)
    features = np.full((count, 64), 0.125, np.float32)
    pids, camids = rng.integers(1, 31, count), rng.integers(0, 2, count)
    split = [part for values in (features, pids, camids) for part in (values[:100], values[100:])]
    assert evaluate_ranking(*split, reranking=Reranking()).mAP_step < 0.06


def test_junk_takes_part_in_neighbourhoods_but_not_in_the_list():
    query, gallery, qp, gp, qc, gc = clustered()
    kept = gp != -1
    assert not kept.all()
    with_junk = assert_agrees((query, gallery, qp, gp, qc, gc))
    without = assert_agrees((query, gallery[kept], qp, gp[kept], qc, gc[kept]))
    assert (with_junk.ap_step != without.ap_step).any()


def test_without_cameras():
    query, gallery, qp, gp, _, _ = clustered()
    found = evaluate_ranking(query, gallery, qp, gp, None, None, reranking=Reranking())
    nowhere = (np.zeros_like(qp), np.ones_like(gp))
    np.testing.assert_allclose(found.ap_step, twin_ap(query, gallery, qp, gp, *nowhere))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_reranking_on_a_gpu_equals_the_cpu():
    arguments = clustered()
    found = evaluate_ranking(*arguments, device="cuda", reranking=Reranking())
    np.testing.assert_allclose(found.ap_step, evaluate_ranking(*arguments, reranking=Reranking()).ap_step, rtol=1e-3)


def test_names_itself():
    assert str(Reranking()) == "k-reciprocal re-ranked k1=20 k2=6 lambda=0.3"


def test_half_neighbourhood_rounds_half_up():
    assert [Reranking(k1=k1).half for k1 in (1, 4, 14, 15, 20, 30)] == [1, 3, 8, 8, 11, 16]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k1": 0}, "k1 of re-ranking must be a whole number of at least 1, got 0"),
        ({"k2": 2.5}, "k2 of re-ranking must be a whole number of at least 1, got 2.5"),
        ({"lambda_value": 1.1}, r"lambda_value of re-ranking must lie in \[0, 1\], got 1.1"),
        ({"lambda_value": float("nan")}, "got nan"),
    ],
)
def test_parameters_are_refused(parameters, message):
    with pytest.raises(UserError, match=message):
        Reranking(**parameters)


def test_too_few_images_are_refused():
    arguments = clustered(queries=5, images=15)
    with pytest.raises(UserError, match=r"k1=20 and k2=6 needs at least 21 images, but .* have 20 together: lower k1"):
        evaluate_ranking(*arguments, reranking=Reranking())
    assert_agrees(arguments, k1=19)  # as many images as neighbours


def test_broken_features_and_wrong_distances_are_refused():
    query, gallery, *labels = clustered()
    gallery[3] = np.nan
    with pytest.raises(UserError, match=r"1 gallery features are not finite .* number"):
        evaluate_ranking(query, gallery, *labels, reranking=Reranking())
    with pytest.raises(UserError, match="distance must be one of 'euclidean', 'cosine', got 'l1'"):
        evaluate_ranking(*clustered(), distance="l1", reranking=Reranking())
