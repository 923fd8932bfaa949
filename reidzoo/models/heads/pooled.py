"""What the heads on a globally pooled feature share."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError


class HeadOutput(NamedTuple):
    """What losses need of a head.

    ``feature``: B x C, the pooled feature, for metric losses; ``logits``: B x num_pids, for identity losses;
    None of a head without a classifier.
    """

    feature: Tensor
    logits: Tensor | None


def global_average(feature_map: Tensor) -> Tensor:
    """B x C x h x w to B x C; a 1 x 1 map is only flattened.

    The mean is at least float32, also of a bfloat16 map: metric losses live on small differences of these features.
    """
    return feature_map.mean(dim=(2, 3), dtype=torch.promote_types(feature_map.dtype, torch.float32))


def identity_classifier(in_features: int, num_pids: int, *, bias: bool) -> nn.Linear:
    """The last linear layer, N(0, 0.001) and without offset, so that training starts from even odds."""
    classifier = nn.Linear(in_features, num_pids, bias=bias)
    nn.init.normal_(classifier.weight, std=0.001)
    if bias:
        nn.init.zeros_(classifier.bias)
    return classifier


def hidden_layer(in_features: int, out_features: int, *, relu: bool) -> nn.Sequential:
    """FC (Kaiming by fan out, no offset), BN and, with ``relu``, ReLU."""
    linear = nn.Linear(in_features, out_features)
    nn.init.kaiming_normal_(linear.weight, mode="fan_out")
    nn.init.zeros_(linear.bias)
    return nn.Sequential(linear, nn.BatchNorm1d(out_features), *([nn.ReLU()] if relu else []))


def check_sizes(head: nn.Module, in_channels: int, num_pids: int) -> None:
    """Raise a ``UserError`` unless ``head`` has a feature to look at and identities to tell apart."""
    name = type(head).__name__
    if in_channels < 1:
        raise UserError(
            f"{name} expects in_channels of at least 1, got {in_channels}: give the backbone's out_channels"
        )
    if num_pids < 2:
        raise UserError(
            f"{name} tells identities apart and expects at least 2, got num_pids={num_pids}: "
            "count the training identities"
        )
