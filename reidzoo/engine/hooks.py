"""Hooks watch; none of them changes the loss curve."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.base.moments import Moment
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


@HOOKS.register
class TellEpoch(Hook):
    """Tells a method that has ``set_epoch(epoch)`` which epoch begins, counted from 1 as logs and checkpoints count.

    A resumed run goes on counting where it was interrupted.
    """

    def before_train_epoch(self, runner: Any) -> None:
        """Tell it."""
        method = _method(runner.model)
        if hasattr(method, "set_epoch"):
            method.set_epoch(runner.epoch + 1)


@HOOKS.register
class LogRenderingShare(Hook):
    """Logs ``share_rendering``: which share of a step's time, 0 to 1, its preprocessor spends on rendering images.

    For a ``data_preprocessor`` that says so (``rendering``, two moments); loading is no part of a step here. What is
    logged is the share of the step before: its work is done on a GPU, too, once this step's losses have been read, so
    nobody waits for the sake of the measurement.
    """

    priority = "VERY_HIGH"  # behind StopOnNonFiniteLoss, which reads the losses, and before the logger

    def __init__(self) -> None:
        self._start: Moment | None = None
        self._before: tuple[Moment, Moment, Moment, Moment] | None = None

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Look at the clock."""
        self._start = Moment(next(runner.model.parameters()).device)

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: dict[str, torch.Tensor] | None = None
    ) -> None:
        """Look again, and log what the step before took."""
        rendering = getattr(getattr(_method(runner.model), "data_preprocessor", None), "rendering", None)
        if rendering is None:
            return
        if self._before is not None:
            start, began, ended, end = self._before
            share = began.seconds_until(ended) / start.seconds_until(end)
            runner.message_hub.update_scalar("train/share_rendering", share)
        self._before = self._start, *rendering, Moment(next(runner.model.parameters()).device)


@HOOKS.register
class KeepTrainingState(Hook):
    """Carries across a restart what a method remembers beside its weights, such as a pool of generated images.

    A module that has ``training_state() -> dict[str, Tensor]`` and ``load_training_state(state)`` finds its state again
    under its name in ``checkpoint["training_state"]``. Only a resumed run takes it: weights that are loaded, tested or
    published are free of it. With several processes the checkpoint holds the state of the first one, and every process
    resumes with that.

    Raises:
        UserError: a run is resumed from a checkpoint that holds the state of other modules.
    """

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Ask every module that remembers."""
        if modules := _remembering(runner.model):
            checkpoint["training_state"] = {name: module.training_state() for name, module in modules.items()}

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Remind every module, if this run goes on with that of the checkpoint."""
        if not runner._resume:
            return
        modules, states = _remembering(runner.model), checkpoint.get("training_state", {})
        if set(modules) != set(states):
            raise UserError(
                f"the checkpoint holds the training state of {_listed(states)}, the config's method keeps one in "
                f"{_listed(modules)}: resume with the config that the run was started with, or start anew with "
                "load_from"
            )
        for name, module in modules.items():
            module.load_training_state(states[name])


def _method(model: nn.Module) -> nn.Module:
    """The method itself, out of its wrapper for several processes."""
    return model.module if is_model_wrapper(model) else model


def _remembering(model: nn.Module) -> dict[str, Any]:
    """Modules with a training state by their names on a single process."""
    modules = {name: module for name, module in _method(model).named_modules() if hasattr(module, "training_state")}
    # a network in its wrapper for several processes sits one level deeper, at "module"
    return {".".join(part for part in name.split(".") if part != "module"): each for name, each in modules.items()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no module"


def start_of(cfg: Config) -> str:
    """What a config's weights start from: ``load_from``, the backbone's ``weights``, or ``random``; no folder of the
    machine in it."""
    start = str(cfg.get("load_from") or cfg.model.get("backbone", {}).get("weights") or "random")
    return Path(start).name if Path(start).is_absolute() else start
