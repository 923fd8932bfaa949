"""IDE, the identity-discriminative embedding: Zheng, Yang & Hauptmann, arXiv:1610.02984.

A network learns to tell the training identities apart; its classifier is thrown away, and a feature in front of it is
compared at test. At least five different things are called IDE: the head and the recipe make the variant, and the
configs name it. ``LinearHead`` is by default that of CamStyle and HHL (Zhong et al., CVPR 2018 and ECCV 2018, released
code): FC 1024, BN, ReLU, dropout 0.5, FC K; the test feature is the pooled map in front of them.

    paper              here
    x_i, y_i           images, pids
    K identities       num_pids
    pool5 feature      output.feature
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from reidzoo.methods.base import BackboneWithHead, accuracy
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class IDE(BackboneWithHead):
    """Classify identities, compare features.

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS; ``in_channels`` and ``num_pids`` are filled in.
        num_pids: number of training identities K; the tools read it from the data set.
        loss: config from shelf LOSSES, applied to logits B x K and pids B.
        data_preprocessor: see :class:`ReIDMethod`.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids, data_preprocessor)
        self.loss = LOSSES.build(loss or {"type": "CrossEntropy"})

    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        output = self.head(self.backbone(images))
        return {
            "loss_id": self.loss(output.logits, pids),  # -1/B sum_i log p(y_i | x_i), unless the loss smooths
            "accuracy": accuracy(output.logits, pids),
        }
