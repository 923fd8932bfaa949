"""The residual block that LSGAN's generator and discriminator share."""

from __future__ import annotations

from torch import Tensor, nn

SCALE = 0.1  # of the change, so that a deep generator starts close to one without blocks


class BatchNormResidual(nn.Module):
    """``x + 0.1 f(x)``; f: convolution 3x3, batch norm, leaky ReLU 0.2, convolution 3x3, batch norm.

    B x C x h x w in and out.

    Args:
        channels: C.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),  # batch norm would take a bias away
            nn.BatchNorm2d(channels),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + SCALE * self.body(x)
