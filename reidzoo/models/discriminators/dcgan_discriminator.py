"""The discriminator of DCGAN: Radford, Metz & Chintala, "Unsupervised Representation Learning with ...", ICLR 2016."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.initialization import init_normal
from reidzoo.models.sizes import check_built_size, checked_size
from reidzoo.registry import DISCRIMINATORS

DIVISOR = 16  # four halvings


@DISCRIMINATORS.register
class DCGANDiscriminator(nn.Module):
    """Four convolutions 5x5 of stride 2 and a linear layer to one score (Radford et al., ICLR 2016).

    In the layout that LSRO's authors released (TensorFlow; Zheng et al., ICCV 2017): 1, 2, 4, 8 times ``width``
    channels, leaky ReLU 0.2 after each, batch norm in all but the first. LSRO's paper is told to have five
    convolutions. 4,340,225 parameters; the released code has a bias before each batch norm, which takes it away again,
    hence 896 more. Start: N(0, 0.02), for convolutions cut off at two deviations; biases 0, batch norm 1 and 0.
    Paddings as in :class:`reidzoo.models.generators.DCGANGenerator`.

    In training mode a score depends on its whole batch: real and fake images go through it apart, as released.

    Args:
        width: channels after the first convolution.
        image_size: height and width of the images, multiples of 16.

    Raises:
        UserError: a width below 1, or an image size that 16 does not divide.
    """

    smoke: ClassVar = {"width": 2}

    def __init__(self, width: int = 64, image_size: Sequence[int] = (128, 128)):
        super().__init__()
        if width < 1:
            raise UserError(f"DCGANDiscriminator expects a width of at least 1, got width={width}: LSRO has 64")
        self.image_size = checked_size(self, image_size, DIVISOR)
        channels = [width, 2 * width, 4 * width, 8 * width]
        body: list[nn.Module] = [_halve(3, width, bias=True), nn.LeakyReLU(0.2, inplace=True)]
        for narrow, wide in pairwise(channels):
            body += [_halve(narrow, wide, bias=False), nn.BatchNorm2d(wide), nn.LeakyReLU(0.2, inplace=True)]
        cells = self.image_size[0] * self.image_size[1] // DIVISOR**2
        self.body = nn.Sequential(*body, nn.Flatten(), nn.Linear(channels[-1] * cells, 1))
        init_normal(self, cut_convolutions=True)

    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W in [-1, 1] to scores B x 1, without sigmoid.

        Raises:
            UserError: images of another size than ``image_size``.
        """
        check_built_size(self, images)
        return self.body(images)


def _halve(in_channels: int, out_channels: int, *, bias: bool) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 5, stride=2, padding=2, bias=bias)
