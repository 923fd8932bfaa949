"""What happens to one image between disk and batch; uint8 in, uint8 out.

Normalising waits for the device (:class:`reidzoo.methods.preprocessor.ImagePreprocessor`): bytes travel four times
lighter from the workers. A sample is a dict with ``image`` (H x W x 3 uint8 RGB), ``path`` (of its file) and ``rng``
(its own ``np.random.Generator``, see :mod:`reidzoo.data.draw`); transforms use no other source of chance. Behind
:class:`LoadMask` it also has ``mask`` (H x W uint8, 255 person), and of a data set with poses ``points``; all crops,
flips and resizings move both along (:mod:`reidzoo.data.moving`).
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.data.moving import Sample, crop, mirror, pad, resize
from reidzoo.registry import TRANSFORMS

#: ImageNet's mean colour in bytes: becomes zero after normalising
IMAGENET_MEAN = (124, 116, 104)


@TRANSFORMS.register
class LoadMask:
    """Read where the person is: ``<root>/<folder>/<image's folder>/<stem>.png``, 255 person and 0 rest.

    For layouts whose images lie in a folder right under the root, as Market-1501's and SynthPed's do. It comes first
    among the transforms: masks that missed a crop or a flip of their images are the known bug of PTGAN's code.

    Args:
        folder: beside the folders of images.

    Attributes:
        mask_source: what a log says of where masks come from.

    Raises:
        UserError: an absent mask, one of another size or other values, or an image that was moved before.
    """

    def __init__(self, folder: str = "masks"):
        self.folder = folder
        self.mask_source = f"files in '{folder}'"

    def __call__(self, sample: Sample) -> Sample:
        if "moved" in sample:
            raise UserError("LoadMask expects images as they are on disk and got a moved one: put it first")
        images = sample["path"].parent
        path = images.parent / self.folder / images.name / f"{sample['path'].stem}.png"
        if not path.is_file():
            raise UserError(
                f"LoadMask expects the mask of '{sample['path']}' in '{path}', which does not exist: make masks with a "
                "person segmenter, or use a data set that has them (SynthPed)"
            )
        mask = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
        size = sample["image"].shape[:2]
        if mask is None or mask.shape != size or not np.isin(mask, (0, 255)).all():
            raise UserError(
                f"LoadMask expects 255 (person) and 0 (rest) on {size[0]} x {size[1]} pixels, as '{sample['path']}' "
                f"has, and '{path}' holds something else: make it again"
            )
        sample["mask"] = mask
        return sample


@TRANSFORMS.register
class Resize:
    """Resize to ``height`` x ``width`` pixels, area-averaged where both sides shrink.

    Args:
        height: in pixels.
        width: in pixels.
        interpolation: ``bilinear`` or ``bicubic`` when enlarging, as the recipe's paper has it.
    """

    def __init__(self, height: int, width: int, interpolation: str = "bilinear"):
        if interpolation not in ("bilinear", "bicubic"):
            raise UserError(f"Resize knows the interpolations bilinear and bicubic, got '{interpolation}'")
        self.height, self.width, self.interpolation = height, width, interpolation

    def __call__(self, sample: Sample) -> Sample:
        return resize(sample, self.height, self.width, self.interpolation)


@TRANSFORMS.register
class RandomFlip:
    """Mirror left and right.

    Args:
        prob: probability, 0 to 1.
    """

    def __init__(self, prob: float = 0.5):
        self.prob = prob

    def __call__(self, sample: Sample) -> Sample:
        if sample["rng"].random() < self.prob:
            mirror(sample)
        return sample


@TRANSFORMS.register
class PadCrop:
    """Pad all sides and crop the old size at a random place.

    Args:
        padding: pixels added at each side.
        fill: ``black``, or ``edge`` for the colour of the nearest pixel (DG-Net, whose generator would learn to draw
            black borders).

    Raises:
        UserError: another fill.
    """

    def __init__(self, padding: int = 10, fill: str = "black"):
        if fill not in ("black", "edge"):
            raise UserError(f"PadCrop pads with 'black' or 'edge', got '{fill}'")
        self.padding, self.fill = padding, fill

    def __call__(self, sample: Sample) -> Sample:
        height, width = sample["image"].shape[:2]
        top, left = sample["rng"].integers(0, 2 * self.padding + 1, size=2)
        return crop(pad(sample, self.padding, self.fill), top, left, height, width)


@TRANSFORMS.register
class RandomCrop:
    """Cut ``height`` x ``width`` pixels out at a random place; resize to something larger first.

    Args:
        height: of the result, in pixels.
        width: of the result, in pixels.

    Raises:
        UserError: an image smaller than the crop.
    """

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width

    def __call__(self, sample: Sample) -> Sample:
        full_height, full_width = sample["image"].shape[:2]
        if full_height < self.height or full_width < self.width:
            raise UserError(
                f"RandomCrop cuts {self.height} x {self.width} pixels out of an image of {full_height} x {full_width}: "
                "resize to something larger first"
            )
        top = sample["rng"].integers(0, full_height - self.height + 1)
        left = sample["rng"].integers(0, full_width - self.width + 1)
        return crop(sample, top, left, self.height, self.width)


@TRANSFORMS.register
class RandomRectCrop:
    """Crop a random upright rectangle and resize it (the crop of the CamStyle and HHL code).

    Area U[0.64, 1] of the image, height / width U[2, 3], ten tries, else the whole image.

    Args:
        height: of the result, in pixels.
        width: of the result, in pixels.
    """

    AREA = (0.64, 1.0)
    ASPECT = (2.0, 3.0)
    TRIES = 10

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width

    def __call__(self, sample: Sample) -> Sample:
        rng, (full_height, full_width) = sample["rng"], sample["image"].shape[:2]
        for _ in range(self.TRIES):
            area = rng.uniform(*self.AREA) * full_height * full_width
            aspect = rng.uniform(*self.ASPECT)
            height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if height <= full_height and width <= full_width:
                top = rng.integers(0, full_height - height + 1)
                left = rng.integers(0, full_width - width + 1)
                crop(sample, top, left, height, width)
                break
        return resize(sample, self.height, self.width)


@TRANSFORMS.register
class RandomScaleCrop:
    """Cut out a random part of the image's own shape, its sides a random share of the image's, and resize it.

    The crop of LSRO's baseline (Zheng et al., ICCV 2017, released code): images of 256 x 256, shares U[0.85, 1].

    Args:
        height: of the result, in pixels.
        width: of the result, in pixels.
        min_share: smallest share of a side, in (0, 1].
        interpolation: ``bilinear`` or ``bicubic`` when enlarging.

    Raises:
        UserError: a share out of its range, or another interpolation.
    """

    def __init__(self, height: int, width: int, min_share: float = 0.85, interpolation: str = "bilinear"):
        if not 0 < min_share <= 1:
            raise UserError(f"RandomScaleCrop keeps a share in (0, 1] of the image's sides, got min_share={min_share}")
        self.resize = Resize(height, width, interpolation)
        self.min_share = min_share

    def __call__(self, sample: Sample) -> Sample:
        rng, (full_height, full_width) = sample["rng"], sample["image"].shape[:2]
        share = rng.uniform(self.min_share, 1)
        height, width = max(round(share * full_height), 1), max(round(share * full_width), 1)
        top = rng.integers(0, full_height - height + 1)
        left = rng.integers(0, full_width - width + 1)
        return self.resize(crop(sample, top, left, height, width))


@TRANSFORMS.register
class RandomErasing:
    """Paint a random rectangle over (Zhong et al., AAAI 2020, arXiv:1708.04896, algorithm 1).

    The papers erase after normalising; here the fill is the byte colour that normalises to theirs.

    Args:
        prob: probability, 0 to 1.
        min_area: lower end of the erased share of the image.
        max_area: upper end; 0.4 in the paper's release, 0.2 in its authors' re-ID code.
        min_aspect: lower end of the rectangle's height / width.
        max_aspect: upper end; None is 1 / min_aspect, CamStyle has 3.
        fill: ``mean`` (ImageNet's mean, zero once normalised), ``random`` (per pixel), or an (R, G, B) triple of
            bytes; (152, 142, 127) is what writing the mean into a normalised tensor shows, as CamStyle and BoT do.
    """

    TRIES = 100

    def __init__(
        self,
        prob: float = 0.5,
        min_area: float = 0.02,
        max_area: float = 0.4,
        min_aspect: float = 0.3,
        max_aspect: float | None = None,
        fill: str | tuple[int, int, int] = "mean",
    ):
        if max_aspect is not None and max_aspect < min_aspect:
            raise UserError(
                f"RandomErasing expects max_aspect of at least min_aspect = {min_aspect}, got {max_aspect}: "
                "raise it, or leave it out for 1 / min_aspect"
            )
        if isinstance(fill, str) and fill not in ("mean", "random"):
            raise UserError(f"RandomErasing fills with 'mean', 'random' or an (R, G, B) triple, got '{fill}'")
        self.prob, self.fill = prob, fill
        self.area = (min_area, max_area)
        self.aspect = (min_aspect, 1 / min_aspect if max_aspect is None else max_aspect)

    def __call__(self, sample: Sample) -> Sample:
        rng = sample["rng"]
        if rng.random() >= self.prob:
            return sample
        full_height, full_width = sample["image"].shape[:2]
        for _ in range(self.TRIES):
            area = rng.uniform(*self.area) * full_height * full_width
            aspect = rng.uniform(*self.aspect)
            height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if height < full_height and width < full_width:
                top = rng.integers(0, full_height - height + 1)
                left = rng.integers(0, full_width - width + 1)
                image = sample["image"].copy()
                image[top : top + height, left : left + width] = self._paint(rng, height, width)
                sample["image"] = image
                return sample
        return sample

    def _paint(self, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
        if self.fill == "random":
            return rng.integers(0, 256, size=(height, width, 3), dtype=np.uint8)
        return np.array(IMAGENET_MEAN if self.fill == "mean" else self.fill, dtype=np.uint8)
