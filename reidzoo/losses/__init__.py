"""Formulas of tensors. A loss owns no parameter; what has one is a head."""

from reidzoo.losses.adversarial import HingeGANLoss, LeastSquaresGANLoss, VanillaGANLoss
from reidzoo.losses.attention import AttentionLoss
from reidzoo.losses.batch_hard_triplet import BatchHardTriplet, hardest_distances
from reidzoo.losses.contrastive import ContrastiveLoss
from reidzoo.losses.cross_entropy import CrossEntropy, UniformCrossEntropy
from reidzoo.losses.gradient_penalty import mean_squared_slope, penalised_scores
from reidzoo.losses.masked_norm import MaskedNormLoss
from reidzoo.losses.multi_scale import MultiScaleGANLoss
from reidzoo.losses.pose_mask import PoseMaskLoss
from reidzoo.losses.reconstruction import L1Loss, NearestNeighbourLoss
from reidzoo.losses.tracklet_association import TrackletAssociation

__all__ = [
    "AttentionLoss",
    "BatchHardTriplet",
    "ContrastiveLoss",
    "CrossEntropy",
    "HingeGANLoss",
    "L1Loss",
    "LeastSquaresGANLoss",
    "MaskedNormLoss",
    "MultiScaleGANLoss",
    "NearestNeighbourLoss",
    "PoseMaskLoss",
    "TrackletAssociation",
    "UniformCrossEntropy",
    "VanillaGANLoss",
    "hardest_distances",
    "mean_squared_slope",
    "penalised_scores",
]
