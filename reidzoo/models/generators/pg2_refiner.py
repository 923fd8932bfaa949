"""The second stage of PG2: Ma, Jia, Sun, Schiele, Tuytelaars & Van Gool, "Pose Guided Person Image ...", NIPS 2017."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.generators.pg2_generator import LEAST_ROWS, conv_relu
from reidzoo.models.initialization import init_glorot
from reidzoo.models.same_padding import halving
from reidzoo.models.sizes import check_built_size, halvings_down_to
from reidzoo.registry import GENERATORS


@GENERATORS.register
class PG2Refiner(nn.Module):
    """A coarse image and the source image through a convolutional U-Net: what to add to the coarse one.

    Ma et al., NIPS 2017, figure 2 middle, as released. A level is two 3x3 convolutions with ReLU, of i ``width``
    channels on the way down and ``width`` on the way up; 3x3 convolutions of stride 2 halve, nearest neighbours double.
    Two levels fewer than :class:`PG2Generator`, hence 3 for 128 rows and 4 for 256. No norm, no tanh, no vector in the
    middle; the deepest map is concatenated with itself. 6,058,883 parameters for 128 x 64; 12,696,067 for 256 x 256
    with all skips. Start: Glorot uniform, biases 0.

    Args:
        width: channels at full size.
        image_size: height and width of the images, which set the number of levels.
        full_skips: the decoder sees the encoder's map of full size, too; released for DeepFashion, not for Market-1501.

    Attributes:
        image_size: as given.

    Raises:
        UserError: a width below 1, images of less than 32 rows, or a size that cannot be halved so often.
    """

    smoke: ClassVar = {"width": 1}

    def __init__(self, width: int = 128, image_size: Sequence[int] = (128, 64), full_skips: bool = False):
        super().__init__()
        if width < 1:
            raise UserError(f"PG2Refiner expects a width of at least 1, got width={width}: the paper has 128")
        self.image_size, halvings = halvings_down_to(self, image_size, LEAST_ROWS, at_least=2)
        self.full_skips = full_skips
        channels = [width * (i + 1) for i in range(halvings - 1)]
        self.first = nn.Sequential(*conv_relu(6, width))
        self.blocks, self.halve, self.up_blocks = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        eaten = width
        for i, number in enumerate(channels):
            if i > 0:
                self.halve.append(nn.Sequential(halving(eaten, eaten, 3), nn.ReLU(inplace=True)))
            self.blocks.append(nn.Sequential(*conv_relu(eaten, number), *conv_relu(number, number)))
            eaten = number
        for i in reversed(range(len(channels))):
            skipped = channels[i] if i > 0 or full_skips else 0
            self.up_blocks.append(nn.Sequential(*conv_relu(eaten + skipped, width), *conv_relu(width, width)))
            eaten = width
        self.last = nn.Conv2d(width, 3, 3, padding=1)
        init_glorot(self)

    def forward(self, coarse: Tensor, images: Tensor) -> Tensor:
        """The difference map.

        Args:
            coarse: B x 3 x H x W, what stage I drew.
            images: B x 3 x H x W in [-1, 1], the sources that it was drawn from.

        Returns:
            B x 3 x H x W, to be added to ``coarse``.

        Raises:
            UserError: images of another size than ``image_size``.
        """
        check_built_size(self, images)
        x = self.blocks[0](self.first(torch.cat([coarse, images], dim=1)))
        skips = [x if self.full_skips else x[:, :0]]  # no channel of it
        for halve, block in zip(self.halve, self.blocks[1:], strict=True):
            x = block(halve(x))
            skips.append(x)
        x = self.up_blocks[0](torch.cat([x, skips.pop()], dim=1))
        for block in self.up_blocks[1:]:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = block(torch.cat([x, skips.pop()], dim=1))
        return self.last(x)
