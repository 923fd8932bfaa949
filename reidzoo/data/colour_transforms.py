"""What changes the colours of one image and moves no pixel: jitter, greyscale, and the statistics of a target camera.

Transforms as in :mod:`reidzoo.data.transforms`: uint8 RGB in and out, all chance from the sample's own ``rng``.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.transforms import Sample
from reidzoo.registry import DATASETS, TRANSFORMS

#: grey value of an R, G, B pixel (ITU-R BT.601, as OpenCV and JPEG have it)
GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)

#: responses L, M, S of the eye's cones to R, G, B (Reinhard et al., equation 4)
LMS_OF_RGB = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
#: l (achromatic), alpha (yellow - blue) and beta (red - green) of log L, log M, log S (equation 6)
LAB_OF_LOG_LMS = np.diag([1 / np.sqrt(3), 1 / np.sqrt(6), 1 / np.sqrt(2)]) @ [[1, 1, 1], [1, 1, -2], [1, -1, 0]]
#: deviations below are those of a single colour: there is nothing to stretch
FLAT = 1e-5


@TRANSFORMS.register
class ColourJitter:
    """Change brightness, contrast, saturation and hue by random amounts, in random order.

    The four changes are those of torchvision's ``ColorJitter``; each is clipped to 0..255, bytes are rounded once.

    Args:
        brightness: b; all values times U[max(0, 1 - b), 1 + b].
        contrast: c; distances to the image's mean grey times U[max(0, 1 - c), 1 + c].
        saturation: s; distances to each pixel's own grey times U[max(0, 1 - s), 1 + s].
        hue: h, in [0, 0.5]; the hue turns by U[-h, h] of the full circle.
        prob: probability that an image is changed at all, 0 to 1.

    Raises:
        UserError: a number out of its range.
    """

    def __init__(self, brightness: float, contrast: float, saturation: float, hue: float, prob: float = 1.0):
        ranges = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
        for name, value in ranges.items():
            if value < 0:
                raise UserError(f"ColourJitter takes a {name} of at least 0 (0 leaves it as it is), got {value}")
        if not 0 <= hue <= 0.5:
            raise UserError(f"ColourJitter turns the hue by 0 to 0.5 of the circle, got hue={hue}")
        _require_probability("ColourJitter", prob)
        self.brightness, self.contrast, self.saturation, self.hue, self.prob = (*ranges.values(), hue, prob)

    def __call__(self, sample: Sample) -> Sample:
        rng = sample["rng"]
        if rng.random() >= self.prob:
            return sample
        factors = [rng.uniform(max(0, 1 - x), 1 + x) for x in (self.brightness, self.contrast, self.saturation)]
        turn = rng.uniform(-self.hue, self.hue)
        image = sample["image"].astype(np.float32)
        for change in rng.permutation(4):
            if change == 0:
                image = image * factors[0]
            elif change == 1:
                mean = (image @ GREY).mean()
                image = mean + factors[1] * (image - mean)
            elif change == 2:
                grey = (image @ GREY)[..., None]
                image = grey + factors[2] * (image - grey)
            elif turn:  # there and back again is not free of rounding
                image = _turn_hue(image, turn)
            image = np.clip(image, 0, 255, dtype=np.float32)
        sample["image"] = np.rint(image).astype(np.uint8)
        return sample


@TRANSFORMS.register
class RandomGreyscale:
    """Replace the three channels by 0.299 R + 0.587 G + 0.114 B.

    Args:
        prob: probability, 0 to 1.

    Raises:
        UserError: a probability out of its range.
    """

    def __init__(self, prob: float = 0.1):
        _require_probability("RandomGreyscale", prob)
        self.prob = prob

    def __call__(self, sample: Sample) -> Sample:
        if sample["rng"].random() < self.prob:
            grey = np.rint(sample["image"].astype(np.float32) @ GREY).astype(np.uint8)
            sample["image"] = np.repeat(grey[..., None], 3, axis=2)
        return sample


@TRANSFORMS.register
class ReinhardTransfer:
    """Give each image the colour statistics of a camera of a target set, drawn at random (colour transfer).

    Reinhard, Ashikhmin, Gooch & Shirley, "Color Transfer between Images", IEEE Computer Graphics and Applications
    2001: in the space l-alpha-beta, whose channels hardly correlate in natural images, every channel is moved and
    stretched until its mean and deviation are the target's (equations 10 and 11). The target is no single image here
    but all pixels of all training images of one camera; they are counted once, when the transform is built, from the
    images as they lie on disk (transforms of ``target`` are not run). No label of the target is used.

    The paper leaves open what the logarithm of black is; here one byte is added before it and taken off afterwards.
    Colours that leave 0..255 are clipped.

    Args:
        target: config from shelf DATASETS, split ``train``.
        prob: probability that an image is changed, 0 to 1.

    Raises:
        UserError: a target whose cameras mean nothing, that is no training split or no data set of single images, or
            a probability out of its range.
    """

    def __init__(self, target: dict[str, Any], prob: float = 1.0):
        _require_probability("ReinhardTransfer", prob)
        dataset = DATASETS.build(target)
        if not isinstance(dataset, ReIDDataset) or not dataset.has_cameras:
            raise UserError(
                f"ReinhardTransfer needs a target with cameras, and {type(dataset).__name__} has none: "
                "name a re-ID data set that knows the camera of each image"
            )
        if dataset.split != "train":
            raise UserError(
                f"ReinhardTransfer learns from the training images of its target, got split='{dataset.split}': "
                "write split='train', because test images are for the test"
            )
        self.prob = prob
        #: C x 3 float32 each, cameras in ascending order of their number
        self.means, self.deviations = camera_statistics(dataset)

    def __call__(self, sample: Sample) -> Sample:
        rng = sample["rng"]
        if rng.random() < self.prob:
            camera = rng.integers(len(self.means))
            image = sample["image"]
            lab = match_statistics(rgb_to_lab(image), self.means[camera], self.deviations[camera])
            sample["image"] = lab_to_rgb(lab, image.shape)
        return sample


def camera_statistics(dataset: ReIDDataset) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of l, alpha and beta over all pixels of each camera; both C x 3 float32."""
    cameras = sorted({record.camid for record in dataset.records})
    sums = np.zeros((len(cameras), 3, 3))  # camera; pixels, their sum, the sum of their squares; channel
    for record in dataset.records:
        lab = rgb_to_lab(dataset.read_image(record))
        mean, deviation = lab.mean(1, dtype=np.float64), lab.std(1, dtype=np.float64)
        sums[cameras.index(record.camid)] += lab.shape[1] * np.stack([np.ones(3), mean, deviation**2 + mean**2])
    means, squares = sums[:, 1] / sums[:, 0], sums[:, 2] / sums[:, 0]
    deviations = np.sqrt(np.maximum(squares - means**2, 0))
    return means.astype(np.float32), deviations.astype(np.float32)


