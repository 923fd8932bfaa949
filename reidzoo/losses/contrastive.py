"""Pairs that belong together or apart: Hadsell, Chopra & LeCun, CVPR 2006, as SPGAN uses it on unit vectors."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.base.precision import at_least_float32
from reidzoo.registry import LOSSES

_TINY = 1e-24  # under the root, whose gradient at 0 has no value


@LOSSES.register
class ContrastiveLoss(nn.Module):
    """Mean over pairs of ``i d^2 + (1 - i) max(0, m - d)^2`` (Deng et al., "SPGAN", CVPR 2018, the loss of SiaNet).

    d is the Euclidean distance of a pair of unit vectors, thus in [0, 2]; i is 1 for a positive pair and 0 for a
    negative one (the authors' PyTorch code writes it the other way round). Row b of ``first`` makes a pair with row b
    of ``second``. first, second: B x D float. same: whether the pairs are positive. Returns a scalar in float32, or in
    float64 for float64 vectors. Two equal vectors of a negative pair have no direction to part in: their gradient is 0.

    Args:
        margin: m in [0, 2]; 0 switches negatives off, 2 keeps every negative pair active.

    Raises:
        UserError: a margin outside [0, 2].
    """

    def __init__(self, margin: float = 2.0):
        super().__init__()
        if not 0 <= margin <= 2:
            raise UserError(
                f"the margin of ContrastiveLoss lies in [0, 2], the distances of unit vectors, got {margin}: "
                "take 2 for SPGAN's best, 0 to do without negative pairs"
            )
        self.margin = margin

    def forward(self, first: Tensor, second: Tensor, same: bool) -> Tensor:
        squared = (at_least_float32(first) - at_least_float32(second)).square().sum(1)
        if same:
            return squared.mean()
        return (self.margin - squared.clamp_min(_TINY).sqrt()).clamp_min(0).square().mean()
