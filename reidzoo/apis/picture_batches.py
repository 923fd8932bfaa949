"""Pictures of one size from disk, a batch at a time: sets of any length never lie in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from reidzoo.apis.picture_sets import PictureSet
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.reading import decode
from reidzoo.data.draw import Draw
from reidzoo.data.transforms import Resize

Size = tuple[int, int]
T = TypeVar("T")
REMEDY = "bring them to one size with --resize H W"


@dataclass(frozen=True)
class PictureReader:
    """Reads pictures, and masks, of ``size`` (height, width).

    Pictures of another size on disk are resized where ``resizes`` is true (bicubic as in DG-Net's FID protocol, area
    averages where both sides shrink) and refused elsewhere.
    """

    size: Size
    resizes: bool

    def images(self, files: Sequence[Path]) -> Tensor:
        """B x 3 x H x W uint8 RGB.

        Raises:
            UserError: a file that does not decode, or is of another size.
        """
        resize = Resize(*self.size, interpolation="bicubic")
        images = []
        for file in files:
            image = decode(file)
            if image.shape[:2] != self.size and not self.resizes:
                raise UserError(
                    f"'{file}' has {_text(image.shape[:2])} pixels and the images before it {_text(self.size)}, so "
                    f"they cannot be judged together: {REMEDY}"
                )
            images.append(resize({"image": image, "rng": Draw(index=0).generator()})["image"])
        return torch.from_numpy(np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2)))

    def masks(self, files: Sequence[Path]) -> Tensor:
        """B x 1 x H x W uint8, 255 person and 0 rest; resized ones keep their two values.

        Raises:
            UserError: a file that does not decode, has other values, or is of another size.
        """
        masks = []
        for file in files:
            mask = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
            if mask is None or not np.isin(mask, (0, 255)).all():
                raise UserError(f"a mask is a picture of 255 (person) and 0 (rest), '{file}' is none: make it again")
            if mask.shape != self.size and not self.resizes:
                raise UserError(
                    f"the mask '{file}' has {_text(mask.shape)} pixels and its image {_text(self.size)}: make masks of "
                    "the images' size, or bring both to one with --resize H W"
                )
            masks.append(cv2.resize(mask, self.size[::-1], interpolation=cv2.INTER_NEAREST_EXACT))
        return torch.from_numpy(np.stack(masks)[:, None])


def reader_of(real: PictureSet, fake: PictureSet, resize: Size | None) -> PictureReader:
    """The reader for two sets: of ``resize``, or of the size that their first pictures have in common.

    Raises:
        UserError: ``resize`` is no size, or there is none and the sizes of the first pictures differ.
    """
    if resize is not None:
        if len(resize) != 2 or min(resize) < 1:
            raise UserError(f"resize is height and width in pixels, at least 1, got {_text(resize)}")
        return PictureReader((int(resize[0]), int(resize[1])), resizes=True)
    sizes = [decode(pictures.files[0]).shape[:2] for pictures in (real, fake)]
    if sizes[0] != sizes[1]:
        raise UserError(
            f"the images of {real.title} have {_text(sizes[0])} pixels and those of {fake.title} {_text(sizes[1])}: "
            f"{REMEDY}"
        )
    return PictureReader(sizes[0], resizes=False)


def mask_files(folder: str | Path, names: Sequence[str]) -> list[Path]:
    """The mask of each picture: ``<folder>/<name>.png``.

    Raises:
        UserError: no such folder, or masks that are not there; the first and their number.
    """
    if not Path(folder).is_dir():
        raise UserError(f"expected a folder of masks '{folder}', which does not exist: check the path")
    files = [Path(folder) / f"{name}.png" for name in names]
    absent = [file for file in files if not file.is_file()]
    if absent:
        raise UserError(
            f"{len(absent):,} of {len(files):,} images have no mask, first '{absent[0]}': masks lie under their folder "
            "as the real images do under theirs, as PNG"
        )
    return files


def batched(read: Callable[[slice], T], count: int, batch_size: int, what: str) -> Iterator[T]:
    """``read`` of ``count`` rows, ``batch_size`` at a time, the last may be fewer; one batch is read ahead.

    Args:
        read: what gives the batch of some rows; it runs beside the caller.
        count: of all rows.
        batch_size: rows a batch.
        what: they are, as the progress bar calls them.

    Raises:
        UserError: ``batch_size`` is less than 1.
    """
    if batch_size < 1:
        raise UserError(f"batch_size is the number of images a step, at least 1, got {batch_size}")
    slices = [slice(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]
    with ThreadPoolExecutor(max_workers=1) as thread, tqdm(total=count, desc=what, disable=None) as bar:
        ahead = thread.submit(read, slices[0])
        for rows, following in zip_longest(slices, slices[1:]):
            current = ahead.result()
            if following is not None:
                ahead = thread.submit(read, following)
            yield current
            bar.update(rows.stop - rows.start)


def _text(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))
