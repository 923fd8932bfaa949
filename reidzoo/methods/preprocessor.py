"""From the loader's bytes to what a network eats, on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor

from reidzoo.registry import METHODS

#: of ImageNet's training images, in bytes
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


@METHODS.register
class ImagePreprocessor(BaseDataPreprocessor):
    """Moves a batch to the device and normalises its images: (bytes - mean) / std.

    Every key that is ``images`` or ends with ``_images``, B x 3 x H x W uint8 RGB, becomes float32 in channels-last
    order (1.1 to 1.2 times faster in bfloat16 on CPUs and needed by tensor cores); every key that is ``masks`` or ends
    with ``_masks``, B x 1 x H x W uint8, becomes float32 of 0 to 1; the others pass unchanged. The loader's tensors are
    not written to. The default is for networks from ImageNet; mean and std of 127.5 give the [-1, 1] of generators.

    Args:
        mean: of R, G, B in bytes.
        std: of R, G, B in bytes.
    """

    def __init__(self, mean: Sequence[float] = MEAN, std: Sequence[float] = STD):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """The same keys, on the device, images and masks as floats."""
        batch = dict(self.cast_data(data))
        for key, value in batch.items():
            kind = key.rpartition("_")[2]
            if kind == "images":
                images = value.to(memory_format=torch.channels_last)
                batch[key] = (images.float() - self.mean) / self.std
            elif kind == "masks":
                batch[key] = value.float() / 255
        return batch
