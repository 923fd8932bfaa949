"""Hooks watch; none of them changes the loss curve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
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


@HOOKS.register
class RememberStart(Hook):
    """Writes into every checkpoint what the run started from, as ``meta["init"]``.

    A test reads it there: the config that tests may name other weights than the one that trained. A resumed run keeps
    what its first part had.
    """

    def __init__(self) -> None:
        self.start: str | None = None

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Take the start over from the checkpoint that a run is resumed from."""
        if runner._resume:
            self.start = checkpoint.get("meta", {}).get("init")

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Write it down."""
        checkpoint["meta"]["init"] = self.start or start_of(runner.cfg)


def start_of(cfg: Config) -> str:
    """What a config's weights start from: ``load_from``, the backbone's ``weights``, or ``random``; no folder of the
    machine in it."""
    start = str(cfg.get("load_from") or cfg.model.get("backbone", {}).get("weights") or "random")
    return Path(start).name if Path(start).is_absolute() else start
