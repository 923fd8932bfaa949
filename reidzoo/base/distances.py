"""Distances between two sets of features, all pairs at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from reidzoo.base.precision import at_least_float32


def squared_euclidean(a: Tensor, b: Tensor) -> Tensor:
    """Squared Euclidean distances ``|a_i - b_j|^2``, expanded to one matrix product.

    Args:
        a: B x D float.
        b: N x D float.

    Returns:
        B x N, never negative, in float32 at least (the inputs' type where it is wider). The absolute
        error is some 1e-7 of ``|a_i|^2 + |b_j|^2``, so a pair of equal rows may come out slightly above 0;
        take the root of it with a ``clamp_min`` of your own, whose gradient at 0 is then defined.
    """
    a, b = at_least_float32(a), at_least_float32(b)
    with torch.autocast(a.device.type, enabled=False):  # 8 bits of bfloat16 leave nothing of a difference of squares
        distances = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
    return distances.clamp_min(0)


def cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    """Cosine distances ``1 - <a_i, b_j> / (|a_i| |b_j|)``.

    Args:
        a: B x D float.
        b: N x D float.

    Returns:
        B x N in [0, 2], in float32 at least. A zero row has no direction: its distance to everything is 1.
    """
    a, b = at_least_float32(a), at_least_float32(b)
    with torch.autocast(a.device.type, enabled=False):
        distances = 1 - normalize(a, dim=1) @ normalize(b, dim=1).T
    return distances.clamp(0, 2)
