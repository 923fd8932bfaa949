"""BNNeck: Luo, Gu, Liao, Lai, Jiang, "Bag of Tricks and a Strong Baseline for Deep Person Re-identification", 2019."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.models.heads.pooled import HeadOutput, check_sizes, global_average, identity_classifier
from reidzoo.registry import HEADS


@HEADS.register
class BNNeckHead(nn.Module):
    """Global average pooling, batch norm, FC to the identities (Luo et al., CVPR workshops 2019, section 3.6).

    Metric losses act on the feature before the batch norm, the identity loss on the one after it, so that neither
    bends the other's space. The norm has no shift of its own and the classifier no bias: identities then lie around the
    origin, where the cosine that ranks them is taken.

    Attributes:
        feature_dim: D of the test feature, the one after the batch norm; equal to ``in_channels``.

    Args:
        in_channels: channels of the feature map.
        num_pids: training identities, at least 2.

    Raises:
        UserError: a value out of its range.
    """

    def __init__(self, in_channels: int, num_pids: int):
        super().__init__()
        check_sizes(self, in_channels, num_pids)
        self.feature_dim = in_channels
        self.neck = nn.BatchNorm1d(in_channels)
        self.neck.bias.requires_grad_(False)
        self.classifier = identity_classifier(in_channels, num_pids, bias=False)

    def forward(self, feature_map: Tensor) -> HeadOutput:
        """B x C x h x w to the feature before the neck, B x C, and logits, B x num_pids."""
        feature = global_average(feature_map)
        return HeadOutput(feature, self.classifier(self.neck(feature)))

    def embed(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to the feature after the neck, B x C, not normalised."""
        return self.neck(global_average(feature_map))
