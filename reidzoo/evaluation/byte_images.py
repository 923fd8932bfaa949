"""Batches of uint8 images as the pixel metrics take them, and the mask that leaves the person alone."""

from __future__ import annotations

import torch
from torch import Tensor

from reidzoo.base.errors import UserError


def apply_masks(images: Tensor, masks: Tensor) -> Tensor:
    """Images with black where the mask is, as PG2's ``score_mask.py``: multiplied, then rounded to bytes.

    Args:
        images: B x 3 x H x W uint8 RGB.
        masks: B x 1 x H x W uint8, 255 on the person, 0 beside; what lies between weighs as its share of 255.

    Returns:
        B x 3 x H x W uint8 RGB.

    Raises:
        UserError: no bytes, other shapes, one mask an image missing, masks of 0 and 1.
    """
    require_images(images)
    fits = isinstance(masks, Tensor) and masks.dtype == torch.uint8 and masks.ndim == 4 and masks.shape[1] == 1
    if not fits:
        raise UserError(f"masks should be a B x 1 x H x W uint8 tensor of 0 and 255, got {_form(masks)}: convert them")
    if masks.shape[0] != images.shape[0]:
        raise UserError(f"each image needs its mask, got {images.shape[0]} images and {masks.shape[0]} masks")
    if masks.shape[2:] != images.shape[2:]:
        raise UserError(
            f"masks should be as large as their images, got masks of {_size(masks)} and images of {_size(images)} "
            "(height x width): resize the masks to the nearest pixel first"
        )
    if masks.numel() and masks.max() == 1:  # would blacken everything, and two black images are equal
        raise UserError("masks should be 255 on the person, got masks of 0 and 1: multiply them by 255")
    return (images.float() * masks.float() / 255).round().byte()  # never a tie: 255 is odd


def require_images(images: Tensor) -> None:
    """Refuse what is not B x 3 x H x W uint8.

    Raises:
        UserError: names type and shape.
    """
    fits = isinstance(images, Tensor) and images.dtype == torch.uint8 and images.ndim == 4 and images.shape[1] == 3
    if not fits:
        raise UserError(f"images should be a B x 3 x H x W uint8 RGB tensor, got {_form(images)}: convert them first")


def require_pairs(first: Tensor, second: Tensor, smallest: int = 1) -> None:
    """Refuse what are not two batches of as many uint8 images of one size, ``smallest`` pixels a side or more.

    Raises:
        UserError: names what differs.
    """
    require_images(first)
    require_images(second)
    if first.shape[0] != second.shape[0]:
        raise UserError(f"images are compared pair by pair, got {first.shape[0]} and {second.shape[0]} of them")
    if first.shape[2:] != second.shape[2:]:
        raise UserError(
            f"two images of a pair should have one size, got {_size(first)} and {_size(second)} (height x width): "
            "resize one of them, and say so beside the number"
        )
    if min(first.shape[2:]) < smallest:
        raise UserError(f"this metric needs images of {smallest} x {smallest} pixels or more, got {_size(first)}")


def _form(value: object) -> str:
    return f"{tuple(value.shape)} {value.dtype}" if hasattr(value, "dtype") else type(value).__name__


def _size(images: Tensor) -> str:
    return f"{images.shape[2]} x {images.shape[3]}"
