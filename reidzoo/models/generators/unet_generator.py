"""The U-Net of pix2pix: Isola, Zhu, Zhou, Efros, "Image-to-Image Translation with ...", CVPR 2017, section 6.1.1."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.generators.sizes import check_image_size
from reidzoo.models.initialization import init_normal
from reidzoo.models.instance_norm import InstanceNorm
from reidzoo.registry import GENERATORS

WIDEST = 8  # times the width
DROPPED = 3  # up blocks with dropout, from the innermost


class UpBlock(nn.Module):
    """ReLU, transposed convolution to twice the size, instance norm, dropout."""

    def __init__(self, in_channels: int, out_channels: int, dropout: float):
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1)
        self.norm = InstanceNorm()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.norm(self.conv(F.relu(x))))


@GENERATORS.register
class UNetGenerator(nn.Module):
    """``depth`` halvings and as many doublings, every map concatenated to its mirror image (Isola et al., CVPR 2017).

    4x4 convolutions of stride 2 with biases; down with leaky ReLU 0.2, up with ReLU, tanh at the end; instance norm
    (the paper: batch norm) except in the first, the innermost and the last convolution. The skips carry detail past
    the narrow middle: cheaper than :class:`ResNetGenerator` for its parameters, of which there are 41,825,667 at
    depth 7. Start: N(0, 0.02), biases 0.

    Attributes:
        divisor: 2^depth, height and width of the images must be multiples of it.

    Args:
        width: channels after the first halving; they double in each, up to 8 times as many.
        depth: halvings: 7 or 8 for images of 256 x 128 and more, 6 at most for 128 x 64.
        dropout: in the three innermost doublings, 0.5 in the paper, where it is the only noise.

    Raises:
        UserError: a width below 1, a depth below 2, or a dropout outside [0, 1).
    """

    smoke: ClassVar = {"width": 4, "depth": 2}

    def __init__(self, width: int = 64, depth: int = 7, dropout: float = 0.0):
        super().__init__()
        if width < 1 or depth < 2 or not 0 <= dropout < 1:
            raise UserError(
                "UNetGenerator expects a width of at least 1, a depth of at least 2 and a dropout in [0, 1), got "
                f"width={width}, depth={depth}, dropout={dropout}: the paper has 64, 8 and 0.5"
            )
        self.divisor = 2**depth
        channels = [width * min(2**i, WIDEST) for i in range(depth)]
        self.down = nn.ModuleList(
            nn.Conv2d(3 if i == 0 else channels[i - 1], channels[i], 4, stride=2, padding=1) for i in range(depth)
        )
        self.norm = InstanceNorm()
        self.up = nn.ModuleList(  # from the innermost; each but the first eats the map below it and a skip
            UpBlock(
                channels[i] if i == depth - 1 else 2 * channels[i],
                channels[i - 1],
                dropout if i >= depth - DROPPED else 0.0,
            )
            for i in range(depth - 1, 0, -1)
        )
        self.last = nn.ConvTranspose2d(2 * width, 3, 4, stride=2, padding=1)
        init_normal(self)

    def forward(self, images: Tensor) -> Tensor:
        """B x 3 x H x W in [-1, 1] to the same size in (-1, 1).

        Raises:
            UserError: H or W is not a multiple of 2^depth.
        """
        check_image_size(self, images, least=self.divisor)
        x = self.down[0](images)
        skips = []
        for down in self.down[1:-1]:
            skips.append(x)
            x = self.norm(down(F.leaky_relu(x, 0.2)))
        skips.append(x)
        x = self.down[-1](F.leaky_relu(x, 0.2))  # may be one cell, which has no variance to norm by
        for up in self.up:
            x = torch.cat([skips.pop(), up(x)], dim=1)
        return self.last(F.relu(x)).tanh()
