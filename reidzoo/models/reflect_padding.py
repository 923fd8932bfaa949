"""Convolutions that see the image mirrored at its border."""

from __future__ import annotations

from torch import nn


def reflected(in_channels: int, out_channels: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A convolution of odd ``kernel`` with bias that keeps the size, or divides it by ``stride`` and rounds up.

    The border is as wide as the kernel reaches, and narrower than the map: torch refuses a wider one.
    """
    padding = dilation * (kernel // 2)
    return nn.Conv2d(
        in_channels, out_channels, kernel, stride, padding=padding, dilation=dilation, padding_mode="reflect"
    )
