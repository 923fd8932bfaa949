"""Same person or not, decided on the difference of two features (Zheng, Zheng, Yang, TOMM 2017)."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.heads.pooled import check_dropout, identity_classifier


class VerificationHead(nn.Module):
    """Square layer, dropout, FC to two classes (Zheng et al., TOMM 2017).

    It reads pairs of features, not a feature map, and is therefore on no shelf: the method owns it.

    Args:
        in_channels: D of the features.
        dropout: probability in [0, 1) of dropping a squared difference; 0.9 in the authors' released network.

    Raises:
        UserError: a value out of its range.
    """

    def __init__(self, in_channels: int, dropout: float = 0.9):
        super().__init__()
        if in_channels < 1:
            raise UserError(f"VerificationHead expects in_channels of at least 1, got {in_channels}")
        check_dropout(self, dropout)
        self.dropout = nn.Dropout(dropout)
        self.classifier = identity_classifier(in_channels, 2, bias=True)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Features N x D and N x D to logits N x 2; column 1 says "same person"."""
        squared = (first - second).square()  # f_s = (f_1 - f_2)^2: the same whichever image comes first
        return self.classifier(self.dropout(squared))
