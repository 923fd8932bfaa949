"""What a sampling method learns, seen epoch by epoch on the same noise."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from reidzoo.apis.epoch_pictures import EpochPictureHook, Rows, undisturbed
from reidzoo.base.errors import UserError
from reidzoo.registry import HOOKS


@HOOKS.register
class SampleGridHook(EpochPictureHook):
    """Draws images from noise that is the same in every epoch, every run and every resumed run, into the work folder.

    The hook watches only: the run's chance and the modes of its networks stay as they were.

    Args:
        interval: a picture ``samples_epoch_N.png`` after every so many epochs, and after the last.
        rows: of the picture.
        columns: of the picture.

    Raises:
        UserError: an interval, or a number of rows or columns below 1.
    """

    stem = "samples"

    def __init__(self, interval: int = 1, rows: int = 4, columns: int = 8):
        if interval < 1 or rows < 1 or columns < 1:
            raise UserError(
                "SampleGridHook draws at least 1 row and 1 column, every 1 epoch or more, got "
                f"interval={interval}, rows={rows}, columns={columns}"
            )
        super().__init__(interval)
        self.rows, self.columns = rows, columns

    def rows_of(self, method: nn.Module, runner: Any) -> Rows:
        """Images of ``rows`` x ``columns`` rows of noise, H x W x 3 uint8 each."""
        noise = method.noise(self.rows * self.columns, torch.Generator().manual_seed(0))
        with undisturbed(method):
            images = method.sample(noise).permute(0, 2, 3, 1).cpu().numpy()
        return [tuple(images[row * self.columns : (row + 1) * self.columns]) for row in range(self.rows)]
