"""Triplets of the hardest pairs in a P x K batch: Hermans, Beyer & Leibe, "In Defense of the Triplet Loss", 2017."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.distances import squared_euclidean
from reidzoo.base.errors import UserError
from reidzoo.registry import LOSSES

_TINY = 1e-12  # under the root, whose gradient at 0 has no value


@LOSSES.register
class BatchHardTriplet(nn.Module):
    """Mean over anchors a of ``f(max_p d(a, p) - min_n d(a, n))`` (arXiv:1703.07737, equation 5).

    p are the other images of the anchor's identity, n the images of all others; d is the Euclidean distance itself, not
    its square, between features as they come, not normalised. features: B x D. pids: B int64. Returns a scalar.

    A loss that stays at ``ln 2 = 0.693`` with the soft margin, or at the margin with a hard one, means that all
    features fell into one point: lower the learning rate and look whether the pretrained weights were loaded.

    Args:
        margin: m of ``f(x) = max(0, m + x)``, at least 0; None is the soft margin ``f(x) = ln(1 + exp(x))``.

    Raises:
        UserError: a negative margin; in a step, an image without a positive or without a negative in its batch.
    """

    def __init__(self, margin: float | None = None):
        super().__init__()
        if margin is not None and margin < 0:
            raise UserError(f"the margin of BatchHardTriplet is at least 0, or None for the soft margin, got {margin}")
        self.margin = margin

    def forward(self, features: Tensor, pids: Tensor) -> Tensor:
        positive, negative = hardest_distances(features, pids)
        excess = positive - negative
        per_anchor = F.softplus(excess) if self.margin is None else (self.margin + excess).clamp_min(0)
        return per_anchor.mean()


def hardest_distances(features: Tensor, pids: Tensor) -> tuple[Tensor, Tensor]:
    """Each image's distance to its farthest positive and to its nearest negative.

    features: B x D. pids: B int64. Returns B and B, in float32 at least.

    Raises:
        UserError: an image without a positive or without a negative.
    """
    same = pids[:, None] == pids
    positives = same & ~torch.eye(len(pids), dtype=torch.bool, device=pids.device)
    if not (positives.any(1).all() and (~same).any(1).all()):
        raise UserError(
            f"batch-hard triplets need two identities and two images of each, got a batch of {len(pids)} images with "
            f"{len(pids.unique())} identities: use IdentitySampler with images_per_pid and pids_per_batch above 1"
        )
    distances = squared_euclidean(features, features).clamp_min(_TINY).sqrt()
    farthest = distances.masked_fill(~positives, -torch.inf).amax(1)
    nearest = distances.masked_fill(same, torch.inf).amin(1)
    return farthest, nearest
