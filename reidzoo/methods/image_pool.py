"""The memory of generated images that a discriminator learns from: Shrivastava et al., CVPR 2017 (arXiv:1612.07828)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError


class ImagePool(nn.Module):
    """Shows the discriminator generated images of the past among those of the present, so that it does not forget.

    Image by image, as CycleGAN has it (section 4): until the pool is full the incoming one is stored and shown;
    afterwards, with probability 1/2, the incoming one is shown and forgotten, or else a random stored one is shown and
    the incoming one takes its place. An image may thus meet one that came before it in the same batch.

    All chance comes from torch's global CPU generator, one call a batch. The content is no weight: it is in no
    ``state_dict``, and a run takes it across a restart by :meth:`training_state`.

    Args:
        size: number of stored images, 50 in CycleGAN; 0 shows what comes.

    Raises:
        UserError: a negative size; in a step, images of another size than the stored ones.
    """

    def __init__(self, size: int = 50):
        super().__init__()
        if size < 0:
            raise UserError(f"the size of ImagePool is at least 0, 0 for no memory, got {size}")
        self.size = size
        self.filled = 0
        self._stored: Tensor | None = None  # size x C x H x W, as soon as the first batch tells what an image is

    def forward(self, images: Tensor) -> Tensor:
        """What the discriminator sees for B x C x H x W generated images: as many, as large, without gradient."""
        images = images.detach()
        if self.size == 0:
            return images
        stored, shown = self._room_for(images), images.clone()
        exchanged, slots = torch.rand(2, len(images), dtype=torch.float64).unbind()
        for index, (exchange, slot) in enumerate(zip(exchanged.tolist(), slots.tolist(), strict=True)):
            if self.filled < self.size:
                stored[self.filled] = images[index]
                self.filled += 1
            elif exchange < 0.5:
                place = int(slot * self.size)
                shown[index] = stored[place]
                stored[place] = images[index]
        return shown

    def training_state(self) -> dict[str, Tensor]:
        """The content, for a checkpoint: ``images`` N x C x H x W on the CPU, N the number stored; empty before the
        first batch."""
        return {} if self._stored is None else {"images": self._stored[: self.filled].to("cpu", copy=True)}

    def load_training_state(self, state: dict[str, Tensor]) -> None:
        """Continue with what :meth:`training_state` gave.

        Raises:
            UserError: more images than this pool stores.
        """
        self.filled, self._stored = 0, None
        if not state:
            return
        images = state["images"]
        if len(images) > self.size:
            raise UserError(
                f"the checkpoint's image pool holds {len(images)} images, this one has room for {self.size}: "
                "resume with the pool size that the run was started with"
            )
        self.filled = len(images)
        self._room_for(images)[: self.filled] = images

    def _room_for(self, images: Tensor) -> Tensor:
        if self._stored is None:
            self._stored = images.new_empty(self.size, *images.shape[1:])
        if self._stored.shape[1:] != images.shape[1:]:
            raise UserError(
                f"the image pool stores images of {_size(self._stored)}, got {_size(images)}: "
                "give all images of a domain one size (RandomCrop or Resize in the dataset's transforms)"
            )
        self._stored = self._stored.to(images.device)  # content from a checkpoint may lie on another
        return self._stored


def _size(images: Tensor) -> str:
    channels, height, width = images.shape[1:]
    return f"{channels} x {height} x {width}"
