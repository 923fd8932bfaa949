"""PatchGAN: Isola, Zhu, Zhou, Efros, "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.initialization import init_normal
from reidzoo.models.instance_norm import InstanceNorm
from reidzoo.registry import DISCRIMINATORS

WIDEST = 8  # times the width


@DISCRIMINATORS.register
class PatchDiscriminator(nn.Module):
    """A map of scores, each of which sees one patch of the image: 70 x 70 with 3 layers (Isola et al., CVPR 2017).

    ``layers`` convolutions 4x4 of stride 2, then two of stride 1; leaky ReLU 0.2, instance norm except in the first
    and in the last. 2,764,737 parameters. Start: N(0, 0.02), biases 0.

    Args:
        width: channels after the first convolution; they double in each, up to 8 times as many.
        layers: convolutions of stride 2. A score sees 16, 34, 70, 142 pixels with 1, 2, 3, 4 layers: for images of
            128 x 64 take 2, since 70 is wider than the image.

    Raises:
        UserError: a width or number of layers below 1.
    """

    smoke: ClassVar = {"width": 4}

    def __init__(self, width: int = 64, layers: int = 3):
        super().__init__()
        if width < 1 or layers < 1:
            raise UserError(
                "PatchDiscriminator expects a width and layers of at least 1, got "
                f"width={width}, layers={layers}: the 70 x 70 one has 64 and 3"
            )
        body, channels = patch_layers(width, layers)
        self.body = nn.Sequential(*body, nn.Conv2d(channels, 1, 4, padding=1))
        self.least = least_side(layers)
        init_normal(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W in [-1, 1] to scores B x 1 x h x w, without sigmoid; h is floor(H / 2^layers) - 2.

        Raises:
            UserError: an image too small for one score.
        """
        check_patches(self, images)
        return self.body(images)


def patch_layers(width: int, layers: int, *, normalised: bool = True) -> tuple[list[nn.Module], int]:
    """All but the last convolution, and the channels of their map: what a judge of patches sees of an image."""
    channels = [width * min(2**i, WIDEST) for i in range(layers + 1)]
    body: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
    for i in range(1, layers + 1):
        stride = 2 if i < layers else 1
        body += [
            nn.Conv2d(channels[i - 1], channels[i], 4, stride=stride, padding=1),
            *([InstanceNorm()] if normalised else []),
            nn.LeakyReLU(0.2, inplace=True),
        ]
    return body, channels[layers]


def least_side(layers: int) -> int:
    """Pixels a side that leave one score: 3 cells after the halvings, each convolution of stride 1 takes one more."""
    return 3 * 2**layers


def check_patches(network: nn.Module, images: Tensor) -> None:
    """Refuse images whose sides are below ``network.least``.

    Raises:
        UserError: with both sizes.
    """
    height, width = images.shape[-2:]
    if min(height, width) < network.least:
        raise UserError(
            f"{type(network).__name__} expects images of {network.least} x {network.least} at least, got "
            f"{height} x {width}: take larger images or fewer layers"
        )
