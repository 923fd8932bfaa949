"""A backbone small enough for an example."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from reidzoo.base.weights import load_weights, read_weights
from reidzoo.registry import BACKBONES


@BACKBONES.register
class RelightConvNet(nn.Module):
    """Four blocks of 3x3 convolution with stride 2, batch norm and ReLU.

    B x 3 x H x W normalised images to B x C x h x w with h = H / 16.

    Attributes:
        out_channels: C, eight times the width.
        stride: 16.

    Args:
        width: channels of the first block; each block doubles them.
        weights: a file with this network's state dict; None starts at random.

    Raises:
        UserError: weights that cannot be read or do not fit.
    """

    smoke: ClassVar = {"width": 4}
    stride = 16

    def __init__(self, width: int = 16, weights: str | None = None):
        super().__init__()
        self.out_channels = 8 * width
        channels = [3, width, 2 * width, 4 * width, 8 * width]
        layers: list[nn.Module] = []
        for before, after in pairwise(channels):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.blocks = nn.Sequential(*layers)
        if weights is not None:
            load_weights(self, read_weights(weights), source=weights, remedy="check width against the file")

    def forward(self, images: Tensor) -> Tensor:
        return self.blocks(images)
