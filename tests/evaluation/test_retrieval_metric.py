"""The metric as MMEngine's test loop drives it."""

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from reidzoo.base.errors import UserError
from reidzoo.evaluation import Reranking, RetrievalMetric, evaluate_ranking

META = {
    "pids": np.array([1, 2, 1, 2, 0, -1]),
    "camids": np.array([0, 0, 1, 1, 1, 1]),
    "is_query": np.array([True, True, False, False, False, False]),
}
FEATURES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 0.3], [2.0, 2.1], [0.1, 9.0], [1.0, 0.0]])


def run(indices=range(6), meta=META, batch=4, **options):
    """Batches through an Evaluator, as the test loop does it; the metric and what it reported."""
    metric = RetrievalMetric(**options)
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = meta
    indices = torch.tensor(list(indices))
    for chunk in indices.split(batch):
        evaluator.process(data_samples=FEATURES[chunk % 6], data_batch={"indices": chunk})
    return metric, evaluator.evaluate(len(indices))


def test_reports_percentages_in_order():
    _, metrics = run()
    assert list(metrics) == [
        "mAP_step", "mAP_official", "mINP", "rank1", "rank5", "rank10", "num_queries", "num_valid_queries",
    ]  # fmt: skip
    assert metrics == pytest.approx(
        # query 0 finds its match first; query 1 finds the distractor before it
        {"mAP_step": 75, "mAP_official": 62.5, "mINP": 75, "rank1": 50, "rank5": 100, "rank10": 100,
         "num_queries": 2, "num_valid_queries": 2}
    )  # fmt: skip


def test_last_result_and_features_are_those_that_were_compared():
    metric, _ = run()
    np.testing.assert_allclose(np.linalg.norm(metric.last_features, axis=1), 1, rtol=1e-6)
    assert metric.last_result.mAP_step == 0.75
    metric, _ = run(normalize=False)
    np.testing.assert_array_equal(metric.last_features, FEATURES.numpy())


def test_padding_of_a_distributed_sampler_is_dropped():
    _, expected = run()
    _, padded = run(indices=[3, 1, 0, 5, 4, 2, 3, 1])
    assert padded == expected


def test_options_reach_the_ranking():
    metric, metrics = run(distance="cosine", normalize=False, max_rank=3, ranks=(1, 2), memory_mb=1, prefix="day")
    camids, is_query = META["camids"], META["is_query"]
    expected = evaluate_ranking(
        FEATURES[is_query], FEATURES[~is_query], META["pids"][is_query], META["pids"][~is_query],
        camids[is_query], camids[~is_query], distance="cosine", max_rank=3,
    )  # fmt: skip
    np.testing.assert_array_equal(metric.last_result.cmc, expected.cmc)
    assert metrics["day/rank2"] == 100 * expected.cmc[1]
    assert "day/rank5" not in metrics


def test_reranking_reaches_the_ranking_and_the_name():
    plain, _ = run()
    metric, metrics = run(reranking={"k1": 3, "k2": 2})
    is_query = META["is_query"]
    features = metric.last_features
    expected = evaluate_ranking(
        features[is_query], features[~is_query], META["pids"][is_query], META["pids"][~is_query],
        META["camids"][is_query], META["camids"][~is_query], reranking=Reranking(k1=3, k2=2),
    )  # fmt: skip
    np.testing.assert_array_equal(metric.last_result.ap_step, expected.ap_step)
    assert metrics["mAP_step"] == 100 * expected.mAP_step
    assert plain.ranking == "euclidean"
    assert metric.ranking == "euclidean, k-reciprocal re-ranked k1=3 k2=2 lambda=0.3"
    assert RetrievalMetric(distance="cosine", reranking={}).ranking == f"cosine, {Reranking()}"


def test_without_cameras_every_image_of_the_pid_counts():
    meta = {**META, "camids": None}
    assert run(meta=meta)[1]["num_valid_queries"] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"indices": [0, 1, 2, 4, 5]}, r"1 are missing \(first rows: \[3\]\)"),
        ({"indices": range(7)}, r"1 are unknown \(\[6\]\)"),
        ({"meta": {"pids": META["pids"]}}, "lacks camids, is_query"),
        ({"meta": None}, "lacks pids, camids, is_query"),
        ({"ranks": (1, 60)}, "between 1 and max_rank=50, got 60"),
        ({"reranking": True}, "reranking is a dict of k1, k2, lambda_value"),
        ({"reranking": {"lambda": 0.3}}, "re-ranking has no parameter 'lambda': did you mean 'lambda_value'"),
        ({"reranking": {"k1": 0}}, "k1 of re-ranking must be a whole number"),
        ({"reranking": {}}, "needs at least 21 images, but queries and gallery have 6 together"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(UserError, match=message):
        run(**options)


@pytest.mark.parametrize("features", [torch.ones(2, 3), torch.ones(3, 2, 2)])
def test_predictions_must_be_one_vector_an_image(features):
    metric = RetrievalMetric()
    with pytest.raises(UserError, match=r"a batch of 3 images came back as .* B x D"):
        metric.process({"indices": torch.arange(3)}, list(features))
