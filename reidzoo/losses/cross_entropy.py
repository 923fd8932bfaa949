"""Identity classification, Szegedy et al., CVPR 2016 (arXiv:1512.00567), section 7 for the smoothing; and the target
of images that show nobody, Zheng, Zheng & Yang (LSRO), ICCV 2017."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.base.precision import at_least_float32
from reidzoo.registry import LOSSES


@LOSSES.register
class CrossEntropy(nn.Module):
    """Mean over images of ``-sum_k q_k log p_k`` with ``q_k = (1 - eps) 1[k = y] + eps / K``.

    logits: B x K float. pids: B int64 labels in 0..K-1. Returns a scalar. Its least value is the entropy of q,
    0 without smoothing and 0.986 nats for eps = 0.1 and K = 751.

    Args:
        label_smoothing: eps, in [0, 1); 0.1 in the strong baselines.

    Raises:
        UserError: eps out of range.
    """

    def __init__(self, label_smoothing: float = 0.0):
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise UserError(f"label_smoothing lies in [0, 1), got {label_smoothing}")
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, pids: Tensor) -> Tensor:
        # in float32 at least: exp and log of bfloat16 lose the small probabilities
        return F.cross_entropy(at_least_float32(logits), pids, label_smoothing=self.label_smoothing)


@LOSSES.register
class UniformCrossEntropy(nn.Module):
    """Mean over images of ``-1/K sum_k log p_k``: every identity alike is the target (LSRO, Zheng et al., ICCV 2017).

    logits: B x K float; there are no labels. Returns a scalar. Its least value is ln K, where the prediction is uniform
    and the gradient vanishes: 6.621 nats for K = 751, 6.554 for K = 702. It is :class:`CrossEntropy` with a
    ``label_smoothing`` of 1.
    """

    def forward(self, logits: Tensor) -> Tensor:
        return -F.log_softmax(at_least_float32(logits), dim=1).mean()
