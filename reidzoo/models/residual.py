"""The residual blocks that more than one network has: LSGAN's two, and DG-Net's two."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.models.reflect_padding import reflected

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


class ReflectResidual(nn.Module):
    """``x + f(x)``; f: convolution 3x3, norm, leaky ReLU 0.2, convolution 3x3, norm; both mirror the border.

    B x C x h x w in and out, nothing after the addition.

    Args:
        channels: C.
        norm: class of a normalisation without arguments; Identity for none.
    """

    def __init__(self, channels: int, norm: type[nn.Module] = nn.Identity):
        super().__init__()
        self.body = nn.Sequential(
            reflected(channels, channels, 3),
            norm(),
            nn.LeakyReLU(0.2, inplace=True),
            reflected(channels, channels, 3),
            norm(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)
