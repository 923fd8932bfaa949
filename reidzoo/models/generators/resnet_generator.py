"""The generator of CycleGAN: Zhu, Park, Isola, Efros, "Unpaired Image-to-Image Translation ...", ICCV 2017.

Its form is that of Johnson, Alahi, Fei-Fei, "Perceptual Losses for Real-Time Style Transfer", ECCV 2016.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.generators.sizes import check_image_size
from reidzoo.models.initialization import init_normal
from reidzoo.models.instance_norm import InstanceNorm
from reidzoo.models.reflect_padding import reflected
from reidzoo.registry import GENERATORS

#: what atanh is given of the range [-1, 1]: one byte less at both ends, where it would be infinite
LIMIT = 1 - 2 / 255


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a skip, instance norm after each; no ReLU after the addition."""

    def __init__(self, channels: int, dropout: float):
        super().__init__()
        self.body = nn.Sequential(
            *_conv_norm_relu(channels, channels, 3),
            nn.Dropout(dropout),
            reflected(channels, channels, 3),
            InstanceNorm(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


@GENERATORS.register
class ResNetGenerator(nn.Module):
    """Two halvings, residual blocks at a quarter of the size, two doublings, tanh (Zhu et al., ICCV 2017).

    Instance norm has no parameters here, hence every convolution keeps its bias: 11,378,179 parameters with 9 blocks,
    7,837,699 with 6. Start: N(0, 0.02), biases 0.

    Attributes:
        divisor: 4, height and width of the images must be multiples of it.

    Args:
        width: channels at full size; 4 times as many in the residual blocks.
        blocks: residual blocks; the paper has 9 for sides of 256 and more, 6 for 128.
        dropout: after the first ReLU of every residual block; CycleGAN has none, CamStyle's code 0.5.
        residual: draw the change of an image and not the image, ``tanh(atanh(x) + change)``; not in the paper. Training
            then starts close to the identity, and colours and patterns are there from the first step on; the paper's
            form still paints in grey where a small network has seen 300 batches.

    Raises:
        UserError: a width or number of blocks below 1, or a dropout outside [0, 1).
    """

    divisor = 4

    smoke: ClassVar = {"width": 4, "blocks": 1}

    def __init__(self, width: int = 64, blocks: int = 9, dropout: float = 0.0, residual: bool = False):
        super().__init__()
        if width < 1 or blocks < 1 or not 0 <= dropout < 1:
            raise UserError(
                "ResNetGenerator expects a width and blocks of at least 1 and a dropout in [0, 1), got "
                f"width={width}, blocks={blocks}, dropout={dropout}: the paper has 64, 9 and 0"
            )
        self.body = nn.Sequential(
            *_conv_norm_relu(3, width, 7),
            *_halve(width),
            *_halve(2 * width),
            *(ResidualBlock(4 * width, dropout) for _ in range(blocks)),
            *_double(4 * width),
            *_double(2 * width),
            reflected(width, 3, 7),
        )
        self.residual = residual
        init_normal(self)

    def forward(self, images: Tensor) -> Tensor:
        """B x 3 x H x W in [-1, 1] to the same size in (-1, 1).

        Raises:
            UserError: H or W is not a multiple of 4, or below 8.
        """
        check_image_size(self, images, least=2 * self.divisor)  # a map of one row has nothing to reflect
        drawn = self.body(images)
        if self.residual:
            drawn = drawn + torch.atanh(images.clamp(-LIMIT, LIMIT))
        return torch.tanh(drawn)


def _conv_norm_relu(in_channels: int, out_channels: int, kernel: int) -> list[nn.Module]:
    convolution = reflected(in_channels, out_channels, kernel)
    return [convolution, InstanceNorm(), nn.ReLU(inplace=True)]


def _halve(channels: int) -> list[nn.Module]:
    """Half the size, twice the channels."""
    return [nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1), InstanceNorm(), nn.ReLU(inplace=True)]


def _double(channels: int) -> list[nn.Module]:
    """Twice the size, half the channels."""
    convolution = nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1)
    return [convolution, InstanceNorm(), nn.ReLU(inplace=True)]
