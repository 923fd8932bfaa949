"""In which precision to compute, and where 8 bits of bfloat16 are too few."""

from __future__ import annotations

import torch
from torch import Tensor

#: what autocast computes in, by the name that configs have for it
PRECISIONS = {"fp32": None, "bf16": torch.bfloat16}


def at_least_float32(values: Tensor) -> Tensor:
    """The values in float32, or in their own type where it is wider."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
