"""What a method that draws persons in other poses learns, seen epoch by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reidzoo.apis.epoch_pictures import EpochPictureHook, Rows, undisturbed
from reidzoo.base.errors import UserError
from reidzoo.data.draw import Draw
from reidzoo.registry import HOOKS

COLUMNS = ("source", "target pose", "target", "drawn")


@HOOKS.register
class PoseGridHook(EpochPictureHook):
    """Draws source, target pose, target and what the method makes of the first two, into the work folder.

    The rows are the same in every epoch and in a resumed run: items spread over the training set, each with a draw of
    its own. The hook watches only: the run's chance and the modes of its networks stay as they were.

    Args:
        interval: a picture ``posed_epoch_N.png`` after every so many epochs, and after the last.
        rows: of the picture, at least 1; as many as the training set has items, at most.

    Raises:
        UserError: an interval or a number of rows below 1.
    """

    stem = "posed"
    column_titles = COLUMNS

    def __init__(self, interval: int = 1, rows: int = 6):
        if interval < 1 or rows < 1:
            raise UserError(
                f"PoseGridHook draws at least 1 row, every 1 epoch or more, got interval={interval}, rows={rows}"
            )
        super().__init__(interval)
        self.rows = rows

    def rows_of(self, method: nn.Module, runner: Any) -> Rows:
        dataset = runner.train_dataloader.dataset
        chosen = np.unique(np.linspace(0, len(dataset) - 1, self.rows).round().astype(int))
        items = [dataset[Draw(index=int(index))] for index in chosen]
        keys = ("source_images", "source_points", "target_points", "target_images")
        return posed_rows(method, *(torch.stack([item[key] for item in items]) for key in keys))


def posed_rows(
    method: nn.Module, sources: Tensor, source_points: Tensor, target_points: Tensor, targets: Tensor
) -> Rows:
    """Rows of a picture: H x W x 3 uint8 images for each of :data:`COLUMNS`, the pose in pixels of its own.

    Args:
        method: draws persons in other poses; it and torch's chance are afterwards as before.
        sources: N x 3 x H x W uint8 RGB, one a row.
        source_points: N x 18 x 2, (y, x) in pixels of these.
        target_points: the same of the poses to draw.
        targets: photographs in these poses, as ``sources``.
    """
    # drawing loads matplotlib: every tool that reads a config imports this file
    from reidzoo.visualization.skeletons import draw_skeleton

    with undisturbed(method):
        drawn = method.repose(sources, source_points, target_points)
    poses = [draw_skeleton(points.numpy(), tuple(sources.shape[-2:])) for points in target_points]
    first, last, result = (images.permute(0, 2, 3, 1).cpu().numpy() for images in (sources, targets, drawn))
    return list(zip(first, poses, last, result, strict=True))
