"""Hooks watch; none of them changes the loss curve."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook

from reidzoo.base.errors import UserError
from reidzoo.registry import HOOKS


@HOOKS.register
class StopOnNonFiniteLoss(Hook):
    """Ends the run at the first NaN or infinite term, before a spoilt checkpoint is written.

    Raises:
        UserError: names the epoch, the step and the terms.
    """

    priority = "VERY_HIGH"  # before the checkpoint and the logger

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: dict[str, torch.Tensor] | None = None
    ) -> None:
        """Look at every logged value of the step."""
        bad = [name for name, value in (outputs or {}).items() if not torch.isfinite(torch.as_tensor(value)).all()]
        if bad:
            raise UserError(
                f"{', '.join(sorted(bad))} became NaN or infinite in epoch {runner.epoch + 1}, step {runner.iter + 1}: "
                "lower the learning rate or clip gradients (optim_wrapper.clip_grad); the last checkpoint is unharmed"
            )
