"""The generator of CR-GAN: Chen, Zhu & Gong, "Instance-Guided Context Rendering for Cross-Domain Person
Re-Identification", ICCV 2019.

There is no official code. From the authors' poster: a pair of images is encoded by two paths and drawn by a U-Net with
skip connections and residual blocks. From public notes on the paper: what is drawn is a rendering X_R and an attention
X_C in [0, 1], after GANimation (Pumarola et al., ECCV 2018), and the result is ``X_C X_S + (1 - X_C) X_R``. All sizes,
kernels, norms and the start are ours.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.generators.resnet_generator import LIMIT, ResidualBlock
from reidzoo.models.generators.sizes import check_image_size
from reidzoo.models.initialization import init_normal
from reidzoo.models.instance_norm import InstanceNorm
from reidzoo.models.reflect_padding import reflected
from reidzoo.registry import GENERATORS


class CRGANOutput(NamedTuple):
    """What CR-GAN draws, height and width as of its inputs.

    Attributes:
        image: X_G, B x 3 x H x W in [-1, 1].
        rendering: X_R, B x 3 x H x W in (-1, 1).
        attention: X_C, B x 1 x H x W in (0, 1), 1 where the image is the source itself.
    """

    image: Tensor
    rendering: Tensor
    attention: Tensor


class PathEncoder(nn.Module):
    """One of the two paths: maps at full, half and quarter size, of ``width``, twice and four times as many channels.

    The first map is not normalised: instance norm takes the level of each channel away, and a context drawn without its
    brightness is another context.

    Args:
        width: channels at full size.
    """

    def __init__(self, width: int):
        super().__init__()
        self.first = reflected(3, width, 7)
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(wide, 2 * wide, 4, stride=2, padding=1), InstanceNorm(), nn.ReLU())
            for wide in (width, 2 * width)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """B x 3 x H x W to the three maps, largest first."""
        maps = [torch.relu(self.first(images))]
        for down in self.down:
            maps.append(down(maps[-1]))
        return maps


class Doubling(nn.Sequential):
    """Twice the size; what comes in is a map beside the skips of both paths."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(
            nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1), InstanceNorm(), nn.ReLU()
        )


@GENERATORS.register
class CRGANGenerator(nn.Module):
    """The person of one image drawn into the context of another (Chen, Zhu & Gong, ICCV 2019; sizes are ours).

    Two encoders of one form, without shared weights: a 7x7 convolution, then two halvings; instance norm and ReLU.
    Their last maps, side by side, pass a 1x1 convolution and residual blocks; two doublings, each map beside the skips
    of both encoders; a 7x7 convolution draws the rendering (tanh) and the attention (sigmoid). 9,498,052 parameters.
    Start: N(0, 0.02), biases 0.

    Attributes:
        divisor: 4, height and width of the images must be multiples of it.

    Args:
        width: channels of each encoder at full size; 4 times as many in the residual blocks.
        blocks: residual blocks at a quarter of the size.
        residual: draw the change of the context and not the rendering itself, ``tanh(atanh(context) + change)``, with a
            last convolution that starts at 0: the rendering starts as the context, a grey field for its person. A small
            network that has seen a few hundred batches otherwise still draws backgrounds as blurs.

    Raises:
        UserError: a width or number of blocks below 1.
    """

    divisor = 4

    smoke: ClassVar = {"width": 4, "blocks": 1}

    def __init__(self, width: int = 64, blocks: int = 6, residual: bool = False):
        super().__init__()
        if width < 1 or blocks < 1:
            raise UserError(
                f"CRGANGenerator expects a width and blocks of at least 1, got width={width}, blocks={blocks}: "
                "ours are 64 and 6"
            )
        self.source_encoder, self.context_encoder = PathEncoder(width), PathEncoder(width)
        self.fusion = nn.Sequential(nn.Conv2d(8 * width, 4 * width, 1), InstanceNorm(), nn.ReLU())
        self.blocks = nn.Sequential(*(ResidualBlock(4 * width, dropout=0.0) for _ in range(blocks)))
        self.up = nn.ModuleList([Doubling(4 * width, 2 * width), Doubling(6 * width, width)])
        self.last = reflected(3 * width, 3 + 1, 7)  # rendering and attention
        self.residual = residual
        init_normal(self)
        if residual:
            nn.init.zeros_(self.last.weight)

    def forward(self, source: Tensor, context: Tensor) -> CRGANOutput:
        """X_S and X_T to X_G and what it is composed of.

        Args:
            source: B x 3 x H x W in [-1, 1], images of the persons.
            context: B x 3 x H x W in [-1, 1], target images whose persons are masked out.

        Raises:
            UserError: images and contexts of different shapes; H or W is not a multiple of 4, or below 8.
        """
        if source.shape != context.shape:
            raise UserError(
                f"CRGANGenerator draws each image into a context of its size, got images of {tuple(source.shape)} and "
                f"contexts of {tuple(context.shape)}: give both domains the same Resize"
            )
        check_image_size(self, source, least=2 * self.divisor)  # a map of one row has nothing to reflect
        *source_skips, of_source = self.source_encoder(source)
        *context_skips, of_context = self.context_encoder(context)
        x = self.blocks(self.fusion(torch.cat([of_source, of_context], dim=1)))
        for up in self.up:
            x = torch.cat([up(x), source_skips.pop(), context_skips.pop()], dim=1)
        rendering, attention = self.last(x).split([3, 1], dim=1)
        if self.residual:
            rendering = rendering + torch.atanh(context.clamp(-LIMIT, LIMIT))
        rendering, attention = rendering.tanh(), attention.sigmoid()
        return CRGANOutput(attention * source + (1 - attention) * rendering, rendering, attention)
