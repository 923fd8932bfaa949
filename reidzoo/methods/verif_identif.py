"""Verif-Identif: Zheng, Zheng, Yang, "A Discriminatively Learned CNN Embedding for Person Reidentification", TOMM 2017.

A Siamese network: both images of a pair go through the same weights, each is classified by identity, and a square layer
between the two features decides whether they show one person. At test, one image's pooled feature is compared.

    paper                                here
    f_1, f_2, the pooled features        output.feature of the two images of a pair
    Identif, identification loss         loss_id
    f_s = (f_1 - f_2)^2, Square layer    VerificationHead
    q_1, q_2, same or different          ``same``, 1 or 0
    Verif, verification loss             loss_verification

**Pairs.** The paper draws two images for every pair; its released code pairs each image of a batch with a random one of
the whole set, one pair in five positive. Here pairs are formed inside a P x K batch: each image with another one of its
identity and with one of another identity, 1:1, so that no image is read for one pair only (:func:`draw_pairs`). The
identification loss is then the mean over the images of the batch; the released weights, 0.5 for either image and 1 for
the pair, are this sum.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.methods.base import BackboneWithHead, accuracy
from reidzoo.models.heads.verification_head import VerificationHead
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class VerifIdentif(BackboneWithHead):
    """Identification of each image and verification of pairs, on shared weights.

    Batches need identities with several images: ``IdentitySampler``, with two images per identity as the least.

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS for the identification; ``in_channels`` and ``num_pids`` are filled in. The
            paper's is ``LinearHead`` with ``hidden=None``.
        num_pids: number of training identities K; the tools read it from the data set.
        loss: config from shelf LOSSES for the identification, applied to logits B x K and pids B.
        verification_dropout: see :class:`VerificationHead`.
        data_preprocessor: see :class:`ReIDMethod`.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        loss: dict[str, Any] | None = None,
        verification_dropout: float = 0.9,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids, data_preprocessor)
        self.verification = VerificationHead(self.backbone.out_channels, verification_dropout)
        self.loss = LOSSES.build(loss or {"type": "CrossEntropy"})
        self.verification_loss = LOSSES.build({"type": "CrossEntropy"})

    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        """See :class:`ReIDMethod`.

        Raises:
            UserError: a batch without a positive or without a negative pair.
        """
        output = self.head(self.backbone(images))
        first, second, same = draw_pairs(pids)
        logits = self.verification(output.feature[first], output.feature[second])
        return {
            "loss_id": self.loss(output.logits, pids),  # Identif = -log p(t), either image of a pair
            "loss_verification": self.verification_loss(logits, same),  # Verif = -sum_{i=1,2} q_i log p_i
            "accuracy": accuracy(output.logits, pids),
            "verification_accuracy": accuracy(logits, same),
        }


def draw_pairs(pids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As many positive as negative pairs of a batch: each image once with its own identity, once with another.

    An image without a second one of its identity makes no pair (``IdentitySampler`` deals none). Partners are drawn
    uniformly from torch's CPU generator, which the loop seeds at every step: the same pairs on every device and after
    a resume. With K = 2 the positive partner is the other image, and both orders of that pair occur.

    Args:
        pids: B int64.

    Returns:
        ``first`` and ``second``, rows of the batch, and ``same``, 1 or 0; N int64 each, the positive half first.

    Raises:
        UserError: no positive or no negative pair exists.
    """
    same = pids[:, None] == pids[None, :]
    positives = same & ~torch.eye(len(pids), dtype=torch.bool, device=pids.device)
    for exists, kind, remedy in ((positives, "positive", "images_per_pid"), (~same, "negative", "pids_per_batch")):
        if not exists.any():
            raise UserError(
                f"a batch of {len(pids)} image(s) of {len(pids.unique())} identities has no {kind} pair: "
                f"use IdentitySampler with {remedy} of at least 2"
            )
    scores = torch.rand(same.shape).to(pids.device)
    anchors = positives.any(dim=1).nonzero()[:, 0]
    first, second = [], []
    for allowed in (positives, ~same):
        first.append(anchors)
        second.append(scores.masked_fill(~allowed, -1.0).argmax(dim=1)[anchors])
    labels = torch.ones_like(anchors)
    return torch.cat(first), torch.cat(second), torch.cat([labels, torch.zeros_like(labels)])
