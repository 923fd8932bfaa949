"""Changes of place: an image, its mask and its points go together, or a sample is refused.

``mask`` is H x W uint8; ``points`` are N x 2 float32, (y, x) in pixels, :data:`reidzoo.base.skeletons.MISSING` in both
where a point cannot be seen or has left the image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import mmcv
import numpy as np
import torch

from reidzoo.base.errors import UserError
from reidzoo.base.pose_maps import flip_points
from reidzoo.base.skeletons import MISSING

Sample = dict[str, Any]


def move(
    sample: Sample, move_pixels: Callable[[np.ndarray], np.ndarray], move_points: Callable[[np.ndarray], np.ndarray]
) -> Sample:
    """Apply one change of place to the image and, where there are any, to its mask and its points.

    Args:
        sample: with ``image``; changed and returned.
        move_pixels: of H x W x 3 images and H x W masks.
        move_points: the same for N x 2 points; missing ones come as NaN.
    """
    for name in ("image", "mask"):
        if name in sample:
            sample[name] = move_pixels(sample[name])
    size = sample["moved"] = sample["image"].shape[:2]
    if "points" in sample:
        there = (sample["points"] != MISSING).all(axis=1, keepdims=True)
        points = move_points(np.where(there, sample["points"], np.float32(np.nan)))
        # a pixel's area reaches half a pixel beyond its centre; comparing NaN is False
        inside = ((points >= -0.5) & (points < np.array(size) - 0.5)).all(axis=1, keepdims=True)
        clipped = np.clip(points, 0, np.array(size) - 1)
        sample["points"] = np.where(inside, clipped, MISSING).astype(np.float32)
    return sample


def crop(sample: Sample, top: int, left: int, height: int, width: int) -> Sample:
    """Cut ``height`` x ``width`` pixels out; points outside become missing."""
    return move(
        sample,
        lambda image: image[top : top + height, left : left + width],
        lambda points: points - np.array((top, left), np.float32),
    )


def pad(sample: Sample, padding: int, fill: str = "black") -> Sample:
    """Add ``padding`` pixels at each side.

    They are black and no person, or with ``fill="edge"`` repeat the outermost ones, of a mask, too.
    """
    border = (padding,) * 4
    kind = cv2.BORDER_REPLICATE if fill == "edge" else cv2.BORDER_CONSTANT
    return move(
        sample,
        lambda image: cv2.copyMakeBorder(np.ascontiguousarray(image), *border, kind),
        lambda points: points + np.float32(padding),
    )


def mirror(sample: Sample) -> Sample:
    """Mirror left and right; the person's left arm becomes a right one."""
    width = sample["image"].shape[1]
    return move(
        sample, lambda image: image[:, ::-1], lambda points: flip_points(torch.from_numpy(points), width).numpy()
    )


def resize(sample: Sample, height: int, width: int, interpolation: str = "bilinear") -> Sample:
    """Resize to ``height`` x ``width`` pixels; a pixel's centre stays the centre of what it covered."""
    scale = np.array((height, width), np.float32) / np.array(sample["image"].shape[:2], np.float32)
    return move(
        sample,
        lambda image: _resized(image, height, width, interpolation),
        lambda points: (points + np.float32(0.5)) * scale - np.float32(0.5),
    )


def require_points_moved(sample: Sample, size: tuple[int, int]) -> None:
    """Refuse points that a transform from elsewhere left behind.

    Args:
        sample: after all transforms.
        size: height and width of the image before them.

    Raises:
        UserError: the image has another size than its points.
    """
    expected, found = sample.get("moved", size), sample["image"].shape[:2]
    if found != expected:
        raise UserError(
            f"a transform made an image of {found[0]} x {found[1]} pixels and left its points in one of "
            f"{expected[0]} x {expected[1]}: change places through reidzoo.data.moving, or leave that transform out"
        )


def _resized(image: np.ndarray, height: int, width: int, interpolation: str) -> np.ndarray:
    """H x W x 3 images as asked for; H x W masks keep their two values."""
    if image.shape[:2] == (height, width):
        return image
    if image.ndim == 2:  # the exact kind has its pixels' centres where the other kernels have them
        return cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    if image.shape[0] > height and image.shape[1] > width:
        interpolation = "area"  # OpenCV's interpolations do not low-pass: shrinking would alias
    return mmcv.imresize(image, (width, height), interpolation=interpolation)
