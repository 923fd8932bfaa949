"""What the heads on a pooled feature share."""

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


def global_maximum(feature_map: Tensor) -> Tensor:
    """B x C x h x w to B x C in at least float32, the largest value of each channel."""
    return feature_map.amax(dim=(2, 3)).to(torch.promote_types(feature_map.dtype, torch.float32))


#: how a map, or a stripe of it, becomes one vector
POOLINGS = {"avg": global_average, "max": global_maximum}


def stripe_pool(feature_map: Tensor, parts: int, pooling: str = "avg") -> Tensor:
    """Pool each of ``parts`` horizontal stripes of a map B x C x h x w over its rows and the full width: B x parts x C.

    Stripe i of P holds the rows floor(i h / P) to ceil((i + 1) h / P), from the top. Where P divides h they are equal
    and disjoint; elsewhere neighbours share a row (torch's adaptive pooling cuts the same way).

    Raises:
        UserError: more stripes than rows.
    """
    height = feature_map.shape[2]
    if parts > height:
        raise UserError(
            f"{parts} stripes were asked of a map of {height} row(s): ask for {height} at most, "
            "or give the head a map with more rows (a taller image; OSNet with embedding=False)"
        )
    bounds = [(part * height // parts, -(-(part + 1) * height // parts)) for part in range(parts)]
    return torch.stack([POOLINGS[pooling](feature_map[:, :, top:bottom]) for top, bottom in bounds], dim=1)


def identity_classifier(in_features: int, num_pids: int, *, bias: bool) -> nn.Linear:
    """The last linear layer, N(0, 0.001) and without offset, so that training starts from even odds."""
    classifier = nn.Linear(in_features, num_pids, bias=bias)
    nn.init.normal_(classifier.weight, std=0.001)
    if bias:
        nn.init.zeros_(classifier.bias)
    return classifier


def hidden_layer(in_features: int, out_features: int, *, relu: bool, bias: bool = True) -> nn.Sequential:
    """FC (Kaiming by fan out, no offset at the start), BN and, with ``relu``, ReLU."""
    linear = nn.Linear(in_features, out_features, bias=bias)
    nn.init.kaiming_normal_(linear.weight, mode="fan_out")
    if bias:
        nn.init.zeros_(linear.bias)
    return nn.Sequential(linear, nn.BatchNorm1d(out_features), *([nn.ReLU()] if relu else []))


def check_sizes(head: nn.Module, in_channels: int, num_pids: int | None = None) -> None:
    """Raise a ``UserError`` unless ``head`` has channels and, with a classifier, identities to tell apart."""
    name = type(head).__name__
    if in_channels < 1:
        raise UserError(
            f"{name} expects in_channels of at least 1, got {in_channels}: give the backbone's out_channels"
        )
    if num_pids is not None and num_pids < 2:
        raise UserError(
            f"{name} tells identities apart and expects at least 2, got num_pids={num_pids}: "
            "count the training identities"
        )


def check_dropout(head: nn.Module, dropout: float) -> None:
    """Raise a ``UserError`` unless ``dropout`` is a probability that leaves something."""
    if not 0 <= dropout < 1:
        name = type(head).__name__
        raise UserError(f"{name} expects a dropout probability in [0, 1), got {dropout}: 0 switches it off")
