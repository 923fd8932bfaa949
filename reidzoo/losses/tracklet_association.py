"""Tracklets of several cameras drawn together: Li, Zhu & Gong, "Unsupervised Person Re-identification by Deep Learning
Tracklet Association" (TAUDL), ECCV 2018."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidzoo.base.distances import squared_euclidean
from reidzoo.base.errors import UserError
from reidzoo.base.precision import at_least_float32
from reidzoo.registry import LOSSES

_TINY = 1e-12  # under the root, whose gradient at 0 has no value
SCALE = 8.0  # of a distance; "2 sigma" with sigma = 4 in the released code, and not 2 sigma^2


@LOSSES.register
class TrackletAssociation(nn.Module):
    """Mean over a batch's G tracklets i of ``-log(sum_{j in N_i} e_ij / sum_j e_ij)`` (Li et al., TAUDL, ECCV 2018).

    Of a tracklet the batch has several images, and their mean feature m_i stands for it; with the Euclidean distance of
    features as they come, ``e_ij = exp(-|m_i - m_j| / 8)``. N_i are the K tracklets of *other* cameras that are nearest
    to i, where K is half the number of cameras in the batch, rounded down. The sum below the line goes over all
    tracklets of the batch, i itself among them with e_ii = 1. So every tracklet is drawn to its nearest ones elsewhere
    and pushed away from all others, those of its own camera included, whoever they show. The loss is ln(G / K) where
    all tracklets coincide, and never below ln((K + 1) / K).

    features: B x D float. tracklets: B int64, whose numbers no two cameras share. cameras: B int64. Returns a scalar in
    float32, or in float64 for float64 features.

    Args:
        released: what the authors' released code computes, where it differs from the formula that it intends. The sum
            above the line is a constant to it, so its gradient only pushes tracklets apart; and it counts images for
            cameras, so that all tracklets of other cameras are N_i. (It also reads the features camera by camera
            beside camera ids in the order of the batch, and so takes some tracklets for those of other cameras; that
            changes the value and, above the line being constant, no gradient, and is not done here.)

    Raises:
        UserError: in a step, a batch of a single camera.
    """

    def __init__(self, released: bool = False):
        super().__init__()
        self.released = released

    def forward(self, features: Tensor, tracklets: Tensor, cameras: Tensor) -> Tensor:
        means, group_cameras = group_means(features, tracklets, cameras)
        number = len(cameras.unique())
        if number < 2:
            raise UserError(
                f"tracklets are associated across cameras, got a batch of {len(tracklets)} images with "
                f"{len(means)} tracklet(s) of a single camera: use TrackletSampler with a larger batch, and a data set "
                "of several cameras"
            )
        itself = torch.eye(len(means), dtype=torch.bool, device=means.device)
        squared = squared_euclidean(means, means).masked_fill(itself, 0)  # exactly, whatever rounding leaves
        exponents = squared.clamp_min(_TINY).sqrt() / -SCALE  # log e_ij
        elsewhere = exponents.masked_fill(group_cameras[:, None] == group_cameras, -torch.inf)
        near = elsewhere.detach() if self.released else elsewhere.topk(number // 2, dim=1).values
        return (exponents.logsumexp(1) - near.logsumexp(1)).mean()


def group_means(features: Tensor, tracklets: Tensor, cameras: Tensor) -> tuple[Tensor, Tensor]:
    """The mean feature of each tracklet's images, G x D in float32 at least, and its camera, G; in order of numbers.

    features: B x D. tracklets, cameras: B int64.
    """
    numbers, group, size = tracklets.unique(return_inverse=True, return_counts=True)
    features = at_least_float32(features)
    total = features.new_zeros(len(numbers), features.shape[1]).index_add(0, group, features)
    return total / size[:, None], cameras.new_zeros(len(numbers)).index_copy(0, group, cameras)
