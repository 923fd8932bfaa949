"""What a method that draws persons in other poses learns, seen epoch by epoch."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from reidzoo.apis.epoch_pictures import ItemPictureHook, Rows, undisturbed
from reidzoo.registry import HOOKS

COLUMNS = ("source", "target pose", "target", "drawn")


@HOOKS.register
class PoseGridHook(ItemPictureHook):
    """Draws source, target pose, target and what the method makes of the first two, into the work folder.

    The pictures are ``posed_epoch_N.png``. The hook watches only: the run's chance and the modes of its networks stay
    as they were. Arguments are those of :class:`~reidzoo.apis.epoch_pictures.ItemPictureHook`.
    """

    stem = "posed"
    column_titles = COLUMNS

    def rows_of(self, method: nn.Module, runner: Any) -> Rows:
        keys = ("source_images", "source_points", "target_points", "target_images")
        return posed_rows(method, *self.items_of(runner, self.rows, *keys))


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
