"""A generator that gives one image the light of another."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidzoo.registry import GENERATORS


@GENERATORS.register
class ColourGenerator(nn.Module):
    """Moves the colours of an image by an affine map, ``x + A x + b``, that it reads from two images.

    A (3 x 3) and b (3) are the same for all pixels of an image: the light changes, shapes and patterns cannot. Both
    start at zero, so the first relit images are the images themselves.

    Args:
        width: channels of the first of its two convolutions.
    """

    def __init__(self, width: int = 16):
        super().__init__()
        self.describe = nn.Sequential(
            nn.Conv2d(3, width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.affine = nn.Linear(4 * width, 12)
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)

    def forward(self, images: Tensor, light_of: Tensor) -> Tensor:
        """``images`` in the light of ``light_of``; both and the result are B x 3 x H x W normalised."""
        described = torch.cat([self.describe(images), self.describe(light_of)], dim=1)
        matrix, offset = self.affine(described).split([9, 3], dim=1)
        change = torch.einsum("bij,bjhw->bihw", matrix.view(-1, 3, 3), images)
        return images + change + offset[:, :, None, None]
