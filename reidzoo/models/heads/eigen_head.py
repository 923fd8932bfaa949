"""The Eigenlayer of SVDNet: Sun, Zheng, Deng, Wang, "SVDNet for Pedestrian Retrieval", ICCV 2017."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.heads.pooled import HeadOutput, check_dropout, check_sizes, global_average, identity_classifier
from reidzoo.registry import HEADS


@HEADS.register
class EigenHead(nn.Module):
    """Global average pooling, Eigenlayer, dropout, FC to the identities (Sun et al., ICCV 2017).

    The Eigenlayer is an FC without bias or non-linearity, so that the test feature is nothing but the projection of the
    pooled one on its weight vectors; :class:`reidzoo.methods.svdnet.SVDNet` keeps these orthogonal.

    Attributes:
        feature_dim: D of the test feature, ``eigen_dim``.

    Args:
        in_channels: channels of the feature map.
        num_pids: training identities, at least 2.
        eigen_dim: number of weight vectors, at most ``in_channels``, for there are no more orthogonal ones; None takes
            half of it, as the paper does (2048 to 1024).
        dropout: probability in [0, 1) of dropping a unit before the classifier.

    Raises:
        UserError: a value out of its range.
    """

    def __init__(self, in_channels: int, num_pids: int, eigen_dim: int | None = None, dropout: float = 0.5):
        super().__init__()
        check_sizes(self, in_channels, num_pids)
        eigen_dim = max(in_channels // 2, 1) if eigen_dim is None else eigen_dim
        if not 1 <= eigen_dim <= in_channels:
            raise UserError(
                f"EigenHead expects eigen_dim of 1 to in_channels = {in_channels}, got {eigen_dim}: "
                "no more vectors than that can be orthogonal"
            )
        check_dropout(self, dropout)
        self.feature_dim = eigen_dim
        self.eigenlayer = nn.Linear(in_channels, eigen_dim, bias=False)
        nn.init.normal_(self.eigenlayer.weight, std=0.01)
        self.dropout = nn.Dropout(dropout)
        self.classifier = identity_classifier(eigen_dim, num_pids, bias=True)

    def forward(self, feature_map: Tensor) -> HeadOutput:
        """B x C x h x w to the pooled feature, B x C, and logits, B x num_pids."""
        feature = global_average(feature_map)
        return HeadOutput(feature, self.classifier(self.dropout(self.eigenlayer(feature))))

    def embed(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to the Eigenlayer's output, B x ``feature_dim``, not normalised."""
        return self.eigenlayer(global_average(feature_map))
