"""What every method promises that draws persons in other poses."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINTS
from reidzoo.methods.generative import form_of, in_mode, to_bytes, unit_range_preprocessor


class PoseTransferMethod(BaseModel):
    """Base of the methods that draw the person of an image in another pose, learnt from pairs of images of one person.

    A subclass draws (``forward(images, source_points, target_points)``, images in [-1, 1]), says which modules are
    updated together (``optimized``) and what a step is (``train_step``). Batches have ``source_images``,
    ``source_points``, ``target_images`` and ``target_points``; points are B x 18 x 2, (y, x) in pixels of their images,
    -1 in both where missing (:mod:`reidzoo.base.pose_maps`).

    Args:
        data_preprocessor: config of the preprocessor; None brings images to [-1, 1], where generators draw.
    """

    def __init__(self, data_preprocessor: dict[str, Any] | None = None):
        super().__init__(unit_range_preprocessor(data_preprocessor))

    @abstractmethod
    def forward(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> Tensor:
        """Normalised images B x 3 x H x W and two poses of B x 18 x 2 to images in the target poses."""

    @abstractmethod
    def optimized(self) -> dict[str, list[nn.Module]]:
        """Which modules are updated together; ``optim_wrapper`` in the config has the same names."""

    @torch.no_grad()
    def repose(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> Tensor:
        """What people call: the persons of the images in other poses.

        Args:
            images: B x 3 x H x W uint8 RGB, of the size that the networks are built for.
            source_points: B x 18 x 2, the poses in these images, in their pixels.
            target_points: B x 18 x 2, the poses to draw, in pixels of images of this size.

        Returns:
            B x 3 x H x W uint8 RGB on the method's device; that of an image does not depend on the others of its batch,
            but for a byte at the edge of rounding, which another order of float32 sums may turn.

        Raises:
            UserError: images that are no bytes, are of another size, or are fewer or more than poses.
        """
        self.check(images, source_points, target_points)
        processor = self.data_preprocessor
        batch = processor({"images": images, "source_points": source_points, "target_points": target_points})
        with in_mode(self, training=False):
            drawn = self(**batch)
        return to_bytes(drawn, processor)

    def check(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> None:
        """Refuse what :meth:`repose` cannot draw; networks check the size of the images.

        Raises:
            UserError: see :meth:`repose`.
        """
        if not isinstance(images, Tensor) or images.dtype != torch.uint8 or images.ndim != 4:
            raise UserError(
                f"repose takes a B x 3 x H x W uint8 tensor, got {form_of(images)}: pictures are bytes here"
            )
        expected = (len(images), len(JOINTS), 2)
        for name, points in (("source_points", source_points), ("target_points", target_points)):
            if not isinstance(points, Tensor) or points.shape != expected:
                raise UserError(
                    f"repose takes {name} of {' x '.join(map(str, expected))}, a pose for each image, got "
                    f"{form_of(points)}: points are (y, x), -1 in both where missing"
                )
