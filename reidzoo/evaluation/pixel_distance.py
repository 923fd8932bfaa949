"""How far apart two images are, byte by byte."""

from __future__ import annotations

from torch import Tensor

from reidzoo.evaluation.byte_images import require_pairs


def mean_l1(first: Tensor, second: Tensor) -> Tensor:
    """Mean absolute difference over pixels and colours, in units of the range [-1, 1] that networks draw in.

    Black and white are 2 apart: bytes / 127.5 - 1, as Deformable GAN's ``test.py`` has it (Siarohin et al., CVPR 2018).

    Args:
        first: B x 3 x H x W uint8 RGB.
        second: B x 3 x H x W uint8 RGB.

    Returns:
        B float64, in [0, 2].

    Raises:
        UserError: no bytes, sizes or numbers that differ.
    """
    require_pairs(first, second)
    return (first.short() - second.short()).abs().double().mean((1, 2, 3)) / 127.5
