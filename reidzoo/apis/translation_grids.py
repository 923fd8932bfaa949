"""What a translation learns, seen epoch by epoch; a hook outside the engine, which knows no pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.data.draw import Draw
from reidzoo.methods.generative import keep_modes
from reidzoo.registry import HOOKS

COLUMNS = ("source", "translated", "reconstructed", "target", "translated", "reconstructed")


@HOOKS.register
class TranslationGridHook(Hook):
    """Draws source, translated and reconstructed images, and the same from the target, into the work folder.

    The rows are the same in every epoch and in a resumed run: items spread over the training set, each with a draw of
    its own. The hook watches only: the run's chance and the modes of its networks stay as they were.

    Args:
        interval: a picture ``translated_epoch_N.png`` after every so many epochs, and after the last.
        rows: of the picture, at least 1; as many as the training set has items, at most.

    Raises:
        UserError: an interval or a number of rows below 1.
    """

    def __init__(self, interval: int = 1, rows: int = 6):
        if interval < 1 or rows < 1:
            raise UserError(
                f"TranslationGridHook draws at least 1 row, every 1 epoch or more, got interval={interval}, rows={rows}"
            )
        self.interval, self.rows = interval, rows

    def after_train_epoch(self, runner: Any) -> None:
        """Draw ``translated_epoch_N.png``, N from 1."""
        if not is_main_process():
            return
        if self.every_n_epochs(runner, self.interval) or self.is_last_train_epoch(runner):
            method = runner.model.module if is_model_wrapper(runner.model) else runner.model
            rows = _rows(method, runner.train_dataloader.dataset, self.rows)
            # matplotlib is loaded where something is drawn only: every tool that reads a config imports this file
            from reidzoo.visualization.image_grid import draw_image_grid

            path = Path(runner.work_dir) / f"translated_epoch_{runner.epoch + 1}.png"
            draw_image_grid(path, rows, column_titles=COLUMNS, title=f"epoch {runner.epoch + 1}")


def translated_rows(method: nn.Module, sources: Tensor, targets: Tensor) -> list[tuple[np.ndarray, ...]]:
    """Rows of a picture: H x W x 3 uint8 images for each of :data:`COLUMNS`.

    Args:
        method: a translation; it and torch's chance are afterwards as before.
        sources: N x 3 x H x W uint8 RGB, one a row.
        targets: the same of the other domain.
    """
    columns: list[Tensor] = []
    with _undisturbed(method):
        for images, direction in ((sources, "s2t"), (targets, "t2s")):
            columns += [images, method.translate(images, direction), method.reconstruct(images, direction)]
    return list(zip(*(column.permute(0, 2, 3, 1).cpu().numpy() for column in columns), strict=True))


def _rows(method: nn.Module, dataset: Any, count: int) -> list[tuple[np.ndarray, ...]]:
    """``count`` rows of items spread over the training set."""
    chosen = np.unique(np.linspace(0, len(dataset) - 1, count).round().astype(int))
    items = [dataset[Draw(index=int(index))] for index in chosen]
    sources, targets = (torch.stack([item[f"{domain}_images"] for item in items]) for domain in ("source", "target"))
    return translated_rows(method, sources, targets)


@contextmanager
def _undisturbed(method: nn.Module) -> Iterator[None]:
    """Afterwards every module is in the mode that it was in, and torch's generators are where they were."""
    device = next(method.parameters()).device
    with keep_modes(method), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
