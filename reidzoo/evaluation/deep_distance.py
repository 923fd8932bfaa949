"""How differently a network sees two images: the distance of LPIPS on features that LPIPS was not calibrated for."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import normalize

from reidzoo.base.errors import UserError


def deep_distance(first: Tensor, second: Tensor) -> Tensor:
    """Squared Euclidean distance of the unit features of paired images.

    LPIPS (Zhang et al., CVPR 2018, equation 1) compares unit features in the same way, cell by cell, and weighs the
    channels by what people judged; this one has no such weights and must not be called LPIPS. It equals 2 - 2 cosine.

    Args:
        first: B x D features.
        second: B x D features of the other image of each pair, by the same network.

    Returns:
        B float64, from 0 (the same direction) over 2 (orthogonal) to 4 (opposite). A feature of all zeros has no
        direction: it lies 0 from another such and 1 from any other.

    Raises:
        UserError: shapes that differ, or are not B x D.
    """
    if first.ndim != 2 or first.shape != second.shape:
        raise UserError(
            "a deep distance expects two batches B x D of features, image beside image, got "
            f"{' x '.join(map(str, first.shape))} and {' x '.join(map(str, second.shape))}"
        )
    apart = normalize(first.double(), dim=1) - normalize(second.double(), dim=1)
    return apart.square().sum(dim=1)
