"""MMEngine's Runner, strict and safe where it is silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mmengine.runner
from mmengine.logging import MMLogger
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from torch import nn

from reidzoo.base.weights import load_weights, read_checkpoint
from reidzoo.engine.compat import (
    HarmlessWarnings,
    SafeCheckpointHook,
    accept_optimizers_that_wait,
    install_atomic_writes,
)
from reidzoo.engine.hooks import KeepTrainingState, LogRenderingShare, RememberStart, StopOnNonFiniteLoss, TellEpoch
from reidzoo.engine.optimizers import check_paramwise

REMEDY = (
    "name a checkpoint of this architecture, or load what fits with --allow-partial (test.py) "
    "or allow_partial_load=True or [PREFIX, ...] (config)"
)
#: of every run, whatever its config says
OWN_HOOKS = (StopOnNonFiniteLoss, LogRenderingShare, RememberStart, TellEpoch, KeepTrainingState, SafeCheckpointHook)


class Runner(mmengine.runner.Runner):
    """The Runner that all tools use.

    Differences to its base: checkpoints are loaded strictly (the base ignores keys that do not fit) and as
    data only, they are written plain and atomically, and a non-finite loss ends the run.
    The config key ``allow_partial_load`` permits weights of another architecture: True wherever they differ, or a list
    of name prefixes, such as ``["head.part_classifier."]``, where they may. The log then lists every tensor, whether
    it came from the file or was left as initialised.
    """

    def register_hooks(self, default_hooks: dict | None = None, custom_hooks: list | None = None) -> None:
        install_atomic_writes()
        accept_optimizers_that_wait()
        super().register_hooks(
            default_hooks,
            [*(custom_hooks or []), *(hook() for hook in OWN_HOOKS)],
        )

    def build_logger(self, log_level: int | str = "INFO", log_file: str | None = None, **settings: Any) -> MMLogger:
        logger = super().build_logger(log_level, log_file, **settings)
        logger.addFilter(HarmlessWarnings())
        return logger

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """As in MMEngine, but a method with several optimisers gets a wrapper around each of its networks."""
        if self.distributed and hasattr(model, "optimized"):
            model_wrapper_cfg = {"type": "SeparateDistributedDataParallel", **(model_wrapper_cfg or {})}
        return super().wrap_model(model_wrapper_cfg, model)

    def build_optim_wrapper(self, optim_wrapper: dict | OptimWrapper) -> OptimWrapper:
        """As in MMEngine, but a ``paramwise_cfg`` that means no parameter is an error, not a lost learning rate.

        Raises:
            UserError: an unknown key of ``paramwise_cfg``, or a custom key that is in no parameter's name.
        """
        names = [name for name, _ in self.model.named_parameters()]
        frozen = sum(not parameter.requires_grad for parameter in self.model.parameters())
        if frozen:
            self.logger.info(f"{frozen} of {len(names)} parameters are frozen")
        if isinstance(optim_wrapper, dict):
            check_paramwise(optim_wrapper.get("paramwise_cfg") or {}, names)
        return super().build_optim_wrapper(optim_wrapper)

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
        allow_partial = self.cfg.get("allow_partial_load", False) if strict else True
        report = load_weights(
            model, checkpoint["state_dict"], source=filename, allow_partial=allow_partial, remedy=REMEDY
        )
        self._has_loaded = True
        self.logger.info(str(report) if report.complete else report.listing())
        return checkpoint
