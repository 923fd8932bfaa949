"""The feature layer of TAUDL: Li, Zhu & Gong, "Unsupervised Person Re-identification by Deep Learning Tracklet
Association", ECCV 2018."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.heads.pooled import HeadOutput, check_sizes, global_average, hidden_layer, identity_classifier
from reidzoo.registry import HEADS


@HEADS.register
class TrackletHead(nn.Module):
    """Global average pooling, then FC, BN, ReLU: the feature; on it, classifiers (Li et al., TAUDL, ECCV 2018).

    Unlike the hidden layer of ``LinearHead`` this one is what distances are taken of, in training and at test; the
    names of its weights are the same, so that a run may start from a trained ``LinearHead``. The linear classifiers of
    all cameras stand side by side in one layer: :class:`reidzoo.methods.taudl.TAUDL` cuts its logits into them.

    Attributes:
        feature_dim: D of the feature, ``hidden``.

    Args:
        in_channels: channels of the feature map.
        num_pids: classes, at least 2: the tracklets of all cameras.
        hidden: width of the feature layer, 2048 in the authors' released code.

    Raises:
        UserError: a value out of its range.
    """

    def __init__(self, in_channels: int, num_pids: int, hidden: int = 2048):
        super().__init__()
        check_sizes(self, in_channels, num_pids)
        if hidden < 1:
            raise UserError(f"TrackletHead expects hidden of at least 1, got {hidden}")
        self.feature_dim = hidden
        self.hidden = hidden_layer(in_channels, hidden, relu=True)
        self.classifier = identity_classifier(hidden, num_pids, bias=True)

    def forward(self, feature_map: Tensor) -> HeadOutput:
        """B x C x h x w to the feature, B x ``feature_dim``, and logits, B x num_pids."""
        feature = self.embed(feature_map)
        return HeadOutput(feature, self.classifier(feature))

    def embed(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to B x ``feature_dim``, not normalised."""
        pooled = global_average(feature_map)
        with torch.autocast(pooled.device.type, enabled=False):  # distances live on small differences
            return self.hidden(pooled)
