"""The discriminator of Deformable GAN: Siarohin, Sangineto, Lathuilière & Sebe, CVPR 2018, as released."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.base.pose_maps import heat_maps
from reidzoo.base.skeletons import JOINTS
from reidzoo.models.initialization import init_glorot
from reidzoo.models.whole_sample_norm import checked_norm
from reidzoo.registry import DISCRIMINATORS

LEAST = 34  # pixels a side that leave one score


@DISCRIMINATORS.register
class DeformableDiscriminator(nn.Module):
    """A map of scores of a pair of images with their poses: is the second the person of the first in that pose?

    Siarohin et al., CVPR 2018, as released: five 4x4 convolutions of stride 2 on both images and both poses' heat maps,
    the first without padding and with a bias, the others without; leaky ReLU 0.2, norm in the middle three. 3 x 1
    scores for 128 x 64, 7 x 7 for 256 x 256. 2,803,782 parameters. Start: Glorot uniform, bias 0.

    Args:
        width: channels after the first convolution; they double in the next three.
        norm: "sample" (released code) or "instance", see :mod:`reidzoo.models.whole_sample_norm`.

    Raises:
        UserError: a width below 1, or another norm.
    """

    smoke: ClassVar = {"width": 2}

    def __init__(self, width: int = 64, norm: str = "sample"):
        super().__init__()
        if width < 1:
            raise UserError(
                f"DeformableDiscriminator expects a width of at least 1, got width={width}: the released code has 64"
            )
        norm_class = checked_norm(self, norm)
        channels = [width * 2**i for i in range(4)]
        body: list[nn.Module] = [nn.Conv2d(2 * (3 + len(JOINTS)), width, 4, stride=2)]
        for narrow, wide in pairwise(channels):
            body += [nn.LeakyReLU(0.2), _halve(narrow, wide), norm_class()]
        self.body = nn.Sequential(*body, nn.LeakyReLU(0.2), _halve(channels[-1], 1))
        init_glorot(self)

    def forward(self, source_images: Tensor, source_points: Tensor, images: Tensor, target_points: Tensor) -> Tensor:
        """Scores B x 1 x h x w, without sigmoid.

        Args:
            source_images: B x 3 x H x W in [-1, 1].
            source_points: B x 18 x 2, (y, x) in pixels of these images.
            images: the same persons in other poses, real or drawn, as ``source_images``.
            target_points: the poses of these, as ``source_points``.

        Raises:
            UserError: images too small for one score.
        """
        height, width = images.shape[-2:]
        if min(height, width) < LEAST:
            raise UserError(
                f"DeformableDiscriminator expects images of {LEAST} x {LEAST} at least, got {height} x {width}: "
                "take larger images"
            )
        source, target = (heat_maps(each, (height, width)).to(images.dtype) for each in (source_points, target_points))
        return self.body(torch.cat([source_images, source, images, target], dim=1))


def _halve(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False)
