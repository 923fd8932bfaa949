"""Whom a drawn image shows, for DG-Net's primary head: Zheng et al., CVPR 2019, section 3.2, and its alternatives."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

#: kinds of targets that are made of a teacher's prediction, and those that need none
TAUGHT, UNTAUGHT = ("teacher", "hard", "two-ids"), ("one-hot", "uniform")
LEAST = torch.finfo(torch.float32).tiny  # of a probability that is to be divided by


def primary_targets(
    kind: str, appearance_pids: Tensor, structure_pids: Tensor, num_pids: int, predict: Callable[[], Tensor]
) -> Tensor:
    """The distribution over the identities that each drawn image is to be recognised with: B x K, rows of sum 1.

    ``teacher`` is the teacher's prediction as it stands; ``hard`` all on its likeliest identity; ``two-ids`` what it
    says of the two identities that the image is made of, set to sum 1; ``one-hot`` all on the appearance's;
    ``uniform`` 1/K for all (LSRO).

    Args:
        kind: one of :data:`TAUGHT` and :data:`UNTAUGHT`.
        appearance_pids: B int64, labels 0..K-1.
        structure_pids: B int64.
        num_pids: K.
        predict: gives the teacher's probabilities, B x K; asked by the kinds of :data:`TAUGHT` only.
    """
    appearance = F.one_hot(appearance_pids, num_pids)
    if kind == "one-hot":
        return appearance.double()
    if kind == "uniform":
        return torch.full_like(appearance, 1 / num_pids, dtype=torch.float64)
    probabilities = predict()
    if kind == "hard":
        return F.one_hot(probabilities.argmax(dim=1), num_pids).double()
    if kind == "two-ids":
        either = (appearance + F.one_hot(structure_pids, num_pids)) > 0
        probabilities = probabilities.clamp_min(LEAST) * either
        return probabilities / probabilities.sum(dim=1, keepdim=True)
    return probabilities


def divergence(logits: Tensor, targets: Tensor) -> Tensor:
    """``KL(q || p) = 1/B sum_i sum_k q_ik (log q_ik - log p_ik)``, a scalar, where p is the softmax of the logits.

    Of a one-hot q it is the cross-entropy; of the others cross-entropy less their own entropy, which teaches nothing.
    logits: B x K. targets: B x K, rows of sum 1, without gradient.
    """
    dtype = torch.promote_types(logits.dtype, torch.float32)
    return F.kl_div(F.log_softmax(logits.to(dtype), dim=1), targets.to(dtype), reduction="batchmean")
