"""The generator of DCGAN: Radford, Metz & Chintala, "Unsupervised Representation Learning with ...", ICLR 2016."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.initialization import init_normal
from reidzoo.models.sizes import check_noise, checked_size
from reidzoo.registry import GENERATORS

DIVISOR = 16  # four doublings


@GENERATORS.register
class DCGANGenerator(nn.Module):
    """A linear layer to H/16 x W/16 cells, four transposed convolutions 5x5 of stride 2, tanh.

    Radford et al., ICLR 2016, in the layout that LSRO's authors released (TensorFlow; Zheng et al., ICCV 2017): the
    linear layer gives 8 ``width`` channels, then 4, 2, 1 times ``width`` and 3; batch norm and ReLU after all but the
    last. LSRO's paper is told to have a linear layer to 4 x 4 x 16 and five doublings instead; its code, which made
    the images, has these four. 7,617,091 parameters; the released code has a bias before each of three batch norms,
    which take it away again, hence 448 more. Start: N(0, 0.02), biases 0, batch norm 1 and 0.

    An odd cell of padding lies at the other end than in TensorFlow's SAME: the same network, if it looks at images
    turned by 180 degrees.

    Args:
        width: channels before the last convolution.
        noise_size: length D of a row of noise; 100 as published.
        image_size: height and width of the images, multiples of 16.

    Attributes:
        noise_size: as given.
        image_size: as given.

    Raises:
        UserError: a width or a noise size below 1, or an image size that 16 does not divide.
    """

    smoke: ClassVar = {"width": 2, "noise_size": 4}

    def __init__(self, width: int = 64, noise_size: int = 100, image_size: Sequence[int] = (128, 128)):
        super().__init__()
        if width < 1 or noise_size < 1:
            raise UserError(
                "DCGANGenerator expects a width and a noise_size of at least 1, got "
                f"width={width}, noise_size={noise_size}: LSRO has 64 and 100"
            )
        self.noise_size, self.image_size = noise_size, checked_size(self, image_size, DIVISOR)
        self.cells = tuple(side // DIVISOR for side in self.image_size)
        channels = [8 * width, 4 * width, 2 * width, width]
        self.project = nn.Linear(noise_size, channels[0] * self.cells[0] * self.cells[1])
        body: list[nn.Module] = [nn.BatchNorm2d(channels[0]), nn.ReLU(inplace=True)]
        for wide, narrow in pairwise(channels):
            body += [_double(wide, narrow, bias=False), nn.BatchNorm2d(narrow), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*body, _double(width, 3, bias=True))
        init_normal(self)

    def forward(self, noise: Tensor) -> Tensor:
        """Noise B x D to images B x 3 x H x W in (-1, 1).

        Raises:
            UserError: noise of another shape.
        """
        check_noise(self, noise)
        return self.body(self.project(noise).unflatten(1, (-1, *self.cells))).tanh()


def _double(in_channels: int, out_channels: int, *, bias: bool) -> nn.Module:
    return nn.ConvTranspose2d(in_channels, out_channels, 5, stride=2, padding=2, output_padding=1, bias=bias)
