"""Where 8 bits of bfloat16 are too few."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """The values in float32, or in their own type where it is wider."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
