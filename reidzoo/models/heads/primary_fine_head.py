"""The two identity heads of DG-Net's appearance encoder, and the code that its generator draws from.

Zheng, Yang, Yu, Zheng, Yang & Kautz, "Joint Discriminative and Generative Learning for Person Re-identification", CVPR
2019 (arXiv:1904.07223).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.heads.pooled import (
    check_dropout,
    check_sizes,
    global_maximum,
    hidden_layer,
    identity_classifier,
    stripe_pool,
)
from reidzoo.registry import HEADS

#: of the appearance code, from head to feet
STRIPES = 4


class PrimaryFineOutput(NamedTuple):
    """Logits B x num_pids of both heads."""

    prim_logits: Tensor
    fine_logits: Tensor


class HiddenClassifier(nn.Module):
    """FC, BN, dropout, FC to the identities; :meth:`embed` ends after the BN."""

    def __init__(self, in_channels: int, num_pids: int, hidden: int, dropout: float):
        super().__init__()
        self.hidden = hidden_layer(in_channels, hidden, relu=False)
        self.dropout = nn.Dropout(dropout)
        self.classifier = identity_classifier(hidden, num_pids, bias=True)

    def forward(self, feature: Tensor) -> Tensor:
        return self.classifier(self.dropout(self.hidden(feature)))

    def embed(self, feature: Tensor) -> Tensor:
        return self.hidden(feature)


@HEADS.register
class PrimaryFineHead(nn.Module):
    """Global max pooling, then twice FC, BN, dropout, FC to the identities (Zheng et al., CVPR 2019, as released).

    The primary head learns whose clothes a drawn image shows, the fine one who else it is: they see the same feature
    and differ in dropout and in what the method teaches them. The appearance code is pooled from the same map.
    ``forward`` has no ``HeadOutput``: a method that asks for one head's logits cannot use two.

    Attributes:
        feature_dim: D of the test feature, 2 ``hidden``: the primary half first.
        code_size: length of an appearance code, 4 ``in_channels``.

    Args:
        in_channels: channels C of the map.
        num_pids: training identities, at least 2.
        hidden: width of each head's hidden layer.
        prim_dropout: probability in [0, 1) of dropping a unit before the primary classifier.
        fine_dropout: before the fine one.

    Raises:
        UserError: a value out of its range.
    """

    def __init__(
        self,
        in_channels: int,
        num_pids: int,
        hidden: int = 512,
        prim_dropout: float = 0.5,
        fine_dropout: float = 0.75,
    ):
        super().__init__()
        check_sizes(self, in_channels, num_pids)
        if hidden < 1:
            raise UserError(f"PrimaryFineHead expects hidden of at least 1, got {hidden}: the paper has 512")
        check_dropout(self, prim_dropout)
        check_dropout(self, fine_dropout)
        self.feature_dim, self.code_size = 2 * hidden, STRIPES * in_channels
        self.prim = HiddenClassifier(in_channels, num_pids, hidden, prim_dropout)
        self.fine = HiddenClassifier(in_channels, num_pids, hidden, fine_dropout)

    def forward(self, feature_map: Tensor) -> PrimaryFineOutput:
        """B x C x h x w to both heads' logits, B x num_pids each."""
        feature = global_maximum(feature_map)
        return PrimaryFineOutput(self.prim(feature), self.fine(feature))

    def embed(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to both hidden layers after BN, B x 2 ``hidden``, not normalised."""
        feature = global_maximum(feature_map)
        return torch.cat([self.prim.embed(feature), self.fine.embed(feature)], dim=1)

    def code(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to appearance codes, B x 4C in float32 at least: number 4c + i is channel c's in stripe i.

        The largest value of each channel in each of four horizontal stripes, from the top. Channel after channel, so
        that a quarter of the code is a quarter of the channels in all stripes, and not one stripe: as released.
        Gradients pass.

        Raises:
            UserError: a map of fewer than four rows.
        """
        return stripe_pool(feature_map, STRIPES, "max").transpose(1, 2).flatten(1)
