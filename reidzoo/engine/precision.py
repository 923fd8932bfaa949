"""In which precision a step computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.base.precision import PRECISIONS
from reidzoo.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register
class AutocastOptimWrapper(OptimWrapper):
    """MMEngine's optimiser wrapper with torch's autocast on any device (``AmpOptimWrapper`` asserts a GPU).

    bfloat16 has float32's range, so no loss scaler is needed.

    Args:
        optimizer: given by the optimiser's constructor.
        precision: ``fp32`` or ``bf16``.
        accumulative_counts: steps whose gradients are added before one update.
        clip_grad: as in MMEngine, for example ``dict(max_norm=10)``.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        precision: str = "fp32",
        accumulative_counts: int = 1,
        clip_grad: dict[str, Any] | None = None,
    ):
        if precision not in PRECISIONS:
            raise UserError(f"precision is one of {', '.join(PRECISIONS)}, got '{precision}'")
        super().__init__(optimizer, accumulative_counts=accumulative_counts, clip_grad=clip_grad)
        self.precision = precision

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Everything inside computes in the chosen precision."""
        dtype = PRECISIONS[self.precision]
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, dtype=dtype, enabled=dtype is not None):
            yield
