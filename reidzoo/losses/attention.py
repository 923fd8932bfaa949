"""What keeps a map of attention from saturating: Pumarola et al., GANimation, ECCV 2018 (arXiv:1807.09251)."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.base.precision import at_least_float32
from reidzoo.registry import LOSSES


@LOSSES.register
class AttentionLoss(nn.Module):
    """``smooth_weight sum_p ((A_p - A_below)^2 + (A_p - A_right)^2) + size_weight mean_p A_p^2``, mean over images.

    GANimation's equation of the attention loss, with the mean of squares in the place of a norm, as in its released
    code. Where A chooses the source, A = 1 everywhere draws nothing anew, and its gradient vanishes there: the second
    term leads away from that.

    attention: B x 1 x H x W in [0, 1]. Returns a scalar in float32, or in float64 for float64 maps.

    Args:
        smooth_weight: of the sum of squared differences between neighbours, 1e-5 in GANimation for 128 x 128 places.
        size_weight: of the mean square, 0.1 in GANimation.

    Raises:
        UserError: a negative weight.
    """

    def __init__(self, smooth_weight: float = 1e-5, size_weight: float = 0.1):
        super().__init__()
        if smooth_weight < 0 or size_weight < 0:
            raise UserError(
                "AttentionLoss expects weights of at least 0, got "
                f"smooth_weight={smooth_weight}, size_weight={size_weight}"
            )
        self.smooth_weight, self.size_weight = smooth_weight, size_weight

    def forward(self, attention: Tensor) -> Tensor:
        attention = at_least_float32(attention)
        down, right = attention.diff(dim=2).square(), attention.diff(dim=3).square()
        roughness = (down.sum() + right.sum()) / len(attention)
        return self.smooth_weight * roughness + self.size_weight * attention.square().mean()
