"""Poses as a network sees them: maps of one channel a point, drawn on the device where the points are, never stored.

A pose is 18 x 2 float32, (y, x) in pixels of its image, in the order of :data:`reidzoo.base.skeletons.JOINTS`; a point
that cannot be seen is :data:`reidzoo.base.skeletons.MISSING` in both.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reidzoo.base.skeletons import FLIP, MISSING


def present(points: Tensor) -> Tensor:
    """Which points there are: ... x 18 bool of points ... x 18 x 2."""
    return (points > MISSING).all(dim=-1)


def heat_maps(points: Tensor, size: tuple[int, int], sigma: float = 6.0) -> Tensor:
    """A Gaussian around every point (Siarohin et al., CVPR 2018, section 3): exp(-d^2 / (2 sigma^2)).

    Args:
        points: B x 18 x 2, (y, x) in pixels.
        size: height and width of the maps.
        sigma: in pixels; the released code has 6 at every image size.

    Returns:
        B x 18 x H x W float32 in [0, 1]; zeros where the point is missing.
    """
    down, across = _squared_offsets(points.float(), size)
    # the Gaussian of a sum is a product: H + W exponentials a point in place of H x W
    rows, columns = (torch.exp(-squares / (2 * sigma**2)) for squares in (down, across))
    return (rows * present(points)[..., None])[..., :, None] * columns[..., None, :]


def disc_maps(points: Tensor, size: tuple[int, int], radius: float = 4) -> Tensor:
    """A solid disc around every point (Ma et al., NIPS 2017, section 3.1): 1 up to ``radius`` pixels away, else 0.

    Args:
        points: B x 18 x 2, (y, x) in pixels; fractions are cut off, as the released code does.
        size: height and width of the maps.
        radius: in pixels, itself within the disc; the paper has 4 at every image size.

    Returns:
        B x 18 x H x W float32, 0 or 1; zeros where the point is missing.
    """
    down, across = _squared_offsets(points.float().trunc(), size)
    inside = down[..., :, None] + across[..., None, :] <= radius**2
    return (inside & present(points)[..., None, None]).float()


def flip_points(points: Tensor, width: int) -> Tensor:
    """The points of the mirrored image: x -> width - 1 - x, and left and right of the person change places.

    Args:
        points: ... x 18 x 2, (y, x) in pixels.
        width: of the image, in pixels.

    Returns:
        ... x 18 x 2; what was missing is missing on the other side.
    """
    mirrored = torch.stack((points[..., 0], width - 1 - points[..., 1]), dim=-1)
    kept = torch.where(present(points)[..., None], mirrored, torch.full_like(points, MISSING))
    return kept[..., list(FLIP), :]


def _squared_offsets(points: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Squared distances to every row (B x 18 x H) and every column (B x 18 x W)."""
    height, width = (torch.arange(length, device=points.device, dtype=points.dtype) for length in size)
    return (height - points[..., 0, None]) ** 2, (width - points[..., 1, None]) ** 2
