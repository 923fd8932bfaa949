"""Convolutions of stride 2 on the places that TensorFlow's padding SAME puts them."""

from __future__ import annotations

from torch import nn


def halving(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """A convolution of stride 2 and odd ``kernel`` that halves even sides: the smaller half of its border comes first.

    Torch's ``padding`` puts the larger half first, one pixel further up and left. Either can be learnt; weights of one
    do not fit the other.
    """
    border = kernel - 2
    before, after = border // 2, border - border // 2
    return nn.Sequential(
        nn.ZeroPad2d((before, after, before, after)), nn.Conv2d(in_channels, out_channels, kernel, stride=2)
    )
