"""One image file: decoded, transformed, and made the tensors of an item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import mmcv
import numpy as np
import torch

from reidzoo.base.errors import UserError
from reidzoo.data.moving import require_points_moved


class UndecodableImage(UserError):
    """An image file that cannot be decoded; the run stops and ``undecodable()`` of the data set counts the others."""


def decode(path: Path) -> np.ndarray:
    """The image in a file, H x W x 3 uint8 RGB.

    Raises:
        UndecodableImage: the file is absent or is not an image.
    """
    try:
        image = mmcv.imfrombytes(path.read_bytes(), channel_order="rgb")
    except (OSError, cv2.error):
        image = None
    if image is None:
        raise UndecodableImage(f"'{path}' is not an image that can be decoded: replace or remove it")
    return image


def undecodable(paths: Iterable[Path]) -> list[Path]:
    """Those of these files that do not decode; reads them all."""
    broken = []
    for path in paths:
        try:
            decode(path)
        except UndecodableImage:
            broken.append(path)
    return broken


def transformed(
    image: np.ndarray,
    path: Path,
    transforms: Sequence[Callable[[dict[str, Any]], dict[str, Any]]],
    rng: np.random.Generator,
) -> dict[str, torch.Tensor]:
    """``images`` uint8 3 x H x W and, after ``LoadMask``, ``masks`` uint8 1 x H x W, changed by the chance of ``rng``.

    After ``LoadPose`` (:mod:`reidzoo.data.poses.load_pose`) there are also ``points`` float32 18 x 2, (y, x) in pixels
    of the changed image.

    Args:
        image: H x W x 3 uint8 RGB.
        path: of its file, for transforms that read what lies beside it.
        transforms: applied in order.
        rng: where every transform takes its chance from.

    Raises:
        UserError: a transform changed the image's size and left its points where they were.
    """
    sample = {"image": image, "path": path, "rng": rng}
    for transform in transforms:
        sample = transform(sample)
    item = {"images": torch.from_numpy(np.ascontiguousarray(sample["image"].transpose(2, 0, 1)))}
    if "mask" in sample:
        item["masks"] = torch.from_numpy(np.ascontiguousarray(sample["mask"][None]))
    if "points" in sample:
        require_points_moved(sample, image.shape[:2])
        item["points"] = torch.from_numpy(sample["points"])
    return item
