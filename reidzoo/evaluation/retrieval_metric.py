"""What MMEngine's test loop asks: features of a query and a gallery in, CMC, mAP and mINP out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor
from torch.nn.functional import normalize

from reidzoo.base.errors import UserError, nearest
from reidzoo.evaluation.ranking import RankingResult, evaluate_ranking
from reidzoo.evaluation.reranking import Reranking
from reidzoo.registry import METRICS

Result = tuple[int, np.ndarray]


@METRICS.register
class RetrievalMetric(BaseMetric):
    """CMC, mAP (step and official) and mINP of one test data set that holds query and gallery.

    Every batch brings ``indices`` (B int64, rows of the data set), every prediction the B x D features of its
    images. ``dataset_meta`` brings ``pids`` (N), ``camids`` (N, or None without cameras) and ``is_query`` (N bool)
    in the order of the data set. Rules, ties and memory are those of :func:`reidzoo.evaluation.evaluate_ranking`.

    Args:
        distance: 'euclidean' or 'cosine'.
        normalize: compare features of length 1; the two distances then give the same order.
        max_rank: length of the CMC in ``last_result``.
        ranks: the k of the ``rank<k>`` that are reported.
        memory_mb: bound on the block of scores, MiB.
        reranking: k1, k2 and lambda_value of :class:`reidzoo.evaluation.Reranking`, ``dict()`` for the paper's; None
            ranks by the distance alone.
        collect_device: 'cpu' or 'gpu', where the processes of a distributed test exchange features.
        prefix: put before the names of the metrics.

    Attributes:
        ranking: what the gallery is ranked by, in words for a row of results.
        last_result: :class:`RankingResult` of the last test (fractions), in the main process; re-ranked if asked for.
        last_features: N x D float32, the features as they were compared, in the order of the data set.

    Raises:
        UserError: a rank above ``max_rank``, parameters of re-ranking that do not exist or are out of range.
    """

    default_prefix = ""  # None would make MMEngine warn

    def __init__(
        self,
        distance: str = "euclidean",
        normalize: bool = True,
        max_rank: int = 50,
        ranks: Sequence[int] = (1, 5, 10),
        memory_mb: float = 512,
        reranking: dict[str, float] | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ):
        super().__init__(collect_device=collect_device, prefix=prefix)
        for rank in ranks:
            if not 1 <= rank <= max_rank:
                raise UserError(f"ranks must lie between 1 and max_rank={max_rank}, got {rank}")
        self.distance = distance
        self.normalize = normalize
        self.max_rank = max_rank
        self.ranks = tuple(ranks)
        self.memory_mb = memory_mb
        self.reranking = None if reranking is None else _reranking(reranking)
        self.last_result: RankingResult | None = None
        self.last_features: np.ndarray | None = None

    @property
    def ranking(self) -> str:
        """'euclidean', or 'euclidean, k-reciprocal re-ranked k1=20 k2=6 lambda=0.3'."""
        return self.distance if self.reranking is None else f"{self.distance}, {self.reranking}"

    def process(self, data_batch: dict[str, Any], data_samples: Iterable[Tensor]) -> None:
        """Keep one (index, feature) an image. MMEngine hands the B x D prediction over as a list of D-vectors."""
        indices = [int(index) for index in data_batch["indices"]]
        features = [feature.detach().float().cpu().numpy() for feature in data_samples]
        if len(indices) != len(features) or any(feature.ndim != 1 for feature in features):
            raise UserError(
                f"a batch of {len(indices)} images came back as {len(features)} predictions of shapes "
                f"{sorted({feature.shape for feature in features})}: mode 'predict' must return B x D features"
            )
        self.results.extend(zip(indices, features, strict=True))

    def compute_metrics(self, results: list[Result]) -> dict[str, float]:
        """Percentages (``mAP_step``, ``mAP_official``, ``mINP``, ``rank<k>``) and the two counts of queries.

        Raises:
            UserError: an image without a feature, ``dataset_meta`` without its arrays, or what ``evaluate_ranking``
                refuses.
        """
        return self.rank(self._in_order(results, len(self._labels()["pids"])))

    def rank(self, features: np.ndarray) -> dict[str, float]:
        """Rank by features N x D in the order of the data set; they and the result become the last ones.

        Gives the metrics of :meth:`compute_metrics`. After a test it ranks by what was made of its features, as often
        as wanted.

        Raises:
            UserError: ``dataset_meta`` without its arrays, or what ``evaluate_ranking`` refuses.
        """
        meta = self._labels()
        pids, is_query = np.asarray(meta["pids"]), np.asarray(meta["is_query"], dtype=bool)
        camids = None if meta["camids"] is None else np.asarray(meta["camids"])
        files = np.asarray(meta["files"]) if camids is None and "files" in meta else None
        if self.normalize:
            features = normalize(torch.from_numpy(features), dim=1).numpy()
        self.last_features = features
        self.last_result = result = evaluate_ranking(
            features[is_query],
            features[~is_query],
            pids[is_query],
            pids[~is_query],
            None if camids is None else camids[is_query],
            None if camids is None else camids[~is_query],
            query_indices=None if files is None else files[is_query],
            gallery_indices=None if files is None else files[~is_query],
            distance=self.distance,
            max_rank=self.max_rank,
            memory_mb=self.memory_mb,
            reranking=self.reranking,
        )
        return {
            "mAP_step": 100 * result.mAP_step,
            "mAP_official": 100 * result.mAP_official,
            "mINP": 100 * result.mINP,
            **{f"rank{rank}": 100 * float(result.cmc[rank - 1]) for rank in self.ranks},
            "num_queries": result.num_queries,
            "num_valid_queries": result.num_valid_queries,
        }

    def _labels(self) -> dict[str, Any]:
        """What the data set tells of its images."""
        meta = self.dataset_meta or {}
        absent = [key for key in ("pids", "camids", "is_query") if key not in meta]
        if absent:
            raise UserError(f"the metainfo of the data set lacks {', '.join(absent)}: test on a split with queries")
        return meta

    def _in_order(self, results: list[Result], count: int) -> np.ndarray:
        """N x D features in the order of the data set; a distributed sampler's padding repeats images."""
        by_index = dict(reversed(results))  # reversed, so that the first of several stays
        missing = sorted(set(range(count)) - by_index.keys())
        strange = sorted(by_index.keys() - set(range(count)))
        if missing or strange:
            raise UserError(
                f"expected one feature for each of the {count} images, but {len(missing)} are missing "
                f"(first rows: {missing[:5]}) and {len(strange)} are unknown ({strange[:5]}): "
                "test with a sampler that visits every image, and with the data set that dataset_meta describes"
            )
        return np.stack([by_index[index] for index in range(count)])


def _reranking(parameters: dict[str, float]) -> Reranking:
    known = [field.name for field in fields(Reranking)]
    if not isinstance(parameters, dict):
        raise UserError(f"reranking is a dict of {', '.join(known)}, dict() for the paper's values, got {parameters!r}")
    for key in parameters:
        if key not in known:
            raise UserError(f"re-ranking has no parameter {key!r}: {nearest(key, known)}")
    return Reranking(**parameters)
