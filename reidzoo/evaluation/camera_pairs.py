"""Which cameras find each other: rank-1 by camera of the query and camera of the gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.evaluation.image_sets import Labels, image_sets
from reidzoo.evaluation.ranking import evaluate_ranking


@dataclass(frozen=True)
class CameraPairs:
    """Rank-1 of every ordered pair of cameras, as fractions in [0, 1].

    Attributes:
        camids: C int64, ascending: every camera of a query or of the gallery.
        rank1: C x C float64, row the query's camera, column the gallery's; NaN where no query has a match. The
            diagonal is NaN always: an image of the query's own pid and camera is junk.
        num_queries: C x C int64, the queries with a match that the share is of.
    """

    camids: np.ndarray
    rank1: np.ndarray
    num_queries: np.ndarray


def camera_pair_rank1(
    query_features: Tensor | np.ndarray,
    gallery_features: Tensor | np.ndarray,
    query_pids: Labels,
    gallery_pids: Labels,
    query_camids: Labels,
    gallery_camids: Labels,
    *,
    distance: str = "euclidean",
    memory_mb: float = 512,
    device: torch.device | str | None = None,
) -> CameraPairs:
    """For each pair of cameras (a, b): how often the nearest image of camera b is right for a query of camera a.

    Rules and arguments are those of :func:`reidzoo.evaluation.evaluate_ranking`, with the images of one camera as
    the gallery: junk is removed, distractors of that camera stay, queries without a match there are left out.

    Raises:
        UserError: as ``evaluate_ranking``; no cameras.
    """
    if query_camids is None or gallery_camids is None:
        raise UserError("camera pairs need the camera of each image, and this data set knows none: leave them out")
    query, gallery = image_sets(
        query_features, gallery_features, query_pids, gallery_pids, query_camids, gallery_camids, None, None, device
    )
    camids = np.union1d(query.sources, gallery.sources)
    rank1 = np.full((len(camids), len(camids)), np.nan)
    num_queries = np.zeros(rank1.shape, np.int64)
    for row, of_query in enumerate(camids):
        for column, of_gallery in enumerate(camids):
            there = gallery.take(np.flatnonzero(gallery.sources == of_gallery))
            here = (query.sources == of_query) & np.isin(query.pids, there.pids)
            if of_query == of_gallery or not here.any():
                continue
            asked = query.take(np.flatnonzero(here))
            result = evaluate_ranking(
                asked.features,
                there.features,
                asked.pids,
                there.pids,
                asked.sources,
                there.sources,
                distance=distance,
                max_rank=1,
                memory_mb=memory_mb,
            )
            rank1[row, column] = result.cmc[0]
            num_queries[row, column] = result.num_valid_queries
    return CameraPairs(camids, rank1, num_queries)
