"""The residual generator that DG-Net's authors train with least squares: the LSGAN of their table of FIDs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.initialization import init_normal
from reidzoo.models.residual import BatchNormResidual
from reidzoo.models.sizes import check_noise, checked_size
from reidzoo.registry import GENERATORS

DOUBLINGS = 5
WIDEST = 8  # times the width


@GENERATORS.register
class LSGANGenerator(nn.Module):
    """A transposed convolution to H/32 x W/32 cells, five doublings with a residual block each, two 3x3, tanh.

    The unconditional baseline of DG-Net (Zheng et al., CVPR 2019; its authors' later PyTorch code for generating
    persons). From 8 ``width`` channels at 4 x 2 cells each doubling (transposed convolution 4x4 of stride 2, residual
    block scaled by 0.1, batch norm, leaky ReLU 0.2) halves the channels, down to ``width``. The last two convolutions
    pad by reflection and have nothing between them, as released. 5,032,000 parameters; the released code has biases
    before the blocks' batch norms, which take them away again, hence 1,152 more. Start: N(0, 0.02), batch norm 1 and 0.

    Args:
        width: channels at full size.
        noise_size: length D of a row of noise; 100 as published.
        image_size: height and width of the images, multiples of 32.

    Attributes:
        noise_size: as given.
        image_size: as given.

    Raises:
        UserError: a width or a noise size below 1, or an image size that 32 does not divide.
    """

    smoke: ClassVar = {"width": 2, "noise_size": 4}

    def __init__(self, width: int = 64, noise_size: int = 100, image_size: Sequence[int] = (128, 64)):
        super().__init__()
        if width < 1 or noise_size < 1:
            raise UserError(
                "LSGANGenerator expects a width and a noise_size of at least 1, got "
                f"width={width}, noise_size={noise_size}: the released code has 64 and 100"
            )
        divisor = 2**DOUBLINGS
        self.noise_size, self.image_size = noise_size, checked_size(self, image_size, divisor)
        cells = tuple(side // divisor for side in self.image_size)
        channels = WIDEST * width
        body: list[nn.Module] = [nn.ConvTranspose2d(noise_size, channels, cells, bias=False), *_norm(channels)]
        for _ in range(DOUBLINGS):
            narrower = max(channels // 2, width)
            body += [
                nn.ConvTranspose2d(channels, narrower, 4, stride=2, padding=1, bias=False),
                BatchNormResidual(narrower),
                *_norm(narrower),
            ]
            channels = narrower
        self.body = nn.Sequential(*body, _last(width, width), _last(width, 3))
        init_normal(self)

    def forward(self, noise: Tensor) -> Tensor:
        """Noise B x D to images B x 3 x H x W in (-1, 1).

        Raises:
            UserError: noise of another shape.
        """
        check_noise(self, noise)
        return self.body(noise[:, :, None, None]).tanh()


def _norm(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.LeakyReLU(0.2, inplace=True)]


def _last(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode="reflect", bias=False)
