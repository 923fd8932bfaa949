"""Adaptive instance normalisation: Huang & Belongie, "Arbitrary Style Transfer in Real-Time ...", ICCV 2017."""

from __future__ import annotations

import torch
from torch import Tensor

from reidzoo.models.instance_norm import instance_norm


def adain(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """``weight (x - mean) / sqrt(variance + eps) + bias`` with the biased variance of each channel of each image.

    The paper's equation 8 with a deviation and a mean that a network gives in place of another image's; nothing is kept
    in a module between the two. Statistics, weights and biases are float32 at least, whatever the autocast.

    Args:
        x: B x C x h x w with h * w above 1.
        weight: B x C, taken as it is: no 1 is added.
        bias: B x C.
        eps: added to the variance.

    Returns:
        B x C x h x w in the type of ``x``.
    """
    exact = torch.promote_types(x.dtype, torch.float32)
    return instance_norm(x, weight.to(exact), bias.to(exact), eps)
