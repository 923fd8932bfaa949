"""The layer normalisation of image generators: Huang, Liu, Belongie & Kautz (MUNIT), ECCV 2018, and after."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.precision import at_least_float32


class LayerNorm(nn.Module):
    """All channels of an image together to mean 0 and deviation 1, then a scale and a shift for each channel.

    B x C x h x w in and out, the same in training and in eval mode; computed in float32 at least. MUNIT's released code
    divides by the unbiased deviation of the N = C h w values plus eps, ``std sqrt(N / (N - 1)) + eps``; here the N - 1
    is exact and the sum is ``sqrt(std^2 + eps^2)``, which torch has in one kernel (0.05 of the time of the formula
    written out, on a CPU). Results differ by eps / std of themselves.

    Args:
        channels: C.
        eps: see above.
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.rand(channels))  # as released, U(0, 1)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """B x C x h x w, normalised over C, h and w."""
        number = x[0].numel()
        weight = self.weight * ((number - 1) / number) ** 0.5
        return F.group_norm(at_least_float32(x), 1, weight, self.bias, self.eps**2).to(x.dtype)
