"""A hook that shows what the generator does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.registry import HOOKS
from reidzoo.visualization.image_grid import draw_image_grid


@HOOKS.register
class RelitImagesHook(Hook):
    """After every epoch draws images, the images whose light they take, and the result, into the work folder.

    Args:
        count: rows of the picture, at least 1.

    Raises:
        UserError: fewer than one row.
    """

    def __init__(self, count: int = 4):
        if count < 1:
            raise UserError(f"RelitImagesHook draws at least 1 row, got count={count}")
        self.count = count
        self.images: Tensor | None = None

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: dict[str, Tensor] | None = None, outputs: dict | None = None
    ) -> None:
        """Keep the images of the last batch."""
        self.images = data_batch["images"][: self.count]

    def after_train_epoch(self, runner: Any) -> None:
        """Draw ``relit_epoch_N.png``, N from 1."""
        if runner.rank != 0:
            return
        method = runner.model.module if is_model_wrapper(runner.model) else runner.model
        with torch.no_grad():
            relit = method.relight(self.images, light_of=self.images.roll(1, 0))
        columns = [stack.permute(0, 2, 3, 1).cpu().numpy() for stack in (self.images, self.images.roll(1, 0), relit)]
        path = Path(runner.work_dir) / f"relit_epoch_{runner.epoch + 1}.png"
        draw_image_grid(path, list(zip(*columns, strict=True)), column_titles=("image", "light of", "relit"))
