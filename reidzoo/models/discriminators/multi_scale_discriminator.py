"""The discriminator of DG-Net: Zheng, Yang, Yu, Zheng, Yang & Kautz, CVPR 2019, as released; its form is MUNIT's."""

from __future__ import annotations

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.initialization import init_normal
from reidzoo.models.reflect_padding import reflected
from reidzoo.models.residual import ReflectResidual
from reidzoo.registry import DISCRIMINATORS


@DISCRIMINATORS.register
class MultiScaleDiscriminator(nn.Module):
    """A map of scores from the image, from its half, from its quarter ...: a network of its own for each.

    Zheng et al., CVPR 2019, as released (many sizes: Wang et al., pix2pixHD, CVPR 2018). Each network: convolutions 1x1
    and 3x3, the second and the fourth 3x3 of stride 2, the fourth to twice the channels; residual blocks; a 1x1 to the
    score. Leaky ReLU 0.2, no norm at all, borders mirrored. Smaller images are averages of 3 x 3 pixels in steps of 2,
    of fewer at the border. 1,025,571 parameters. Start: N(0, 0.02), biases 0.

    Args:
        width: channels of the first convolutions, doubled at the end.
        scales: networks, each for half the size of the one before.
        blocks: residual blocks of each.

    Raises:
        UserError: an argument below 1.
    """

    smoke: ClassVar = {"width": 2, "blocks": 1}

    def __init__(self, width: int = 32, scales: int = 3, blocks: int = 4):
        super().__init__()
        if min(width, scales, blocks) < 1:
            raise UserError(
                "MultiScaleDiscriminator expects width, scales and blocks of at least 1, got "
                f"width={width}, scales={scales}, blocks={blocks}: the released code has 32, 3 and 4"
            )
        self.scales = nn.ModuleList(_judge(width, blocks) for _ in range(scales))
        # two halvings follow those of the scales, and a border of one cell cannot be mirrored
        self.least = 2 ** (scales + 1) + 1
        init_normal(self)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Images B x 3 x H x W to a map of scores for each scale, finest first, without sigmoid.

        Scale i of 0, 1, 2 ... has B x 1 x h x w scores, h = H / 2^(i + 2), rounded up.

        Raises:
            UserError: images too small for the last scale.
        """
        height, width = images.shape[-2:]
        if min(height, width) < self.least:
            raise UserError(
                f"this MultiScaleDiscriminator expects images of {self.least} x {self.least} at least, got "
                f"{height} x {width}: take larger images or fewer scales"
            )
        scores = []
        for i, judge in enumerate(self.scales):
            if i > 0:
                images = F.avg_pool2d(images, 3, stride=2, padding=1, count_include_pad=False)
            scores.append(judge(images))
        return scores


def _judge(width: int, blocks: int) -> nn.Sequential:
    """The network of one scale."""
    return nn.Sequential(
        *_conv(3, width, 1),
        *_conv(width, width, 3),
        *_conv(width, width, 3, stride=2),
        *_conv(width, width, 3),
        *_conv(width, 2 * width, 3, stride=2),
        *(ReflectResidual(2 * width) for _ in range(blocks)),
        nn.Conv2d(2 * width, 1, 1),
    )


def _conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return [reflected(in_channels, out_channels, kernel, stride), nn.LeakyReLU(0.2, inplace=True)]
