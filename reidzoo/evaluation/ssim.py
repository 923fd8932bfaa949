"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004) in the two ways person generation is scored.

torchmetrics' function would serve, and agrees to the last digits: sample covariance is another k2, the border is cut
from its full map, and a range of each image's own comes from dividing both images by it. But its window is one dense
two-dimensional convolution: in float64, on one core, a pair of 128 x 64 took it 32 ms (uniform) and 80 ms (Gaussian)
and takes 0.8 ms here; scikit-image, one pair after the other, 1.3 and 2.1 ms. A diversity needs 37,550 pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from reidzoo.base.errors import UserError, nearest
from reidzoo.evaluation.byte_images import apply_masks, require_pairs

_K1, _K2 = 0.01, 0.03  # of the paper, section III B
_BLOCK = 2**16  # values of a map that are worked on at once: more fall out of the cache


@dataclass(frozen=True)
class Window:
    """Where the means, variances and the covariance of one pixel are taken.

    Attributes:
        taps: odd number of weights that add up to 1, along either side of a square window.
        correction: factor on variances and covariance, N / (N - 1) for those of a sample of N pixels.
    """

    taps: tuple[float, ...]
    correction: float


def _gaussian(sigma: float, truncate: float) -> tuple[float, ...]:
    radius = int(truncate * sigma + 0.5)
    heights = [math.exp(-0.5 * (place / sigma) ** 2) for place in range(-radius, radius + 1)]
    return tuple(height / sum(heights) for height in heights)


UNIFORM = Window((1 / 7,) * 7, 49 / 48)
"""7 x 7 pixels of one weight, sample covariance: what scikit-image does unless told otherwise."""

GAUSSIAN = Window(_gaussian(sigma=1.5, truncate=3.5), 1.0)
"""The paper's: 11 x 11 pixels, population covariance."""

SSIM_PRESETS = {"pg2": UNIFORM, "deform": GAUSSIAN}


def ssim(first: Tensor, second: Tensor, preset: str = "pg2") -> Tensor:
    """How alike two images are in structure, pair by pair; 1 for equal ones. Numbers of two presets do not compare.

    ``pg2`` (Ma et al., NIPS 2017, ``score.py``): uniform 7 x 7 window, sample covariance, data range 255.
    ``deform`` (Siarohin et al., CVPR 2018, ``test.py``): Gaussian window, population covariance, and as data range the
    largest less the smallest byte of the generated image, each image its own. So the order of the arguments counts. A
    generated image of one grey has no range, and where the real one is even, too, the formula would be 0/0
    (scikit-image gives NaN, or what rounding leaves over); such an image has range 1 here, the smallest of bytes.

    Both are the mean over pixels whose window lies inside the image, and over the three colours: equal to
    ``skimage.metrics.structural_similarity``.

    Args:
        first: B x 3 x H x W uint8 RGB, the real images.
        second: B x 3 x H x W uint8 RGB, the generated ones.
        preset: 'pg2' or 'deform'.

    Returns:
        B float64, in [-1, 1].

    Raises:
        UserError: another preset; no bytes, sizes or numbers that differ, images smaller than the window.
    """
    if preset not in SSIM_PRESETS:
        raise UserError(f"SSIM has no preset {preset!r}: {nearest(str(preset), SSIM_PRESETS)}")
    window = SSIM_PRESETS[preset]
    require_pairs(first, second, smallest=len(window.taps))
    data_range = torch.full((len(first),), 255.0, dtype=torch.float64, device=first.device)
    if preset == "deform":
        data_range = (second.amax((1, 2, 3)) - second.amin((1, 2, 3))).clamp(min=1).double()
    return structural_similarity(first, second, window, data_range)


def mask_ssim(first: Tensor, second: Tensor, masks: Tensor, preset: str = "pg2") -> Tensor:
    """:func:`ssim` of the persons: of both images multiplied by the mask of the target, the real image.

    The black beside the person is equal in both and counts as such, which is the published definition: a small person
    scores high, and an empty mask 1. (PG2's ``score_mask.py`` reads the masks of the condition images; meant, and taken
    here, are those of the target.)

    Args:
        first: B x 3 x H x W uint8 RGB, the real images.
        second: B x 3 x H x W uint8 RGB, the generated ones.
        masks: B x 1 x H x W uint8, 255 on the person of ``first``.
        preset: 'pg2' or 'deform'; the range of 'deform' is that of the masked image.

    Returns:
        B float64, in [-1, 1].

    Raises:
        UserError: as :func:`ssim` and :func:`reidzoo.evaluation.apply_masks`.
    """
    require_pairs(first, second)
    return ssim(apply_masks(first, masks), apply_masks(second, masks), preset)


def structural_similarity(first: Tensor, second: Tensor, window: Window, data_range: Tensor) -> Tensor:
    """The formula itself, in float64, on any numbers.

    Args:
        first, second: B x C x H x W, sides no shorter than the window.
        window: what is averaged around a pixel.
        data_range: B, above 0.

    Returns:
        B float64: the mean over colours and over the pixels whose window lies inside.
    """
    images = max(1, _BLOCK // max(1, first[0].numel())) if len(first) else 1
    blocks = zip(first.split(images), second.split(images), data_range.double().split(images), strict=True)
    return torch.cat([_block(one.double(), other.double(), window, span) for one, other, span in blocks])


def _block(first: Tensor, second: Tensor, window: Window, data_range: Tensor) -> Tensor:
    maps = torch.stack((first, second, first * second, first * first + second * second))
    mean1, mean2, product, squares = _windowed_means(maps, window.taps)
    product_of_means, squares_of_means = mean1 * mean2, mean1 * mean1 + mean2 * mean2
    covariance = window.correction * (product - product_of_means)
    variances = window.correction * (squares - squares_of_means)  # of both images together
    c1, c2 = ((k * data_range[:, None, None, None]) ** 2 for k in (_K1, _K2))
    # eq. 13: (2 mu_x mu_y + C1)(2 sigma_xy + C2) / ((mu_x^2 + mu_y^2 + C1)(sigma_x^2 + sigma_y^2 + C2))
    similarity = (2 * product_of_means + c1) * (2 * covariance + c2)
    return (similarity / ((squares_of_means + c1) * (variances + c2))).mean((1, 2, 3))


def _windowed_means(maps: Tensor, taps: tuple[float, ...]) -> Tensor:
    """... x H x W -> ... x (H - n + 1) x (W - n + 1): weighted means under the n x n window, where it lies inside."""
    for side in (-2, -1):
        length = maps.shape[side] - len(taps) + 1
        means = maps.narrow(side, 0, length) * taps[0]
        for place, tap in enumerate(taps[1:], 1):
            means.add_(maps.narrow(side, place, length), alpha=tap)
        maps = means
    return maps
