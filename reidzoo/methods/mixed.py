"""What methods share whose batches have real images beside generated ones."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.methods.base import BackboneWithHead, accuracy
from reidzoo.registry import LOSSES


class MixedMethod(BackboneWithHead):
    """Base of the methods that treat generated images differently; needs their flag (data set ``RealAndGenerated``).

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS; ``in_channels`` is filled in.
        num_pids: number of classes, given to the head.
        real_loss: config from shelf LOSSES, applied to logits M x K and pids M of the real images; by default
            CrossEntropy.
        fake_weight: factor of the generated images' loss, at least 0.
        separate_passes: whether real and generated images are normalised apart, each by its own batch statistics
            (CamStyle's way), or both alike in one pass of all images (LSRO's). Running statistics, which a test uses,
            are those of the mixture in one pass; after separate passes they are an average of both kinds' in which
            the generated ones, passing last, weigh 53 % at every ratio, without the variance between the kinds.
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
        super().__init__(backbone, head, num_pids, data_preprocessor)
        if fake_weight < 0:
            raise UserError(f"fake_weight of {type(self).__name__} is at least 0, got {fake_weight}")
        self.real_loss = LOSSES.build(real_loss or {"type": "CrossEntropy"})
        self.fake_weight, self.separate_passes = fake_weight, separate_passes

    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        """Refused: what is real must be known; see :meth:`mixed_losses`.

        Raises:
            UserError: always.
        """
        raise UserError(
            f"{type(self).__name__} learns from real and generated images, and these batches do not tell them apart: "
            "train it on the data set RealAndGenerated, or real images alone with IDE"
        )

    def logits_by_kind(self, images: Tensor, is_generated: Tensor) -> dict[str, Tensor]:
        """Logits of the ``real`` and of the ``fake`` rows, as far as there are any; real ones pass first.

        Raises:
            UserError: a separate pass of a single image.
        """
        kinds = {"real": ~is_generated, "fake": is_generated}
        kinds = {name: rows for name, rows in kinds.items() if rows.any()}
        if not self.separate_passes:
            logits = self.head(self.backbone(images)).logits
            return {name: logits[rows] for name, rows in kinds.items()}
        alone = [name for name, rows in kinds.items() if torch.count_nonzero(rows) == 1]
        if alone:
            raise UserError(
                f"a batch of {len(images)} has a single {alone[0]} image, which has no statistics to be normalised by: "
                "raise train_dataloader.batch_size, or set model.separate_passes=False"
            )
        return {name: self.head(self.backbone(images[rows])).logits for name, rows in kinds.items()}


class UnlabelledMethod(MixedMethod):
    """Base of the methods whose generated images show nobody in particular: the method says what they should predict.

    Both kinds go through the network in one pass unless ``separate_passes`` is set, so each is normalised by statistics
    of both, and the loss is averaged over all images of the batch: a generated one weighs ``fake_weight`` times a real
    one, however many there are: ``(n_real ce_real + fake_weight n_fake ce_fake) / n``. A smaller weight does not raise
    the share of the real ones. ``pids`` of generated images are never read. A batch that has one kind only gives the
    terms of that kind.

    Logged beside the terms: of either kind its mean loss without weight (``ce_real``, ``ce_fake``), and
    ``accuracy_real``.
    """

    @abstractmethod
    def fake_loss(self, logits: Tensor) -> Tensor:
        """Mean loss of the generated images of a batch. logits: N x K, N at least 1. Returns a scalar."""

    def fake_log(self, logits: Tensor) -> dict[str, Tensor]:
        """What else is worth a curve, as scalars by name. logits: as in :meth:`fake_loss`, without gradient."""
        return {}

    def weight_of_fakes(self) -> float:
        """The factor of :meth:`fake_loss` in this step."""
        return self.fake_weight

    def mixed_losses(self, images: Tensor, pids: Tensor, is_generated: Tensor) -> dict[str, Tensor]:
        """See :class:`ReIDMethod`.

        Raises:
            UserError: a separate pass of a single image.
        """
        logits = self.logits_by_kind(images, is_generated)
        terms = {}
        if "real" in logits:
            real, labels = logits["real"], pids[~is_generated]
            mean = self.real_loss(real, labels)
            terms["loss_real"] = len(real) / len(images) * mean
            terms |= {"ce_real": mean.detach(), "accuracy_real": accuracy(real, labels)}
        if "fake" in logits:
            fake = logits["fake"]
            mean = self.fake_loss(fake)
            terms["loss_fake"] = self.weight_of_fakes() * len(fake) / len(images) * mean
            terms |= {"ce_fake": mean.detach(), **self.fake_log(fake.detach())}
        return terms
