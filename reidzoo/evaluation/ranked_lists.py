"""The nearest gallery images of a few queries, for pictures and for looking up single results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reidzoo.base.distances import cosine_distance
from reidzoo.base.errors import UserError
from reidzoo.base.labels import JUNK_PID
from reidzoo.evaluation.image_sets import Labels, comparable, image_sets


@dataclass(frozen=True)
class RankedGallery:
    """What stands first in one query's list; junk keeps its place here and is marked, though no metric counts it.

    Attributes:
        query: row of the query.
        indices: K int64, rows of the gallery, nearest first; K is ``top``, or G where the gallery is smaller.
        distances: K float32, Euclidean (not squared) or cosine.
        marks: K of 'right', 'wrong' or 'junk'.
    """

    query: int
    indices: np.ndarray
    distances: np.ndarray
    marks: tuple[str, ...]


def ranked_lists(
    query_features: Tensor | np.ndarray,
    gallery_features: Tensor | np.ndarray,
    query_pids: Labels,
    gallery_pids: Labels,
    query_camids: Labels | None,
    gallery_camids: Labels | None,
    *,
    queries: Sequence[int] | np.ndarray,
    top: int = 10,
    query_indices: Labels | None = None,
    gallery_indices: Labels | None = None,
    distance: str = "euclidean",
    device: torch.device | str | None = None,
) -> list[RankedGallery]:
    """The ``top`` nearest gallery images of each of ``queries`` (rows of the query set), one list a query.

    Order, rules and the other arguments are those of :func:`reidzoo.evaluation.evaluate_ranking`; at equal
    distance a right match comes last.

    Raises:
        UserError: as ``evaluate_ranking``; a row that is not in the query set; ``top`` below 1.
    """
    if top < 1:
        raise UserError(f"top must be at least 1, got {top}: it is the length of the lists")
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
    chosen = np.asarray(queries, dtype=np.int64)
    absent = chosen[(chosen < 0) | (chosen >= len(query.pids))]
    if len(absent):
        raise UserError(f"there is no query {absent[0]}: the rows go from 0 to {len(query.pids) - 1}")
    query = query.take(chosen)
    q, g, _, _ = comparable(query, gallery, distance)
    lists = []
    for number, scores in enumerate(torch.mm(q, g.T).cpu().numpy()):
        same = gallery.pids == query.pids[number]
        junk = (gallery.pids == JUNK_PID) | same & (gallery.sources == query.sources[number])
        nearest = np.lexsort((same & ~junk, -scores))[:top]
        lists.append(
            RankedGallery(
                query=int(chosen[number]),
                indices=nearest,
                distances=_distances(query.features[number], gallery.features[nearest], distance),
                marks=tuple("junk" if junk[row] else "right" if same[row] else "wrong" for row in nearest),
            )
        )
    return lists


def _distances(query: Tensor, nearest: Tensor, distance: str) -> np.ndarray:
    """query: D.  nearest: K x D.  Differences first: the expanded square would show equal images 1e-3 apart."""
    if distance == "cosine":
        return cosine_distance(query[None], nearest)[0].cpu().numpy()
    return torch.linalg.vector_norm(nearest - query, dim=1).cpu().numpy()
