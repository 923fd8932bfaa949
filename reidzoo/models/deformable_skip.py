"""Deformable skip connections: Siarohin, Sangineto, Lathuilière & Sebe, "Deformable GANs for Pose-Based Human Image
Generation", CVPR 2018 (arXiv:1801.00055).

A map of features of the source image is moved part by part to where the target pose has the part, and where parts
overlap the largest value stays. Written from the released code: nearest neighbours in maps and masks, zeros from
outside of the image.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from reidzoo.models.body_parts import part_masks, part_transforms

SAMPLINGS = ("nearest", "bilinear")
#: halves of a cell round up on every machine, although float64 may fall a little short of them
_TIE = 1e-6


class PartMotion(NamedTuple):
    """How the parts of a body move, computed once for maps of all sizes.

    Attributes:
        masks: B x 10 x H x W bool, where each part is in the target image.
        transforms: B x 10 x 2 x 3, from (x, y, 1) there to (x, y) in the source image, in pixels.
    """

    masks: Tensor
    transforms: Tensor


def part_motion(source_points: Tensor, target_points: Tensor, size: tuple[int, int]) -> PartMotion:
    """The motion of the parts from one pose to another, each B x 18 x 2, in images of ``size`` (height, width)."""
    masks = part_masks(target_points, size)
    return PartMotion(masks, part_transforms(target_points, source_points))


def deform(features: Tensor, motion: PartMotion, sampling: str) -> Tensor:
    """Features of the source image, moved to the target pose.

    The released code takes the largest of all parts' values, 0 counting for a part that is not there; here 0 counts
    everywhere, which differs where all ten parts overlap, and not behind a ReLU.

    Args:
        features: B x C x h x w; the image's height and width are multiples of h and w.
        motion: see :func:`part_motion`.
        sampling: ``nearest`` (released code) or ``bilinear``, which passes gradients on more smoothly.

    Returns:
        B x C x h x w of the features' type, at least 0.
    """
    batch, channels, height, width = features.shape
    down, across = (motion.masks.shape[2 + axis] // features.shape[2 + axis] for axis in (0, 1))
    # Only where a part is: the masks of ten parts cover 1.3 to 1.5 maps.
    sample, part, row, column = motion.masks[..., ::down, ::across].nonzero(as_tuple=True)
    (a, b, c), (d, e, f) = (motion.transforms[sample, part, axis].unbind(-1) for axis in (0, 1))
    x, y = a * column + b * row + c / across, d * column + e * row + f / down

    rows = features.permute(0, 2, 3, 1).reshape(-1, channels)  # one a cell; a view of channels-last maps
    first = sample * (height * width)
    # zeros and ones are exact in every type, shares of four cells are not
    precision = rows.dtype if sampling == "nearest" else torch.promote_types(rows.dtype, torch.float32)
    picked = torch.zeros((), dtype=rows.dtype, device=rows.device)
    for x_cell, y_cell, weight in _corners(x, y, sampling):
        inside = (x_cell >= 0) & (x_cell < width) & (y_cell >= 0) & (y_cell < height)
        cell = (first + y_cell * width + x_cell).where(inside, first).long()
        share = (inside * weight).to(precision)[:, None]
        picked = picked + rows.index_select(0, cell) * share
    target = (first + row * width + column)[:, None].expand(-1, channels)
    moved = torch.zeros_like(rows).scatter_reduce(0, target, picked.to(rows.dtype), "amax")
    return moved.view(batch, height, width, channels).permute(0, 3, 1, 2)


def _corners(x: Tensor, y: Tensor, sampling: str) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Column, row and weight of the cells that a place is sampled from."""
    if sampling == "nearest":
        return [((x + 0.5 + _TIE).floor(), (y + 0.5 + _TIE).floor(), torch.ones_like(x))]
    left, top = x.floor(), y.floor()
    right, below = x - left, y - top
    return [
        (left, top, (1 - right) * (1 - below)),
        (left + 1, top, right * (1 - below)),
        (left, top + 1, (1 - right) * below),
        (left + 1, top + 1, right * below),
    ]
