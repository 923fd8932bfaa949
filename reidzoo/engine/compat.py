"""Every workaround for MMEngine 0.10.7 under current torch, each with the break that it answers.

When a release of MMEngine repairs one of them, its function is deleted here and nothing else changes.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import torch
import torch.distributed
from mmengine.config import Config
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer

from reidzoo.base.files import atomic_path
from reidzoo.registry import HOOKS


class AtomicLocalBackend(LocalBackend):
    """Writes complete files or none.

    Break: ``LocalBackend.put`` opens the target itself, so a run killed while it saves leaves a truncated checkpoint
    under a valid name.
    """

    def put(self, obj: bytes, filepath: str) -> None:
        with atomic_path(filepath) as temporary:
            temporary.write_bytes(obj)

    def put_text(self, obj: str, filepath: str, encoding: str = "utf-8") -> None:
        with atomic_path(filepath) as temporary:
            temporary.write_text(obj, encoding=encoding)


class HarmlessWarnings(logging.Filter):
    """Drops lines on MMEngine's own deprecated file client, registries without a child of our scope, frozen parameters.

    Break: they are logged at every checkpoint and every start, one for each parameter, alarm every user, and ask for
    nothing that a user could do (a name that is on no shelf is an error of its own; our Runner counts what is frozen).
    """

    TEXTS = ('"FileClient" will be', '"HardDiskBackend" is the alias', 'Failed to search registry with scope "reidzoo"')

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        return not message.startswith(self.TEXTS) and not message.endswith("is skipped since its requires_grad=False")


def install_atomic_writes() -> None:
    """Make MMEngine write checkpoints and logs through :class:`AtomicLocalBackend`; safe to call again."""
    register_backend("local", AtomicLocalBackend, force=True, prefixes="")


def accept_optimizers_that_wait() -> None:
    """Drop the warning on a schedule that moves before its optimiser; safe to call again.

    Break: MMEngine takes it for swapped calls. SPGAN's Siamese network waits some steps for its turn, as it should.
    """
    warnings.filterwarnings("ignore", message=r"Detected call of `scheduler\.step\(\)` before", category=UserWarning)


@HOOKS.register
class SafeCheckpointHook(Hook):
    """Keeps training checkpoints plain: tensors, numbers, strings, lists and dicts.

    Break: MMEngine stores ``HistoryBuffer`` objects and numpy scalars, which ``torch.load`` refuses since torch 2.6
    (``weights_only=True``), so its own checkpoints neither resume nor test. Allowing those classes would need
    ``builtins.getattr`` on the list, which undoes the protection.
    """

    priority = "VERY_LOW"  # after every other hook has put its values in

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Replace what is not plain."""
        hub = checkpoint["message_hub"]
        hub["log_scalars"] = {name: _pack(buffer) for name, buffer in hub["log_scalars"].items()}
        for key, value in checkpoint.items():
            if key != "state_dict":
                checkpoint[key] = _plain(value)

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Rebuild what MMEngine expects."""
        hub = checkpoint.get("message_hub")
        if hub is not None:  # published weights carry none
            hub["log_scalars"] = {name: _unpack(packed) for name, packed in hub["log_scalars"].items()}


def _pack(buffer: HistoryBuffer) -> dict[str, Any]:
    values, counts = buffer.data
    return {
        "values": torch.as_tensor(values, dtype=torch.float64),
        "counts": torch.as_tensor(counts, dtype=torch.int64),
        "max_length": buffer.max_length,
    }


def _unpack(packed: dict[str, Any]) -> HistoryBuffer:
    return HistoryBuffer(packed["values"].cpu().numpy(), packed["counts"].cpu().numpy(), packed["max_length"])


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(entry) for entry in value)
    return value


def prepare_processes(cfg: Config, launcher: str) -> None:
    """Let several processes run on a machine without a GPU.

    Break: ``launcher='pytorch'`` calls ``torch.cuda.set_device`` and wraps the model with
    ``device_ids=[LOCAL_RANK]``, whatever the backend; both fail on a CPU. Starting gloo first makes MMEngine skip
    the one, an explicit ``device_ids=None`` overrides the other. SyncBatchNorm exists on GPUs only.
    """
    if launcher == "none" or torch.cuda.is_available():
        return
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo")
    wrapper = dict(cfg.get("model_wrapper_cfg") or {})
    wrapper.update(device_ids=None)
    wrapper.setdefault("broadcast_buffers", False)
    cfg.model_wrapper_cfg = wrapper
    cfg.pop("sync_bn", None)
