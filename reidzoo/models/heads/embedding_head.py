"""An embedding without a classifier, for what learns from distances alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.heads.pooled import HeadOutput, check_sizes, global_average, hidden_layer
from reidzoo.registry import HEADS


@HEADS.register
class EmbeddingHead(nn.Module):
    """Global average pooling, then FC, BN, ReLU and a linear FC (TriNet, Hermans et al., 2017); no logits.

    Attributes:
        feature_dim: D of the feature, for training and for the test.

    Args:
        in_channels: channels of the feature map.
        hidden: width of the first FC, 1024 in TriNet; None leaves FC, BN and ReLU out.
        embedding: width of the last FC, 128 in TriNet (orthogonal start); None leaves it out, and with
            ``hidden=None`` the pooled feature itself is learnt and tested.

    Raises:
        UserError: a width below 1.
    """

    def __init__(self, in_channels: int, hidden: int | None = 1024, embedding: int | None = 128):
        super().__init__()
        check_sizes(self, in_channels)
        for name, width in (("hidden", hidden), ("embedding", embedding)):
            if width is not None and width < 1:
                raise UserError(f"EmbeddingHead expects {name} of at least 1, got {width}: None leaves the layer out")
        self.hidden = nn.Identity() if hidden is None else hidden_layer(in_channels, hidden, relu=True)
        width = hidden or in_channels
        self.embedding = nn.Identity() if embedding is None else nn.Linear(width, embedding)
        if embedding is not None:
            nn.init.orthogonal_(self.embedding.weight)
            nn.init.zeros_(self.embedding.bias)
        self.feature_dim = embedding or width

    def forward(self, feature_map: Tensor) -> HeadOutput:
        """B x C x h x w to the embedding, B x ``feature_dim``; there are no logits."""
        return HeadOutput(self.embed(feature_map), None)

    def embed(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to B x ``feature_dim``, not normalised."""
        pooled = global_average(feature_map)
        with torch.autocast(pooled.device.type, enabled=False):  # distances live on small differences
            return self.embedding(self.hidden(pooled))
