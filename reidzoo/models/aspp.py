"""Atrous spatial pyramid pooling: Chen et al., "Rethinking Atrous Convolution ...", 2017 (arXiv:1706.05587)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidzoo.models.instance_norm import InstanceNorm
from reidzoo.models.reflect_padding import reflected

#: pixels between the taps of the three dilated branches
DILATIONS = (3, 6, 9)


class ASPP(nn.Module):
    """A 1x1 convolution and three dilated 3x3 ones side by side, concatenated and mixed, as DG-Net released it.

    Every branch gives half the channels: 1x1 to half with instance norm; then, in the dilated ones, leaky ReLU 0.2 and
    the 3x3 with instance norm. A 1x1 convolution with instance norm mixes the four. Nothing is activated after it, nor
    at the branches' ends, and no branch pools the whole map. B x C x h x w to B x 2C x h x w.

    Args:
        channels: C, even.
    """

    #: rows and columns that the map must have, so that its border can be mirrored as far as the widest branch looks
    least = max(DILATIONS) + 1

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        self.branches = nn.ModuleList([nn.Sequential(nn.Conv2d(channels, half, 1), InstanceNorm())])
        for dilation in DILATIONS:
            self.branches.append(
                nn.Sequential(
                    nn.Conv2d(channels, half, 1),
                    InstanceNorm(),
                    nn.LeakyReLU(0.2, inplace=True),
                    reflected(half, half, 3, dilation=dilation),
                    InstanceNorm(),
                )
            )
        self.mix = nn.Sequential(nn.Conv2d(2 * channels, 2 * channels, 1), InstanceNorm())

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(torch.cat([branch(x) for branch in self.branches], dim=1))
