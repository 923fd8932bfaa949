"""MMEngine's Runner, strict and safe where it is silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mmengine.runner
from mmengine.logging import MMLogger
from mmengine.model import is_model_wrapper

from reidzoo.base.weights import load_weights, read_checkpoint
from reidzoo.engine.compat import HarmlessWarnings, SafeCheckpointHook, install_atomic_writes
from reidzoo.engine.hooks import StopOnNonFiniteLoss


class Runner(mmengine.runner.Runner):
    """The Runner that all tools use.

    Three differences to its base: checkpoints are loaded strictly (the base ignores keys that do not fit) and as
    data only, they are written plain and atomically, and a non-finite loss ends the run.
    The config key ``allow_partial_load`` permits weights of another architecture, after printing the report.
    """

    def register_hooks(self, default_hooks: dict | None = None, custom_hooks: list | None = None) -> None:
        install_atomic_writes()
        super().register_hooks(default_hooks, [*(custom_hooks or []), StopOnNonFiniteLoss(), SafeCheckpointHook()])

    def build_logger(self, log_level: int | str = "INFO", log_file: str | None = None, **settings: Any) -> MMLogger:
        logger = super().build_logger(log_level, log_file, **settings)
        logger.addFilter(HarmlessWarnings())
        return logger

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable = "cpu",
        strict: bool = True,
        revise_keys: Any = None,
    ) -> dict:
        """Load weights strictly; the signature is the base's, whose ``resume`` calls this.

        Raises:
            UserError: absent, unreadable or unsafe file, or weights of another architecture.
        """
        checkpoint = read_checkpoint(filename, map_location)
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)
        model = self.model.module if is_model_wrapper(self.model) else self.model
        allow_partial = bool(self.cfg.get("allow_partial_load", False)) or not strict
        report = load_weights(model, checkpoint["state_dict"], source=filename, allow_partial=allow_partial)
        self._has_loaded = True
        self.logger.info(str(report))
        return checkpoint
