"""What a translation learns, seen epoch by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reidzoo.apis.epoch_pictures import EpochPictureHook, Rows, undisturbed
from reidzoo.base.errors import UserError
from reidzoo.data.draw import Draw
from reidzoo.registry import HOOKS

COLUMNS = ("source", "translated", "reconstructed", "target", "translated", "reconstructed")


@HOOKS.register
class TranslationGridHook(EpochPictureHook):
    """Draws source, translated and reconstructed images, and the same from the target, into the work folder.

    The rows are the same in every epoch and in a resumed run: items spread over the training set, each with a draw of
    its own. The hook watches only: the run's chance and the modes of its networks stay as they were.

    Args:
        interval: a picture ``translated_epoch_N.png`` after every so many epochs, and after the last.
        rows: of the picture, at least 1; as many as the training set has items, at most.

    Raises:
        UserError: an interval or a number of rows below 1.
    """

    stem = "translated"
    column_titles = COLUMNS

    def __init__(self, interval: int = 1, rows: int = 6):
        if interval < 1 or rows < 1:
            raise UserError(
                f"TranslationGridHook draws at least 1 row, every 1 epoch or more, got interval={interval}, rows={rows}"
            )
        super().__init__(interval)
        self.rows = rows

    def rows_of(self, method: nn.Module, runner: Any) -> Rows:
        return _rows(method, runner.train_dataloader.dataset, self.rows)


def translated_rows(method: nn.Module, sources: Tensor, targets: Tensor) -> Rows:
    """Rows of a picture: H x W x 3 uint8 images for each of :data:`COLUMNS`.

    Args:
        method: a translation; it and torch's chance are afterwards as before.
        sources: N x 3 x H x W uint8 RGB, one a row.
        targets: the same of the other domain.
    """
    columns: list[Tensor] = []
    with undisturbed(method):
        for images, direction in ((sources, "s2t"), (targets, "t2s")):
            columns += [images, method.translate(images, direction), method.reconstruct(images, direction)]
    return list(zip(*(column.permute(0, 2, 3, 1).cpu().numpy() for column in columns), strict=True))


def _rows(method: nn.Module, dataset: Any, count: int) -> Rows:
    """``count`` rows of items spread over the training set."""
    chosen = np.unique(np.linspace(0, len(dataset) - 1, count).round().astype(int))
    items = [dataset[Draw(index=int(index))] for index in chosen]
    sources, targets = (torch.stack([item[f"{domain}_images"] for item in items]) for domain in ("source", "target"))
    return translated_rows(method, sources, targets)
