"""How different the images of one person are: the "SSIM" of DG-Net's table of realism and diversity.

Zheng et al.: Joint Discriminative and Generative Learning for Person Re-identification, CVPR 2019.

The tool its authors name computes DSSIM = (1 - SSIM) / 2 in CIE Lab, so a higher number means more different images:
a printed 0.350 is a mean SSIM of 0.30.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.evaluation.byte_images import require_images, require_pairs
from reidzoo.evaluation.ssim import UNIFORM, structural_similarity

PAIRS, PASSES = 10, 5  # of an identity in a pass, and passes: 37,550 pairs of Market-1501's 751 identities

# linear sRGB to XYZ and the XYZ of white (D65, 2 degrees), to the digits of scikit-image, which that tool calls
_XYZ_OF_RGB = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_XYZ_OF_WHITE = (0.95047, 1.0, 1.08883)
_LAB_RANGE = 100.0  # of all three channels, as the tool has it, though a and b span more


def dssim_lab(first: Tensor, second: Tensor) -> Tensor:
    """(1 - SSIM) / 2 in CIE Lab, pair by pair: 0 for equal images, higher for more different ones.

    SSIM has a uniform 7 x 7 window, sample covariance and data range 100, and is the mean over L, a and b.

    Args:
        first: B x 3 x H x W uint8 RGB.
        second: B x 3 x H x W uint8 RGB.

    Returns:
        B float64, in [0, 1]; :func:`diversity` turns those of :func:`identity_pairs` into one number.

    Raises:
        UserError: no bytes, sizes or numbers that differ, images smaller than 7 x 7.
    """
    require_pairs(first, second, smallest=len(UNIFORM.taps))
    data_range = torch.full((len(first),), _LAB_RANGE, dtype=torch.float64, device=first.device)
    return (1 - structural_similarity(lab(first), lab(second), UNIFORM, data_range)) / 2


def lab(images: Tensor) -> Tensor:
    """B x 3 x H x W uint8 sRGB -> float64 CIE Lab (L in 0..100) under D65, within 1e-9 of scikit-image's ``rgb2lab``.

    Raises:
        UserError: no bytes.
    """
    require_images(images)
    level = torch.arange(256, dtype=torch.float64, device=images.device) / 255
    linear = torch.where(level > 0.04045, ((level + 0.055) / 1.055) ** 2.4, level / 12.92)  # IEC 61966-2-1
    matrix = level.new_tensor(_XYZ_OF_RGB) / level.new_tensor(_XYZ_OF_WHITE)[:, None]
    xyz = torch.einsum("ij,bjhw->ibhw", matrix, linear[images.long()])
    x, y, z = torch.where(xyz > 0.008856, xyz.pow(1 / 3), 7.787 * xyz + 16 / 116)  # CIE 1976, of X / X_n and so on
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=1)


def identity_pairs(
    pids: Sequence[int] | Sequence[str] | np.ndarray, pairs: int = PAIRS, passes: int = PASSES, seed: int = 0
) -> np.ndarray:
    """Which images are compared: in each pass, so many random pairs of two images of each identity.

    The two images of a pair differ; pairs are drawn with replacement, so that two images make up all pairs of their
    identity. Identities with one image have no pair: :func:`lone_images` tells which.

    Args:
        pids: N, the identity of each image, as a number or a name. (DG-Net's generated images go by the identity that
            gave the appearance.)
        pairs: of each identity in a pass.
        passes: how often all identities are gone through.
        seed: of the draw, together with the order of ``pids``.

    Returns:
        M x 2 int64 rows, pass after pass, those of an identity next to each other; M is passes x identities x pairs.

    Raises:
        UserError: ``pairs`` or ``passes`` below 1; a negative number, which is nobody's; no identity with two images.
    """
    if pairs < 1 or passes < 1:
        raise UserError(f"pairs and passes should be 1 or more, got {pairs} and {passes}: DG-Net's are 10 and 5")
    groups = [rows for rows in _rows_by_identity(pids) if len(rows) > 1]
    if not groups:
        raise UserError(f"diversity compares images of one identity, and none of {len(pids)} images shares its own")
    rng = np.random.default_rng(seed)
    return np.concatenate([_two_each(rows, pairs, rng) for _ in range(passes) for rows in groups])


def lone_images(pids: Sequence[int] | Sequence[str] | np.ndarray) -> np.ndarray:
    """The rows, int64 ascending, of images that are the only one of their identity and so in no pair.

    Raises:
        UserError: a negative number, which is nobody's.
    """
    return np.array(sorted(rows[0] for rows in _rows_by_identity(pids) if len(rows) == 1), dtype=np.int64)


@dataclass(frozen=True)
class Diversity:
    """One number for a set of images.

    Attributes:
        mean: over all pairs.
        half_range: half of what lies between the largest and the smallest mean of a pass.
        pass_means: the mean of each pass.
    """

    mean: float
    half_range: float
    pass_means: tuple[float, ...]


def diversity(distances: Tensor | np.ndarray | Sequence[float], passes: int = PASSES) -> Diversity:
    """DG-Net's diversity from the distances of :func:`identity_pairs`, with the ``passes`` they were drawn with.

    DG-Net's tool takes the mean after each pass, over all pairs so far, and prints the middle of these five numbers and
    half their range. They share most of their pairs, so their range says little; here each pass stands alone.

    Args:
        distances: M numbers, in the order of the pairs, such as those of :func:`dssim_lab`.
        passes: as many equal parts of ``distances``.

    Raises:
        UserError: numbers that cannot be cut into so many passes.
    """
    distances = np.asarray(distances, dtype=np.float64)
    if passes < 1 or distances.ndim != 1 or not len(distances) or len(distances) % passes:
        raise UserError(
            f"diversity needs one distance of each pair of {passes} passes, got shape {distances.shape}: "
            "give those of all pairs of identity_pairs, with its number of passes"
        )
    means = distances.reshape(passes, -1).mean(axis=1)
    return Diversity(float(means.mean()), float(np.ptp(means)) / 2, tuple(means.tolist()))


def _rows_by_identity(pids: Sequence[int] | Sequence[str] | np.ndarray) -> list[np.ndarray]:
    pids = np.asarray(pids)
    if pids.dtype.kind == "i" and (pids < 0).any():
        raise UserError(f"an identity is 0 or more, got {pids.min()}, which is nobody's: leave those images out")
    _, identity, counts = np.unique(pids, return_inverse=True, return_counts=True)
    return np.split(np.argsort(identity, kind="stable"), np.cumsum(counts)[:-1])


def _two_each(rows: np.ndarray, pairs: int, rng: np.random.Generator) -> np.ndarray:
    """pairs x 2 rows; the second is one of the others, all equally likely."""
    first = rng.integers(len(rows), size=pairs)
    second = (first + rng.integers(1, len(rows), size=pairs)) % len(rows)
    return np.stack((rows[first], rows[second]), axis=1)
