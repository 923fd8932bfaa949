"""The first stage of PG2: Ma, Jia, Sun, Schiele, Tuytelaars & Van Gool, "Pose Guided Person Image ...", NIPS 2017."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.base.pose_maps import disc_maps
from reidzoo.base.skeletons import JOINTS
from reidzoo.models.initialization import init_glorot
from reidzoo.models.same_padding import halving
from reidzoo.models.sizes import check_built_size, halvings_down_to
from reidzoo.registry import GENERATORS

#: rows of the smallest map: 8 to 15
LEAST_ROWS = 8


class PlainResidual(nn.Module):
    """Two 3x3 convolutions with a ReLU each beside a skip; no norm, no ReLU after the addition."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(*conv_relu(channels, channels), *conv_relu(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


@GENERATORS.register
class PG2Generator(nn.Module):
    """The source image and the target pose through a U-Net whose middle is a vector: a coarse person in that pose.

    Ma et al., NIPS 2017, figure 2 left, as released. The pose comes as discs of 4 pixels, rescaled to -1 and 1. A level
    is a residual block; the channels of level i are i ``width``, between levels a 3x3 convolution of stride 2 halves
    the size down to 8 to 15 rows: 5 levels for 128 x 64, 6 for 256 x 256. Linear layers to ``bottleneck`` numbers and
    back to ``width`` channels without activation; each level of the decoder sees the mirrored map of the encoder,
    followed by a nearest-neighbour doubling and a 1x1 convolution. No norm, no dropout, no tanh. 70,795,075 parameters
    for 128 x 64, 122,103,235 for 256 x 256. Start: Glorot uniform, biases 0.

    Args:
        width: channels at full size.
        image_size: height and width of the images, which set the number of levels.
        bottleneck: numbers that the whole image and pose are squeezed into.

    Attributes:
        image_size: as given.

    Raises:
        UserError: a width or bottleneck below 1, or a size that cannot be halved so often.
    """

    smoke: ClassVar = {"width": 1, "bottleneck": 2}

    def __init__(self, width: int = 128, image_size: Sequence[int] = (128, 64), bottleneck: int = 64):
        super().__init__()
        if width < 1 or bottleneck < 1:
            raise UserError(
                f"PG2Generator expects a width and a bottleneck of at least 1, got width={width}, "
                f"bottleneck={bottleneck}: the paper has 128 and 64"
            )
        self.image_size, halvings = halvings_down_to(self, image_size, LEAST_ROWS)
        channels = [width * (i + 1) for i in range(halvings + 1)]
        self.first = nn.Sequential(*conv_relu(3 + len(JOINTS), width))
        self.blocks = nn.ModuleList(PlainResidual(number) for number in channels)
        self.halve = nn.ModuleList(
            nn.Sequential(halving(channels[i], channels[i + 1], 3), nn.ReLU(inplace=True)) for i in range(halvings)
        )
        self.cells = tuple(side // 2**halvings for side in self.image_size)
        area = self.cells[0] * self.cells[1]
        self.squeeze = nn.Linear(channels[-1] * area, bottleneck)
        self.expand = nn.Linear(bottleneck, width * area)

        self.up_blocks, self.narrow = nn.ModuleList(), nn.ModuleList()
        drawn = width
        for i in reversed(range(halvings + 1)):
            eaten = drawn + channels[i]
            self.up_blocks.append(PlainResidual(eaten))
            if i > 0:
                drawn = channels[i - 1]
                self.narrow.append(nn.Sequential(nn.Conv2d(eaten, drawn, 1), nn.ReLU(inplace=True)))
        self.last = nn.Conv2d(2 * width, 3, 3, padding=1)
        init_glorot(self)

    def forward(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> Tensor:
        """The persons of the images in other poses, coarsely.

        Args:
            images: B x 3 x H x W in [-1, 1].
            source_points: B x 18 x 2; this network does not look at them.
            target_points: B x 18 x 2, (y, x) in pixels of these images: the poses to draw.

        Returns:
            B x 3 x H x W; nothing holds it to [-1, 1].

        Raises:
            UserError: images of another size than ``image_size``.
        """
        check_built_size(self, images)
        pose = 2 * disc_maps(target_points, self.image_size).to(images.dtype) - 1
        x = self.blocks[0](self.first(torch.cat([images, pose], dim=1)))
        skips = [x]
        for halve, block in zip(self.halve, self.blocks[1:], strict=True):
            x = block(halve(x))
            skips.append(x)
        x = self.expand(self.squeeze(x.flatten(1))).view(len(x), -1, *self.cells)
        x = self.up_blocks[0](torch.cat([x, skips.pop()], dim=1))
        for narrow, block in zip(self.narrow, self.up_blocks[1:], strict=True):
            # a 1x1 convolution of a map enlarged by its nearest neighbours is the enlarged one of the small map
            x = F.interpolate(narrow(x), scale_factor=2, mode="nearest")
            x = block(torch.cat([x, skips.pop()], dim=1))
        return self.last(x)


def conv_relu(in_channels: int, out_channels: int) -> list[nn.Module]:
    """A 3x3 convolution that keeps the size, and its ReLU."""
    return [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU(inplace=True)]
