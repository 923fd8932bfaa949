"""A discriminator of patches, after Isola et al., CVPR 2017 (arXiv:1611.07004), section 3.2.2."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.registry import DISCRIMINATORS


@DISCRIMINATORS.register
class LightPatchDiscriminator(nn.Module):
    """One score a patch: high for the light of a real image, low for that of a relit one.

    Args:
        width: channels of the first of its three convolutions.
    """

    def __init__(self, width: int = 16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 3, padding=1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """B x 3 x H x W normalised to scores, B x 1 x H/4 x W/4."""
        return self.layers(images)
