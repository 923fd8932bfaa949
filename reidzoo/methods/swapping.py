"""What every method promises that draws one person's appearance in another one's structure."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.methods.base import ReIDMethod
from reidzoo.methods.generative import form_of, in_mode, to_bytes


class SwapMethod(ReIDMethod):
    """Base of the re-ID methods that also draw: the clothes of one image on the pose, body and scene of another.

    A subclass draws (:meth:`draw`) beside what every re-ID method does.
    """

    @abstractmethod
    def draw(self, appearance: Tensor, structure: Tensor) -> Tensor:
        """Normalised images, B x 3 x H x W each, to images that have the appearance of the first and the structure of
        the second: B x 3 x H x W in the same normalised space, not held to a range."""

    @torch.no_grad()
    def swap(self, appearance: Tensor, structure: Tensor, truncate: bool = False) -> Tensor:
        """What people call: image i gets the appearance of ``appearance[i]`` and the structure of ``structure[i]``.

        Args:
            appearance: B x 3 x H x W uint8 RGB, whose clothes and colours are drawn.
            structure: B x 3 x H x W uint8 RGB, in whose pose, body and surroundings they are drawn.
            truncate: cut what is behind the point off, as DG-Net's released tools save images, instead of rounding.

        Returns:
            B x 3 x H x W uint8 RGB on the method's device; that of a pair does not depend on the others of its batch,
            but for a byte at the edge of rounding, which another order of float32 sums may turn.

        Raises:
            UserError: see :meth:`check`; or images of a size that the networks cannot draw.
        """
        self.check(appearance, structure)
        processor = self.data_preprocessor
        batch = processor({"appearance_images": appearance, "structure_images": structure})
        with in_mode(self, training=False):
            drawn = self.draw(batch["appearance_images"], batch["structure_images"])
        return to_bytes(drawn, processor, truncate=truncate)

    def check(self, appearance: Tensor, structure: Tensor) -> None:
        """Refuse what :meth:`swap` cannot draw; networks check the size of the images.

        Raises:
            UserError: images that are no bytes, or are more, fewer or of another size than their partners.
        """
        for name, images in (("appearance", appearance), ("structure", structure)):
            is_bytes = isinstance(images, Tensor) and images.dtype == torch.uint8
            if not is_bytes or images.ndim != 4 or images.shape[1] != 3:
                raise UserError(
                    f"swap takes {name} as a B x 3 x H x W uint8 tensor, got {form_of(images)}: pictures are bytes here"
                )
        if appearance.shape != structure.shape:
            shapes = [" x ".join(map(str, images.shape)) for images in (appearance, structure)]
            raise UserError(
                f"swap takes an appearance for each structure, all of one size, got {shapes[0]} and {shapes[1]}: "
                "resize the images, and repeat those that are drawn several times"
            )
