"""Pictures of what a generative method learns, epoch by epoch: outside the engine, which knows no pictures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
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

Rows = list[tuple[np.ndarray, ...]]


class EpochPictureHook(Hook):
    """Base of the hooks that draw ``<stem>_epoch_N.png`` into the work folder, N from 1, and that watch only.

    A subclass says what is seen (:meth:`rows_of`); the run's chance and the modes of its networks are to stay as they
    were, see :func:`undisturbed`.

    Args:
        interval: a picture after every so many epochs, and after the last.

    Attributes:
        stem: of the file names.
        column_titles: of the picture.
    """

    stem: str
    column_titles: Sequence[str] = ()

    def __init__(self, interval: int):
        self.interval = interval

    @abstractmethod
    def rows_of(self, method: nn.Module, runner: Any) -> Rows:
        """H x W x 3 uint8 images, row by row."""

    def after_train_epoch(self, runner: Any) -> None:
        """Draw the picture, on the first of several processes."""
        if not is_main_process():
            return
        if self.every_n_epochs(runner, self.interval) or self.is_last_train_epoch(runner):
            method = runner.model.module if is_model_wrapper(runner.model) else runner.model
            rows = self.rows_of(method, runner)
            # matplotlib is loaded where something is drawn only: every tool that reads a config imports this file
            from reidzoo.visualization.image_grid import draw_image_grid

            path = Path(runner.work_dir) / f"{self.stem}_epoch_{runner.epoch + 1}.png"
            draw_image_grid(path, rows, column_titles=self.column_titles, title=f"epoch {runner.epoch + 1}")


class ItemPictureHook(EpochPictureHook):
    """Base of the hooks whose rows show items of the training set, the same in every epoch and in a resumed run.

    Items are spread over the set, each with a draw of its own.

    Args:
        interval: a picture after every so many epochs, and after the last.
        rows: of the picture, at least 1; as many as the training set has items for, at most.

    Raises:
        UserError: an interval or a number of rows below 1.
    """

    def __init__(self, interval: int = 1, rows: int = 6):
        if interval < 1 or rows < 1:
            raise UserError(
                f"{type(self).__name__} draws at least 1 row, every 1 epoch or more, got interval={interval}, "
                f"rows={rows}"
            )
        super().__init__(interval)
        self.rows = rows

    def items_of(self, runner: Any, count: int, *keys: str) -> tuple[Tensor, ...]:
        """Of ``count`` items, or of all where there are fewer, what stands under ``keys``; N x ... each."""
        dataset = runner.train_dataloader.dataset
        chosen = np.unique(np.linspace(0, len(dataset) - 1, count).round().astype(int))
        items = [dataset[Draw(index=int(index))] for index in chosen]
        return tuple(torch.stack([item[key] for item in items]) for key in keys)


@contextmanager
def undisturbed(method: nn.Module) -> Iterator[None]:
    """Afterwards every module is in the mode that it was in, and torch's generators are where they were."""
    device = next(method.parameters()).device
    with keep_modes(method), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
