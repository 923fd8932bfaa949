"""Classifiers on parts of the map: Sun, Zheng, Yang, Tian, Wang, "Beyond Part Models", ECCV 2018 (PCB and RPP)."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.heads.pooled import (
    HeadOutput,
    check_dropout,
    check_sizes,
    global_average,
    hidden_layer,
    identity_classifier,
    stripe_pool,
)
from reidzoo.registry import HEADS

REDUCED = 256  # channels that a part classifier looks at, at most


class PartClassifier(nn.Module):
    """To which part a pixel of the map belongs (Sun et al., ECCV 2018, refined part pooling).

    As released: neighbouring channels are averaged in groups down to 256 (2048 in groups of 8; 128 stay as they are),
    each image's spatial mean is taken away, and a 1 x 1 convolution with softmax over the parts follows.

    Args:
        in_channels: channels of the map, a multiple of the group, ceil(``in_channels`` / 256).
        parts: P.

    Raises:
        UserError: channels that do not divide into equal groups.
    """

    def __init__(self, in_channels: int, parts: int):
        super().__init__()
        self.group = -(-in_channels // REDUCED)
        if in_channels % self.group:
            raise UserError(
                f"the part classifier averages neighbouring channels in groups of {self.group}, so that {REDUCED} or "
                f"fewer remain, and {in_channels} channels leave a rest: take a backbone whose out_channels is a "
                f"multiple of {self.group}"
            )
        self.score = nn.Conv2d(in_channels // self.group, parts, kernel_size=1)
        nn.init.kaiming_normal_(self.score.weight, mode="fan_out")
        nn.init.zeros_(self.score.bias)

    def forward(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to the probabilities B x P x h x w; they sum to 1 over the parts at every pixel."""
        averaged = feature_map.unflatten(1, (-1, self.group)).mean(dim=2)
        scores = self.score(averaged - global_average(averaged)[:, :, None, None])
        return scores.softmax(dim=1, dtype=torch.promote_types(scores.dtype, torch.float32))


@HEADS.register
class PCBHead(nn.Module):
    """P part vectors, each with dropout, a 1 x 1 convolution, BN, ReLU and its own classifier (Sun et al., ECCV 2018).

    The vectors are averages over P equal horizontal stripes (PCB), or, ``refined``, averages over all pixels weighted
    by a :class:`PartClassifier` (RPP). The test feature is taken from them, before dropout and convolution: each
    vector with Euclidean norm 1, all concatenated.

    Attributes:
        feature_dim: D of the test feature, ``parts`` times ``in_channels``.

    Args:
        in_channels: channels C of the map.
        num_pids: training identities, at least 2.
        parts: P; without ``refined`` it must divide the rows of the map.
        hidden: width of the 1 x 1 convolution.
        dropout: probability in [0, 1) of dropping a unit before it (and, refined, in front of the part classifier).
        shared: one convolution and norm for all parts, as the authors released it. False gives each part its own;
            beyond-part-models, an independent implementation, reports rank-1 92.9 instead of 90.9 for it (Market-1501).
        refined: pool by a learned part classifier instead of by rows.

    Raises:
        UserError: a value out of its range, or, in ``forward`` and ``embed``, parts that do not divide the map's rows.
    """

    smoke: ClassVar = {"parts": 4}

    def __init__(
        self,
        in_channels: int,
        num_pids: int,
        parts: int = 6,
        hidden: int = 256,
        dropout: float = 0.5,
        shared: bool = True,
        refined: bool = False,
    ):
        super().__init__()
        check_sizes(self, in_channels, num_pids)
        if parts < 1 or hidden < 1:
            raise UserError(f"PCBHead expects parts and hidden of at least 1, got parts={parts}, hidden={hidden}")
        check_dropout(self, dropout)
        self.parts, self.shared = parts, shared
        self.feature_dim = parts * in_channels
        self.dropout = nn.Dropout(dropout)
        self.part_classifier = PartClassifier(in_channels, parts) if refined else None
        self.reductions = nn.ModuleList(  # on a pooled vector a 1 x 1 convolution is a linear layer
            hidden_layer(in_channels, hidden, relu=True, bias=False) for _ in range(1 if shared else parts)
        )
        self.classifiers = nn.ModuleList(identity_classifier(hidden, num_pids, bias=True) for _ in range(parts))

    def forward(self, feature_map: Tensor) -> HeadOutput:
        """B x C x h x w to the part vectors, B x P x C, and the logits of each part, B x P x num_pids."""
        vectors = self._pool(feature_map)
        dropped = self.dropout(vectors)
        if self.shared:  # the norm, too, sees all parts as one batch
            reduced = self.reductions[0](dropped.flatten(0, 1)).unflatten(0, (-1, self.parts)).unbind(1)
        else:
            reduced = [reduction(part) for reduction, part in zip(self.reductions, dropped.unbind(1), strict=True)]
        logits = [classifier(part) for classifier, part in zip(self.classifiers, reduced, strict=True)]
        return HeadOutput(vectors, torch.stack(logits, dim=1))

    def embed(self, feature_map: Tensor) -> Tensor:
        """B x C x h x w to B x P*C: part after part from the top, each of norm 1."""
        return F.normalize(self._pool(feature_map), dim=2).flatten(1)

    def _pool(self, feature_map: Tensor) -> Tensor:
        if self.part_classifier is not None:
            return weighted_average(feature_map, self.part_classifier(self.dropout(feature_map)))
        height = feature_map.shape[2]
        if height % self.parts:
            possible = ", ".join(str(parts) for parts in range(1, height + 1) if height % parts == 0)
            raise UserError(
                f"PCBHead cuts a map of {height} rows into {self.parts} stripes, which must be equal: choose parts "
                f"among {possible}, or another image height"
            )
        return stripe_pool(feature_map, self.parts)


def weighted_average(feature_map: Tensor, probabilities: Tensor) -> Tensor:
    """B x C x h x w and B x P x h x w to B x P x C: for each part, P times the mean over pixels of p times the map.

    The factor P makes hard assignment by rows the same as average pooling of equal stripes.
    """
    parts, pixels = probabilities.shape[1], probabilities[0, 0].numel()
    with torch.autocast(feature_map.device.type, enabled=False):  # features keep float32, as global_average does
        summed = torch.einsum("bphw,bchw->bpc", probabilities, feature_map.to(probabilities.dtype))
    return summed * (parts / pixels)
