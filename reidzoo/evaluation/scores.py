"""Scores of queries against a gallery, block after block, and how far rounding may move them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reidzoo.evaluation.image_sets import ImageSet, comparable

_MAX_BLOCK_ROWS = 256  # more rows make the product no faster and fall out of the cache


@dataclass(frozen=True)
class Scores:
    """What a ranking is counted from.

    blocks: B x G float32 each, rows in the order of the queries, larger is nearer; the next block overwrites the last.
    rounding: of a query's number and a slice of the gallery, how far apart the scores of equal pairs may lie.
    """

    blocks: Iterator[np.ndarray]
    rounding: Callable[[int, slice], np.ndarray]


def product_scores(query: ImageSet, gallery: ImageSet, distance: str, memory_mb: float) -> Scores:
    """The scores of :func:`reidzoo.evaluation.image_sets.comparable`, which rank by ``distance``."""
    q, g, q_norms, g_norms = comparable(query, gallery, distance)
    tie = relative_rounding(query.features.shape[1])

    def rounding(row: int, columns: slice) -> np.ndarray:
        return tie * (q_norms[row] + g_norms[columns] / 2) * g_norms[columns]

    return Scores((block.cpu().numpy() for block in product_blocks(q, g, memory_mb)), rounding)


def product_blocks(left: Tensor, right: Tensor, memory_mb: float) -> Iterator[Tensor]:
    """``left @ right.T`` by blocks of rows, each in the buffer of the last."""
    rows = int(np.clip(memory_mb * 2**20 // (4 * max(1, len(right))), 1, min(_MAX_BLOCK_ROWS, len(left))))
    buffer = left.new_empty(rows, len(right))
    for block in left.split(rows):
        yield torch.mm(block, right.T, out=buffer[: len(block)])


def relative_rounding(width: int) -> float:
    """How far apart, relative to the norms, a BLAS may put the scores of equal features of this width.

    It adds up the last columns of a matrix in another order than the rest. Measured: 1, 1.5, 2.5 and 5.6 float32
    roundings for widths of 64, 512, 2,048 and 12,288. To count what is closer as a tie moves the mAP of real lists
    in the sixth digit or later, as float32 itself does; without it, constant features score hits by their column.
    """
    return float(np.finfo(np.float32).eps) * (1 + math.sqrt(width) / 16)
