"""Pictures in every form that people have them, as batches of bytes: what the embedder and the translator take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.reading import decode
from reidzoo.data.draw import Draw
from reidzoo.data.transforms import Sample

#: one picture: a file, H x W x 3 uint8 RGB, or a PIL image of any mode
Picture = str | Path | np.ndarray | Image.Image
Transform = Callable[[Sample], Sample]


def listed(images: Any, purpose: str) -> Sequence[Any]:
    """The pictures one by one; files and arrays are not looked at yet.

    Args:
        images: a file; a folder (its pictures sorted by name, those of folders in it left out); one H x W x 3 uint8
            RGB array or PIL image; a list of any of these but folders; or a B x 3 x H x W uint8 RGB tensor.
        purpose: what they are for, as errors call it: ``embed``.

    Raises:
        UserError: no picture, or a tensor of another shape or type.
    """
    where = ""
    if isinstance(images, str | Path) and Path(images).is_dir():
        pictures: Sequence[Any] = image_files(Path(images))
        where = f" in the folder '{images}'"
    elif isinstance(images, Tensor):
        if images.ndim != 4 or images.shape[1] != 3 or images.dtype != torch.uint8:
            raise UserError(
                f"expected a tensor B x 3 x H x W of uint8 (RGB), got {_described(images)}: "
                "pictures as bytes, not normalised"
            )
        pictures = list(images.permute(0, 2, 3, 1).cpu().numpy())
    else:
        pictures = images if isinstance(images, list | tuple) else [images]
    if len(pictures) == 0:
        raise UserError(f"found no picture to {purpose}{where}: name at least one")
    return pictures


def batches_of(pictures: Sequence[Any], transforms: Sequence[Transform], batch_size: int) -> Iterator[Tensor]:
    """Batches B x 3 x H x W uint8 RGB of ``batch_size`` pictures, the last may have fewer.

    Args:
        pictures: what :func:`listed` gives.
        transforms: applied in order to each picture.
        batch_size: at least 1.

    Raises:
        UserError: a file that does not decode, another shape or type, or sizes that differ after the transforms.
    """
    for start in range(0, len(pictures), batch_size):
        yield _stacked([_transformed(_pixels(one), transforms) for one in pictures[start : start + batch_size]])


def _transformed(pixels: np.ndarray, transforms: Sequence[Transform]) -> np.ndarray:
    sample: Sample = {"image": pixels, "rng": Draw(index=0).generator()}
    for transform in transforms:
        sample = transform(sample)
    return sample["image"]


def _stacked(images: Sequence[np.ndarray]) -> Tensor:
    """H x W x 3 images as one batch."""
    shapes = sorted({image.shape[:2] for image in images})
    if len(shapes) > 1:
        raise UserError(
            f"the config resizes nothing, and these pictures have {len(shapes)} sizes (first: "
            f"{shapes[0][0]} x {shapes[0][1]} and {shapes[1][0]} x {shapes[1][1]}): bring them to one size"
        )
    return torch.from_numpy(np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2)))


def _pixels(picture: Any) -> np.ndarray:
    """H x W x 3 uint8 RGB."""
    if isinstance(picture, str | Path):
        if not Path(picture).exists():
            raise UserError(f"no such file or folder: '{picture}'")
        return decode(Path(picture))
    if isinstance(picture, Image.Image):
        return np.asarray(picture.convert("RGB"))
    if isinstance(picture, np.ndarray):
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
            raise UserError(
                f"expected an array H x W x 3 of uint8 (RGB), got {_described(picture)}: convert it, "
                "and name several pictures as a list"
            )
        return picture
    raise UserError(
        f"expected pictures as paths, arrays, PIL images or one tensor of a batch, got {type(picture).__name__}"
    )


def _described(array: np.ndarray | Tensor) -> str:
    shape = " x ".join(map(str, array.shape)) or "a single number"
    return f"{shape} of {str(array.dtype).removeprefix('torch.')}"