def match_statistics(lab: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """``lab`` (3 x N) with the ``mean`` and ``deviation`` (3 each) that are wanted; equations 10 and 11.

    A channel without deviation is moved only.
    """
    own_mean, own_deviation = lab.mean(1), lab.std(1)
    ratio = np.where(own_deviation > FLAT, deviation / np.maximum(own_deviation, FLAT), 1).astype(np.float32)
    return ratio[:, None] * (lab - own_mean[:, None]) + mean[:, None]


def rgb_to_lab(image: np.ndarray) -> np.ndarray:
    """The pixels of an H x W x 3 uint8 RGB image, row by row, as l, alpha, beta; 3 x HW float32.

    Logarithms are natural, the paper's decimal: the base scales the space, and a transfer has the same result.
    """
    rgb = np.ascontiguousarray(image.reshape(-1, 3).T, dtype=np.float32)
    return LAB_OF_LOG_LMS.astype(np.float32) @ np.log(LMS_OF_RGB.astype(np.float32) @ (rgb + 1))


def lab_to_rgb(lab: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The inverse of :func:`rgb_to_lab`, rounded and clipped to bytes; ``shape`` is H x W x 3."""
    lms = np.exp(np.linalg.inv(LAB_OF_LOG_LMS).astype(np.float32) @ lab)
    rgb = np.linalg.inv(LMS_OF_RGB).astype(np.float32) @ lms - 1
    return np.rint(np.clip(rgb, 0, 255)).astype(np.uint8).T.reshape(shape)


def _turn_hue(image: np.ndarray, turn: float) -> np.ndarray:
    """``image`` (H x W x 3 float32, 0..255) with its hue turned by ``turn`` of the circle."""
    hsv = cv2.cvtColor(image / 255, cv2.COLOR_RGB2HSV)  # of floats: hue in degrees, nothing rounded
    hsv[..., 0] = (hsv[..., 0] + 360 * turn) % 360
    return 255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def _require_probability(name: str, prob: float) -> None:
    if not 0 <= prob <= 1:
        raise UserError(f"prob of {name} is a probability from 0 to 1, got {prob}")
