"""What every re-ID method promises to the Runner, the evaluator and the people who call it."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.registry import BACKBONES, HEADS, METHODS


class ReIDMethod(BaseModel):
    """Base of the re-ID methods: images in, losses or features out.

    A subclass says what one step minimises (:meth:`losses`) and what is compared at test (:meth:`embed`); the
    argument names of :meth:`forward` are the keys of a batch (``docs/architecture.md`` lists them).

    Args:
        data_preprocessor: config of the preprocessor; None normalises with ImageNet's mean and deviation.

    Attributes:
        alpha: how much the second of two features weighs at test, see :func:`weighted_halves`; None for a method that
            compares one. A test may change it.
    """

    alpha: float | None = None

    def __init__(self, data_preprocessor: dict[str, Any] | None = None):
        super().__init__(METHODS.build(data_preprocessor or {"type": "ImagePreprocessor"}))

    @abstractmethod
    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        """Terms of the loss of one step, by name.

        images: B x 3 x H x W normalised. pids: B int64 labels. Names that start with ``loss_`` are summed and
        minimised, the others are logged only.
        """

    def mixed_losses(self, images: Tensor, pids: Tensor, is_generated: Tensor) -> dict[str, Tensor]:
        """The same for a batch of real and generated images; only methods that treat them differently write it.

        is_generated: B bool. The others as in :meth:`losses`.

        Raises:
            UserError: a method that knows no generated images.
        """
        raise UserError(
            f"{type(self).__name__} does not tell generated images from real ones, and the training set has both: "
            "use a method that does (CamStyle, LSRO), or a data set of one kind"
        )

    @abstractmethod
    def embed(self, images: Tensor) -> Tensor:
        """The features that are compared at test. images: B x 3 x H x W normalised. Returns B x D float32."""

    def parse_losses(self, losses: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum that is minimised and what is logged; MMEngine would sum every name that contains "loss".

        Raises:
            UserError: a name with "loss" in it that does not start with ``loss_``, or no term to minimise.
        """
        strange = [name for name in losses if "loss" in name and not name.startswith("loss_")]
        if strange or not any(name.startswith("loss_") for name in losses):
            raise UserError(
                f"{type(self).__name__}.losses gave {', '.join(losses) or 'nothing'}: terms to minimise start with "
                "'loss_', and no other name may contain 'loss'"
            )
        return super().parse_losses(losses)

    def forward(
        self,
        images: Tensor,
        pids: Tensor | None = None,
        camids: Tensor | None = None,
        indices: Tensor | None = None,
        is_generated: Tensor | None = None,
        mode: str = "tensor",
    ) -> dict[str, Tensor] | Tensor:
        """What MMEngine calls: ``mode`` is ``loss`` (:meth:`losses`, or :meth:`mixed_losses` where the batch says what
        is generated), or ``predict`` and ``tensor`` (:meth:`embed`).

        Raises:
            UserError: another mode.
        """
        if mode == "loss":
            return self.losses(images, pids) if is_generated is None else self.mixed_losses(images, pids, is_generated)
        if mode in ("predict", "tensor"):
            return self.embed(images).float()
        raise UserError(f"mode is 'loss', 'predict' or 'tensor', got '{mode}'")


class BackboneWithHead(ReIDMethod):
    """Base of the methods that are one backbone and one head on its map.

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS; ``in_channels`` is filled in.
        num_pids: number of training identities, given to the head; None for a head that needs none.
        data_preprocessor: see :class:`ReIDMethod`.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(data_preprocessor)
        self.backbone = to_channels_last(BACKBONES.build(backbone))
        identities = {} if num_pids is None else {"num_pids": num_pids}
        self.head = HEADS.build(head, in_channels=self.backbone.out_channels, **identities)

    def embed(self, images: Tensor) -> Tensor:
        return self.head.embed(self.backbone(images))


def accuracy(logits: Tensor, pids: Tensor) -> Tensor:
    """Share of a batch whose largest logit is its label, 0 to 1: logged beside the losses."""
    return (logits.argmax(1) == pids).float().mean()


def weighted_halves(halves: Tensor, alpha: float) -> Tensor:
    """Two features side by side, so weighted that their products are ``first . first' + alpha second . second'``.

    Args:
        halves: N x 2D float, either half as it is compared by itself.
        alpha: at least 0; 0 compares the first halves alone, ``inf`` the second ones.

    Returns:
        N x 2D: the first half beside ``sqrt(alpha)`` times the second.

    Raises:
        UserError: alpha is negative or no number.
    """
    if not isinstance(alpha, int | float) or not alpha >= 0:
        raise UserError(f"alpha weighs the second half of a feature and is at least 0 (inf: it alone), got {alpha}")
    first, second = halves.chunk(2, dim=1)
    if math.isinf(alpha):
        return torch.cat([torch.zeros_like(first), second], dim=1)
    return torch.cat([first, math.sqrt(alpha) * second], dim=1)


def to_channels_last(module: torch.nn.Module) -> torch.nn.Module:
    """Weights in the memory order of the preprocessor's images, so that no convolution has to reorder them."""
    return module.to(memory_format=torch.channels_last)
