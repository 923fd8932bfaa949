"""The distance of a drawn person to the photograph, looking twice at the person: Ma et al., PG2, NIPS 2017."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.base.precision import at_least_float32
from reidzoo.registry import LOSSES


@LOSSES.register
class PoseMaskLoss(nn.Module):
    """``mean |drawn - image| (1 + M)``: Ma et al., PG2, NIPS 2017, section 3.1, over batch, channels and all pixels.

    drawn, image: B x 3 x H x W float. masks: B x 1 x H x W float, 1 on the person and 0 elsewhere. Returns a scalar in
    float32, or in float64 for float64 images: the mean L1 distance where the masks are 0, twice that where they are 1.
    """

    def forward(self, drawn: Tensor, image: Tensor, masks: Tensor) -> Tensor:
        return ((at_least_float32(drawn) - image).abs() * (1 + masks)).mean()
