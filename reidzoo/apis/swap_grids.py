"""What a method that swaps appearances learns, seen epoch by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reidzoo.apis.epoch_pictures import ItemPictureHook, Rows, undisturbed
from reidzoo.registry import HOOKS

#: grey level of the field that no image is for
BLANK = 255


@HOOKS.register
class SwapGridHook(ItemPictureHook):
    """Draws some images in the structure of as many others, into the work folder; see :func:`swapped_rows`.

    The pictures are ``swapped_epoch_N.png``, below their first row as many rows as columns beside their first column.
    The hook watches only: the run's chance and the modes of its networks stay as they were. Arguments are those of
    :class:`~reidzoo.apis.epoch_pictures.ItemPictureHook`.
    """

    stem = "swapped"

    def rows_of(self, method: nn.Module, runner: Any) -> Rows:
        (images,) = self.items_of(runner, 2 * self.rows, "images")
        with undisturbed(method):
            return swapped_rows(method, images[::2], images[1::2] if len(images) > 1 else images)


def swapped_rows(method: nn.Module, appearance: Tensor, structure: Tensor, batch_size: int = 32) -> Rows:
    """Rows of the picture of DG-Net's authors: each appearance in its row, drawn in each structure in its column.

    The first row is a white field and the structure images, the first column below it the appearance images.

    Args:
        method: swaps appearances.
        appearance: A x 3 x H x W uint8 RGB.
        structure: S x 3 x H x W uint8 RGB.
        batch_size: images a step.

    Returns:
        1 + A rows of 1 + S images, H x W x 3 uint8.
    """
    return framed(swap_all(method, appearance, structure, batch_size), appearance, structure)


def swap_all(method: nn.Module, appearance: Tensor, structure: Tensor, batch_size: int = 32) -> np.ndarray:
    """Each appearance in each structure, A x S x H x W x 3 uint8; arguments as in :func:`swapped_rows`."""
    rows, columns = torch.meshgrid(torch.arange(len(appearance)), torch.arange(len(structure)), indexing="ij")
    batches = zip(rows.flatten().split(batch_size), columns.flatten().split(batch_size), strict=True)
    drawn = torch.cat([method.swap(appearance[row], structure[column]).cpu() for row, column in batches])
    return drawn.permute(0, 2, 3, 1).unflatten(0, rows.shape).numpy()


def framed(swapped: np.ndarray, appearance: Tensor, structure: Tensor) -> Rows:
    """What :func:`swapped_rows` gives, of images A x S x H x W x 3 that are there already."""
    owners, poses = (images.permute(0, 2, 3, 1).cpu().numpy() for images in (appearance, structure))
    first = (np.full(owners.shape[1:], BLANK, np.uint8), *poses)
    return [first, *((owner, *row) for owner, row in zip(owners, swapped, strict=True))]
