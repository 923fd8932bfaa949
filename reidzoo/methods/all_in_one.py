"""All-in-one: one class more for whatever a GAN has drawn, the idea of Salimans et al., "Improved Techniques for
Training GANs", NIPS 2016, as Zheng, Zheng & Yang (LSRO, ICCV 2017) compare their method with it.

    paper                                           here
    K identities                                    num_pids
    class K + 1, of all generated images            class number K, as classes count from 0
    cross-entropy over K + 1 classes                loss_real, loss_fake

Both kinds go through one network in one pass, and every image weighs the same, as in LSRO and its released code.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reidzoo.methods.base import accuracy
from reidzoo.methods.mixed import UnlabelledMethod
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class AllInOne(UnlabelledMethod):
    """Classify identities, and generated images as one identity more.

    The head has K + 1 outputs. What is compared at test lies in front of them. Label smoothing of real images, where
    ``real_loss`` has it, gives the extra class its share.

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS; ``in_channels`` and ``num_pids``, here K + 1, are filled in.
        num_pids: number of training identities K; the tools read it from the data set.
        real_loss: config from shelf LOSSES, applied to logits M x (K + 1) and pids M of the real images; by default
            CrossEntropy.
        fake_weight: what a generated image counts where a real one counts 1; at least 0, 1 in the paper.
        separate_passes: see :class:`MixedMethod`.
        data_preprocessor: see :class:`ReIDMethod`.

    Raises:
        UserError: a negative ``fake_weight``.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        real_loss: dict[str, Any] | None = None,
        fake_weight: float = 1.0,
        separate_passes: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids + 1, real_loss, fake_weight, separate_passes, data_preprocessor)
        self.generated_class = num_pids
        self.extra_class_loss = LOSSES.build({"type": "CrossEntropy"})

    def fake_loss(self, logits: Tensor) -> Tensor:
        return self.extra_class_loss(logits, self._labels(logits))  # -1/N sum_i log p(K + 1 | x_i)

    def fake_log(self, logits: Tensor) -> dict[str, Tensor]:
        return {"accuracy_fake": accuracy(logits, self._labels(logits))}

    def _labels(self, logits: Tensor) -> Tensor:
        return torch.full((len(logits),), self.generated_class, device=logits.device)
