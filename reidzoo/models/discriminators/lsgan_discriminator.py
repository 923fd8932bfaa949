"""The discriminator that DG-Net's authors train with least squares: the LSGAN of their table of FIDs."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.initialization import init_normal
from reidzoo.models.residual import BatchNormResidual
from reidzoo.registry import DISCRIMINATORS


@DISCRIMINATORS.register
class LSGANDiscriminator(nn.Module):
    """A map of scores at a sixteenth of the size, 8 x 4 for images of 128 x 64.

    The unconditional baseline of DG-Net (Zheng et al., CVPR 2019; its authors' later PyTorch code for generating
    persons): 3x3 convolutions without bias, of which those of stride 2 give 1, 2, 4 times ``width`` channels and the
    score; leaky ReLU 0.2; a second convolution at half the size; residual blocks scaled by 0.1 at a half and at a
    quarter of it; batch norm at a quarter and at an eighth. 196,320 parameters; the released code has biases before the
    blocks' batch norms, which take them away again, hence 192 more. Start: N(0, 0.02), batch norm 1 and 0.

    In training mode a score depends on its whole batch: real and fake images go through it apart, as released.

    Args:
        width: channels after the first convolution.

    Raises:
        UserError: a width below 1.
    """

    smoke: ClassVar = {"width": 2}

    def __init__(self, width: int = 32):
        super().__init__()
        if width < 1:
            raise UserError(
                f"LSGANDiscriminator expects a width of at least 1, got width={width}: the released code has 32"
            )
        self.body = nn.Sequential(
            _conv(3, width, stride=2),
            nn.LeakyReLU(0.2, inplace=True),
            _conv(width, width, stride=1),
            nn.LeakyReLU(0.2, inplace=True),
            BatchNormResidual(width),
            _conv(width, 2 * width, stride=2),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2, inplace=True),
            BatchNormResidual(2 * width),
            _conv(2 * width, 4 * width, stride=2),
            nn.BatchNorm2d(4 * width),
            nn.LeakyReLU(0.2, inplace=True),
            _conv(4 * width, 1, stride=2),
        )
        init_normal(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W in [-1, 1] to scores B x 1 x h x w; h is H / 16, rounded up."""
        return self.body(images)


def _conv(in_channels: int, out_channels: int, *, stride: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
