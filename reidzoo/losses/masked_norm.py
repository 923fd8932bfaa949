"""How far a drawn image is from a true one in a part of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidzoo.base.precision import at_least_float32
from reidzoo.registry import LOSSES


@LOSSES.register
class MaskedNormLoss(nn.Module):
    """Mean over images of ``||(drawn - true) o M||_2 / sqrt(3 H W)``: the context loss of CR-GAN, on its poster.

    The poster's norm grows with the root of an image's size; divided by it, a weight means the same for images of every
    size. The divisor is the image's and not the mask's: a small mask weighs little.

    drawn, true: B x 3 x H x W float. masks: B x 1 x H x W float, 1 where the difference counts and 0 elsewhere. Returns
    a scalar in float32, or in float64 for float64 images: 0 where all is equal or nothing counts, with the gradient 0.
    """

    def forward(self, drawn: Tensor, true: Tensor, masks: Tensor) -> Tensor:
        difference = (at_least_float32(drawn) - true) * masks
        return (torch.linalg.vector_norm(difference, dim=(1, 2, 3)) / difference[0].numel() ** 0.5).mean()
