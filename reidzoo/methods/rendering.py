"""What every method promises that renders persons into the contexts of other images."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.methods.generative import in_mode, to_bytes, unit_range_preprocessor


class RenderingMethod(BaseModel):
    """Base of the methods that draw the person of a source image in front of the background of a target image.

    A subclass draws (``forward``), says which modules are updated together (``optimized``) and what a step is
    (``train_step``). Batches have ``source_images``, ``source_masks``, ``target_images`` and ``target_masks``, masks
    being 1 on the person; the result has the identity of the source image.

    Args:
        data_preprocessor: config of the preprocessor; None brings images to [-1, 1], where generators draw.
    """

    #: arguments that say what is learnt from: with these values it draws the same, and has no network beside
    only_drawing: ClassVar[dict[str, Any]] = {}

    def __init__(self, data_preprocessor: dict[str, Any] | None = None):
        super().__init__(unit_range_preprocessor(data_preprocessor))

    @abstractmethod
    def forward(
        self, source_images: Tensor, source_masks: Tensor, target_images: Tensor, target_masks: Tensor
    ) -> Tensor:
        """Normalised images B x 3 x H x W and masks B x 1 x H x W of 0 to 1 to the sources in the targets' contexts."""

    @abstractmethod
    def optimized(self) -> dict[str, list[nn.Module]]:
        """Which modules are updated together; ``optim_wrapper`` in the config has the same names."""

    def render(
        self, source_images: Tensor, source_masks: Tensor, target_images: Tensor, target_masks: Tensor
    ) -> Tensor:
        """What people call: each source person in the context of the target image of the same row.

        Args:
            source_images: B x 3 x H x W uint8 RGB.
            source_masks: B x 1 x H x W uint8, 255 on the person and 0 elsewhere.
            target_images: as ``source_images``, of the same size.
            target_masks: as ``source_masks``.

        Returns:
            B x 3 x H x W uint8 RGB on the method's device; that of a row does not depend on the others, but for a byte
            at the edge of rounding, which another order of float32 sums may turn.

        Raises:
            UserError: something else than such tensors, or other numbers or sizes of them.
        """
        given = {
            "source_images": source_images,
            "source_masks": source_masks,
            "target_images": target_images,
            "target_masks": target_masks,
        }
        self.check(**given)
        return to_bytes(self.render_normalised(**self.data_preprocessor(given)), self.data_preprocessor)

    @torch.no_grad()
    def render_normalised(
        self, source_images: Tensor, source_masks: Tensor, target_images: Tensor, target_masks: Tensor
    ) -> Tensor:
        """The same between tensors on the method's device, as its ``data_preprocessor`` makes them, unchecked.

        For whoever trains on what is rendered. Arguments: float images, masks of 0 to 1. Returns B x 3 x H x W floats
        in the same normalisation, without a gradient; evaluation mode, and autocast as the caller has set it.
        """
        with in_mode(self, training=False):
            return self(source_images, source_masks, target_images, target_masks)

    def check(self, source_images: Tensor, source_masks: Tensor, target_images: Tensor, target_masks: Tensor) -> None:
        """Refuse what :meth:`render` cannot draw; networks check the size of the images.

        Raises:
            UserError: see :meth:`render`.
        """
        if not isinstance(source_images, Tensor) or source_images.dtype != torch.uint8 or source_images.ndim != 4:
            raise UserError(
                f"render takes source_images as a B x 3 x H x W uint8 tensor, got {_form(source_images)}: pictures are "
                "bytes here"
            )
        rows, _, *size = source_images.shape
        rest = (
            ("source_masks", source_masks, 1),
            ("target_images", target_images, 3),
            ("target_masks", target_masks, 1),
        )
        for name, tensor, channels in rest:
            expected = (rows, channels, *size)
            if not isinstance(tensor, Tensor) or tensor.dtype != torch.uint8 or tensor.shape != expected:
                raise UserError(
                    f"render takes {name} as a {' x '.join(map(str, expected))} uint8 tensor, one for each of the "
                    f"source_images and of their size, got {_form(tensor)}: resize images and masks together"
                )


def _form(value: Any) -> str:
    return f"{tuple(value.shape)} {value.dtype}" if hasattr(value, "dtype") else type(value).__name__
