"""Bag of tricks: Luo, Gu, Liao, Lai & Jiang, "Bag of Tricks and A Strong Baseline for Deep Person
Re-identification", CVPR workshops 2019; Luo et al., "A Strong Baseline and Batch Normalization Neck", TMM 2019.

Identity classification and batch-hard triplets on one network, and six tricks, each a switch of the config:

    paper                                  here
    L_ID, on logits                        id_loss
    L_Triplet, on f_t                      triplet_loss
    beta L_C, centre loss                  center_weight * loss of the class centres
    warm-up                                param_scheduler: LinearLR before the steps
    random erasing augmentation            transforms: RandomErasing
    label smoothing                        id_loss.label_smoothing
    last stride                            backbone.last_stride
    BNNeck (f_t before, f_i after)         head: BNNeckHead instead of LinearHead

The centres are those of Wen, Zhang, Li & Qiao, "A Discriminative Feature Learning Approach for Deep Face Recognition",
ECCV 2016, moved by that paper's own rule (equation 4, alpha = 0.5): they are averages, no weights of the network. The
released code moves them by a second optimiser, SGD of rate 0.5 on the batch's mean, which is slower: of 16 x 4 images
a centre goes 0.06 of the way to its own four there, and 0.4 here. The loss is the release's, the mean over images of
|f - c|^2 without a factor 1/2, and beta = 5e-4 is meant for that.
"""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.methods.base import BackboneWithHead, accuracy
from reidzoo.methods.triplet import triplet_diagnostics
from reidzoo.registry import LOSSES, METHODS

CENTER_RATE = 0.5  # alpha


@METHODS.register
class BagOfTricks(BackboneWithHead):
    """Classify identities and rank the hardest pairs; needs P x K batches (``IdentitySampler``).

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS; ``in_channels`` and ``num_pids`` are filled in.
        num_pids: number of training identities K; the tools read it from the data set.
        id_loss: config from shelf LOSSES, applied to logits B x K and pids B; by default CrossEntropy.
        triplet_loss: config from shelf LOSSES, applied to features B x C and pids B; by default batch-hard with the
            paper's margin 0.3.
        center_weight: beta of the centre loss, 0 switches it off; 5e-4 in the paper.
        data_preprocessor: see :class:`ReIDMethod`.

    Raises:
        UserError: a negative ``center_weight``.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        id_loss: dict[str, Any] | None = None,
        triplet_loss: dict[str, Any] | None = None,
        center_weight: float = 0.0,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids, data_preprocessor)
        if center_weight < 0:
            raise UserError(f"center_weight of BagOfTricks is at least 0 (0 switches it off), got {center_weight}")
        self.id_loss = LOSSES.build(id_loss or {"type": "CrossEntropy"})
        self.triplet_loss = LOSSES.build(triplet_loss or {"type": "BatchHardTriplet", "margin": 0.3})
        self.center_weight = center_weight
        self.centers = ClassCenters(num_pids, self.backbone.out_channels) if center_weight else None

    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        output = self.head(self.backbone(images))
        terms = {
            "loss_id": self.id_loss(output.logits, pids),  # L_ID
            "loss_triplet": self.triplet_loss(output.feature, pids),  # L_Triplet, on f_t
        }
        if self.centers is not None:
            terms["loss_center"] = self.center_weight * self.centers(output.feature, pids)  # beta L_C
        return {**terms, "accuracy": accuracy(output.logits, pids), **triplet_diagnostics(output.feature, pids)}


class ClassCenters(nn.Module):
    """A running centre of every identity's features, and how far a batch lies from its own (Wen et al., 2016).

    Args:
        num_pids: number of identities K.
        channels: C of the features.
    """

    def __init__(self, num_pids: int, channels: int):
        super().__init__()
        self.register_buffer("values", torch.randn(num_pids, channels))

    def forward(self, features: Tensor, pids: Tensor) -> Tensor:
        """Mean over images of ``|f - c_y|^2``; in training the centres then move. B x C and B to a scalar."""
        distance = (features - self.values[pids]).square().sum(1).mean()
        if self.training:
            self._move(features.detach(), pids)
        return distance

    @torch.no_grad()
    def _move(self, features: Tensor, pids: Tensor) -> None:
        """``c_j -= alpha sum_i 1[y_i = j] (c_j - f_i) / (1 + sum_i 1[y_i = j])``, i over all processes' images."""
        count = torch.bincount(pids, minlength=len(self.values)).to(features.dtype)
        total = torch.zeros_like(self.values).index_add_(0, pids, features.to(self.values.dtype))
        all_reduce(count)
        all_reduce(total)
        pull = (count[:, None] * self.values - total) / (1 + count[:, None])
        self.values -= CENTER_RATE * pull  # Wen et al., equation 4
