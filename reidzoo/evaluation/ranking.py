"""CMC, mAP in both flavours and mINP, with ranks found by counting instead of sorting.

A right match stands at rank ``i + (negatives at most as far away)``, where ``i`` counts the right matches before
it. So nothing is sorted but each query's few right matches, and no Q x G array is ever held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.base.labels import JUNK_PID
from reidzoo.evaluation.image_sets import ImageSet, Labels, image_sets
from reidzoo.evaluation.reranking import Reranking, reranked_scores
from reidzoo.evaluation.scores import Scores, product_scores


@dataclass(frozen=True)
class RankingResult:
    """How well queries find their matches; every number is a fraction in [0, 1], never a percentage.

    Means run over the valid queries only, those with at least one right match in the gallery. Per-query arrays
    have one entry a query, in the order given; the entries of queries that are not valid are NaN (``first_match``: 0).

    Attributes:
        cmc: ``max_rank`` float64; ``cmc[k - 1]`` is the share of queries with a right match among the first k.
            Beyond the end of a list shorter than ``max_rank`` it stays at its last value.
        mAP_step: mean of ``ap_step``.
        mAP_official: mean of ``ap_official``; never above ``mAP_step``.
        mINP: mean of ``inp``.
        num_queries: all queries.
        num_valid_queries: queries with a match.
        valid: Q bool.
        first_match: Q int64, 1-based rank of the nearest right match.
        ap_step: Q float64, average precision as torchreid, fast-reid and scikit-learn >= 0.19 compute it.
        ap_official: Q float64, average precision by trapezoids, as Market-1501's Matlab code computes it.
        inp: Q float64, inverse negative penalty (Ye et al., TPAMI 2021): matches over the rank of the last one.
    """

    cmc: np.ndarray
    mAP_step: float
    mAP_official: float
    mINP: float
    num_queries: int
    num_valid_queries: int
    valid: np.ndarray
    first_match: np.ndarray
    ap_step: np.ndarray
    ap_official: np.ndarray
    inp: np.ndarray


def evaluate_ranking(
    query_features: Tensor | np.ndarray,
    gallery_features: Tensor | np.ndarray,
    query_pids: Labels,
    gallery_pids: Labels,
    query_camids: Labels | None,
    gallery_camids: Labels | None,
    *,
    query_indices: Labels | None = None,
    gallery_indices: Labels | None = None,
    distance: str = "euclidean",
    max_rank: int = 50,
    memory_mb: float = 512,
    device: torch.device | str | None = None,
    reranking: Reranking | None = None,
) -> RankingResult:
    """Rank the gallery for every query and score the ranking.

    Rules, those of Market-1501: gallery images of pid -1 are junk and removed; images of pid 0 are distractors, they
    stay and are always wrong; an image of the query's pid *and* camid is junk for this query. Without cameras
    (camids None) only the query's own file is junk, which the indices tell; without indices nothing is.
    Ties go against the query: a negative at the distance of a right match, up to float32 rounding, ranks before it.

    The matrix product runs on ``device``, the counting on the CPU.

    Args:
        query_features: Q x D float.
        gallery_features: G x D float.
        query_pids: Q, each above 0.
        gallery_pids: G, each -1 or more.
        query_camids: Q, or None when there are no cameras.
        gallery_camids: G, or None when there are no cameras.
        query_indices: Q, which file a query is; used without cameras.
        gallery_indices: G, which file a gallery image is; used without cameras.
        distance: 'euclidean' or 'cosine'.
        max_rank: length of the CMC.
        memory_mb: bound on the block of scores, MiB (at least one row of the gallery's length is held).
        device: where the products run; None means where ``query_features`` lie.
        reranking: rank by k-reciprocal re-ranked distances; the paper normalises the features first. The whole
            gallery, junk too, takes part in the neighbourhoods.

    Raises:
        UserError: shapes that disagree, features that are not finite, a query of pid 0 or -1, no valid query,
            re-ranking with fewer images than neighbours.
    """
    query, gallery = image_sets(
        query_features,
        gallery_features,
        query_pids,
        gallery_pids,
        query_camids,
        gallery_camids,
        query_indices,
        gallery_indices,
        device,
    )
    if max_rank < 1:
        raise UserError(f"max_rank must be at least 1, got {max_rank}: it is the length of the CMC")
    if memory_mb <= 0:
        raise UserError(f"memory_mb must be above 0, got {memory_mb}: it bounds the block of scores in MiB")
    by_pid = np.argsort(gallery.pids, kind="stable")  # the images of one identity become one slice
    kept = by_pid[gallery.pids[by_pid] != JUNK_PID]
    if reranking is None:
        scores = product_scores(query, gallery.take(kept), distance, memory_mb)
    else:
        scores = reranked_scores(query, gallery, kept, distance, reranking, memory_mb)
    ranks = _ranks_of_matches(query, gallery.pids[kept], gallery.sources[kept], scores)
    if not any(len(of_query) for of_query in ranks):
        named = ", ".join(f"{row} (pid {query.pids[row]})" for row in range(min(5, len(ranks))))
        raise UserError(
            f"none of {len(ranks)} queries has a right match in the gallery, the first being {named}: expected images "
            "of the same pid from another camera (or another file, without cameras); check pids, camids and the split"
        )
    return _summarise(ranks, max_rank)


def _ranks_of_matches(query: ImageSet, pids: np.ndarray, sources: np.ndarray, scores: Scores) -> list[np.ndarray]:
    """For each query the 0-based ranks of its right matches, ascending, in a gallery sorted by pid (G, G)."""
    first = np.searchsorted(pids, query.pids)
    last = np.searchsorted(pids, query.pids, side="right")
    ranks = []
    for number, row in enumerate(row for block in scores.blocks for row in block):
        same = slice(first[number], last[number])
        right = sources[same] != query.sources[number]
        thresholds = np.sort((row[same] - scores.rounding(number, same))[right])[::-1]
        row[same] = -np.inf  # what is left are the negatives
        nearer = [np.count_nonzero(row >= threshold) for threshold in thresholds]
        ranks.append(np.arange(len(nearer)) + np.array(nearer, np.int64))
    return ranks


def _summarise(ranks: list[np.ndarray], max_rank: int) -> RankingResult:
    """Average precisions, INP and CMC from the 0-based ranks ``k_0 < k_1 < ...`` of each query's matches."""
    matches = np.array([len(of_query) for of_query in ranks])  # n of each query
    valid = matches > 0
    n = matches[valid]
    start = np.cumsum(n) - n
    k = np.concatenate(ranks)
    i = np.arange(len(k)) - np.repeat(start, n)
    precision = (i + 1) / (k + 1)
    precision_before = np.where(k == 0, 1.0, i / np.maximum(k, 1))  # of the list that ends just above the match

    def per_query(values: np.ndarray) -> np.ndarray:
        table = np.full(len(matches), np.nan)
        table[valid] = values
        return table

    ap_step = np.add.reduceat(precision, start) / n
    ap_official = np.add.reduceat((precision + precision_before) / 2, start) / n
    inp = n / (k[start + n - 1] + 1)
    first_match = np.zeros(len(matches), np.int64)
    first_match[valid] = k[start] + 1
    hits = np.bincount(k[start][k[start] < max_rank], minlength=max_rank)
    return RankingResult(
        cmc=np.cumsum(hits) / len(n),
        mAP_step=float(ap_step.mean()),
        mAP_official=float(ap_official.mean()),
        mINP=float(inp.mean()),
        num_queries=len(matches),
        num_valid_queries=len(n),
        valid=valid,
        first_match=first_match,
        ap_step=per_query(ap_step),
        ap_official=per_query(ap_official),
        inp=per_query(inp),
    )
