"""What a translation learns, seen epoch by epoch."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from reidzoo.apis.epoch_pictures import ItemPictureHook, Rows, undisturbed
from reidzoo.registry import HOOKS

COLUMNS = ("source", "translated", "reconstructed", "target", "translated", "reconstructed")


@HOOKS.register
class TranslationGridHook(ItemPictureHook):
    """Draws source, translated and reconstructed images, and the same from the target, into the work folder.

    The pictures are ``translated_epoch_N.png``. The hook watches only: the run's chance and the modes of its networks
    stay as they were. Arguments are those of :class:`~reidzoo.apis.epoch_pictures.ItemPictureHook`.
    """

    stem = "translated"
    column_titles = COLUMNS

    def rows_of(self, method: nn.Module, runner: Any) -> Rows:
        return translated_rows(method, *self.items_of(runner, self.rows, "source_images", "target_images"))


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
