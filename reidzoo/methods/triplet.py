"""TriNet: Hermans, Beyer & Leibe, "In Defense of the Triplet Loss for Person Re-Identification", arXiv:1703.07737.

No classifier: a batch holds P identities with K images each, and every image is pulled to its farthest positive and
pushed from its nearest negative.

    paper                        here
    x_i^a, identity i            images, pids
    f_theta(x)                   output.feature, which is also what is tested
    D                            Euclidean distance, not squared
    m, soft margin               loss.margin, a number or None

The released test averages over 5 crops and their mirror images; ours takes the whole image, with its mirror image when
``test_cfg`` is ``FlipTestLoop``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reidzoo.losses.batch_hard_triplet import hardest_distances
from reidzoo.methods.base import BackboneWithHead
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class Triplet(BackboneWithHead):
    """Learn the distance itself; needs P x K batches (``IdentitySampler``).

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS, of a head that needs no identities; ``in_channels`` is filled in.
        loss: config from shelf LOSSES, applied to features B x D and pids B; by default batch-hard, soft margin.
        data_preprocessor: see :class:`ReIDMethod`.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any] | None = None,
        loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head or {"type": "EmbeddingHead"}, data_preprocessor=data_preprocessor)
        self.loss = LOSSES.build(loss or {"type": "BatchHardTriplet"})

    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        output = self.head(self.backbone(images))
        loss = self.loss(output.feature, pids)  # equation 5: every anchor with its hardest positive and negative
        return {"loss_triplet": loss, **triplet_diagnostics(output.feature, pids)}


@torch.no_grad()
def triplet_diagnostics(features: Tensor, pids: Tensor) -> dict[str, Tensor]:
    """What shows a collapse early: mean distances to the hardest pairs, and the share of anchors ranked rightly.

    features: B x D. pids: B int64.
    """
    positive, negative = hardest_distances(features, pids)
    return {
        "hardest_positive": positive.mean(),
        "hardest_negative": negative.mean(),
        "ranked_rightly": (positive < negative).float().mean(),
    }
