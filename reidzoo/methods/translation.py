"""What every method promises that draws images of one domain anew in the style of another."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.methods.generative import form_of, in_mode, to_bytes, unit_range_preprocessor

#: source to target, target to source
DIRECTIONS = ("s2t", "t2s")


class TranslationMethod(BaseModel):
    """Base of the translations between a source and a target domain, learnt from unpaired images.

    A subclass has a generator for each direction (:meth:`generator`), says which modules are updated together
    (``optimized``) and what a step is (``train_step``). Batches have ``source_images`` and ``target_images``.

    Args:
        data_preprocessor: config of the preprocessor; None brings images to [-1, 1], where generators draw.

    Attributes:
        stochastic: whether :meth:`translate` draws random numbers, so that two translations of an image differ.
    """

    stochastic: bool = False

    def __init__(self, data_preprocessor: dict[str, Any] | None = None):
        super().__init__(unit_range_preprocessor(data_preprocessor))

    @abstractmethod
    def generator(self, direction: str) -> nn.Module:
        """The network that draws in ``direction``, one of :data:`DIRECTIONS`."""

    @abstractmethod
    def optimized(self) -> dict[str, list[nn.Module]]:
        """Which modules are updated together; ``optim_wrapper`` in the config has the same names."""

    def forward(self, images: Tensor, direction: str = "s2t") -> Tensor:
        """Normalised images B x 3 x H x W drawn anew, in [-1, 1].

        Raises:
            UserError: another direction.
        """
        if direction not in DIRECTIONS:
            raise UserError(f"direction is 's2t' (source to target) or 't2s' (target to source), got '{direction}'")
        return self.generator(direction)(images)

    @torch.no_grad()
    def translate(self, images: Tensor, direction: str = "s2t") -> Tensor:
        """What people call: images of one domain in the style of the other.

        Args:
            images: B x 3 x H x W uint8 RGB.
            direction: ``s2t`` (source to target) or ``t2s``.

        Returns:
            B x 3 x H x W uint8 RGB on the method's device; that of an image does not depend on the others of its batch,
            but for a byte at the edge of rounding, which another order of float32 sums may turn.

        Raises:
            UserError: another direction, images that are no bytes, or a size that the generator cannot draw.
        """
        if not isinstance(images, Tensor) or images.dtype != torch.uint8 or images.ndim != 4:
            raise UserError(
                f"translate takes a B x 3 x H x W uint8 tensor, got {form_of(images)}: reidzoo.apis.Translator takes "
                "files and arrays"
            )
        processor = self.data_preprocessor
        with in_mode(self, training=self.stochastic):  # without running statistics, the modes differ in dropout only
            drawn = self(processor({"images": images})["images"], direction)
        return to_bytes(drawn, processor)

    def reconstruct(self, images: Tensor, direction: str = "s2t") -> Tensor:
        """Images translated in ``direction`` and back; arguments, result and errors as for :meth:`translate`."""
        back = DIRECTIONS[1 - DIRECTIONS.index(direction)] if direction in DIRECTIONS else direction
        return self.translate(self.translate(images, direction), back)
