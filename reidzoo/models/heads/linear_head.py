"""Identity classification on the pooled feature (IDE), in the variants that bear this name."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.heads.pooled import (
    POOLINGS,
    HeadOutput,
    check_dropout,
    check_sizes,
    global_average,
    hidden_layer,
    identity_classifier,
    stripe_pool,
)
from reidzoo.registry import HEADS


@HEADS.register
class LinearHead(nn.Module):
    """Global average pooling, [FC, BN, ReLU,] dropout, FC to the identities.

    "IDE" is the name of several heads (Zheng et al., 2016, and after):

    * CamStyle and HHL (Zhong et al., CVPR and ECCV 2018), the default: FC-1024, BN, ReLU, dropout 0.5, FC;
    * Caffe IDE, ``hidden=None``: dropout 0.5, FC;
    * layumi's PyTorch baseline, ``hidden=512, hidden_relu=False``: FC-512, BN, dropout 0.5, FC.

    All of them test with the pooled feature. Local max pooling (LMP; Deng et al., SPGAN, CVPR 2018) cuts the map into
    stripes for the test only: on any trained checkpoint, ``test_parts=7, test_pooling="max"`` is the authors' recipe in
    PyTorch, and neighbouring stripes share a row where the number does not divide the map's rows.

    Attributes:
        feature_dim: D of the test feature; ``test_parts`` times ``in_channels`` for stripes, from the top.

    Args:
        in_channels: channels of the feature map.
        num_pids: training identities, at least 2.
        hidden: width of the layer between feature and classifier, None for none.
        hidden_relu: whether that layer ends in a ReLU.
        dropout: probability in [0, 1) of dropping a unit before the classifier.
        test_feature: "pooled", or "hidden": the hidden layer's output before dropout.
        test_parts: stripes of the map that the pooled test feature concatenates; 1 is the whole map.
        test_pooling: "avg" or "max", within a stripe.

    Raises:
        UserError: a value out of its range, ``test_feature="hidden"`` without a hidden layer or with stripes, or, at
            test, more stripes than the map has rows.
    """

    def __init__(
        self,
        in_channels: int,
        num_pids: int,
        hidden: int | None = 1024,
        hidden_relu: bool = True,
        dropout: float = 0.5,
        test_feature: str = "pooled",
        test_parts: int = 1,
        test_pooling: str = "avg",
    ):
        super().__init__()
        check_sizes(self, in_channels, num_pids)
        if hidden is not None and hidden < 1:
            raise UserError(f"LinearHead expects hidden of at least 1, or None for no hidden layer, got {hidden}")
        check_dropout(self, dropout)
        if test_feature not in ("pooled", "hidden"):
            raise UserError(f"LinearHead tests with the 'pooled' or the 'hidden' feature, got {test_feature!r}")
        if test_feature == "hidden" and hidden is None:
            raise UserError("LinearHead has no hidden layer to test with: set hidden, or test_feature='pooled'")
        if test_parts < 1 or test_pooling not in POOLINGS:
            raise UserError(
                f"LinearHead tests with 1 stripe or more, pooled by {' or '.join(map(repr, POOLINGS))}, "
                f"got test_parts={test_parts!r}, test_pooling={test_pooling!r}"
            )
        if test_feature == "hidden" and (test_parts, test_pooling) != (1, "avg"):
            raise UserError(
                "LinearHead pools stripes of the map, and its hidden feature sees the average of the whole map only: "
                "set test_feature='pooled', or leave test_parts and test_pooling alone"
            )
        self.test_feature, self.test_parts, self.test_pooling = test_feature, test_parts, test_pooling
        self.feature_dim = hidden if test_feature == "hidden" else in_channels * test_parts
        self.hidden = nn.Identity() if hidden is None else hidden_layer(in_channels, hidden, relu=hidden_relu)
        self.dropout = nn.Dropout(dropout)
        self.classifier = identity_classifier(hidden or in_channels, num_pids, bias=True)

    def forward(self, feature_map: Tensor) -> HeadOutput:
        """B x C x h x w to the pooled feature, B x C, and logits, B x num_pids."""
        feature = global_average(feature_map)
        return HeadOutput(feature, self.classifier(self.dropout(self.hidden(feature))))

    def embed(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to the test feature, B x ``feature_dim``, not normalised."""
        if self.test_feature == "hidden":
            return self.hidden(global_average(feature_map))
        return stripe_pool(feature_map, self.test_parts, self.test_pooling).flatten(1)
