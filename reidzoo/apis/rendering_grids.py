"""What a method that renders persons into other contexts learns, seen epoch by epoch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from reidzoo.apis.epoch_pictures import ItemPictureHook, Rows, undisturbed
from reidzoo.apis.swap_grids import framed
from reidzoo.base.errors import UserError
from reidzoo.registry import HOOKS

KEYS = ("source_images", "source_masks", "target_images", "target_masks")


@HOOKS.register
class RenderingGridHook(ItemPictureHook):
    """Draws some persons of the source in the contexts of some target images, see :func:`rendered_rows`.

    The pictures are ``rendered_epoch_N.png`` in the work folder. The hook watches only: the run's chance and the modes
    of its networks stay as they were. Before the training it says in the log where the masks of the persons are from.

    Args:
        interval: a picture after every so many epochs, and after the last.
        rows: persons, at least 1.
        columns: contexts, at least 1; of other items of the training set than the persons, where it has enough.

    Raises:
        UserError: an interval, or a number of rows or columns below 1.
    """

    stem = "rendered"

    def __init__(self, interval: int = 1, rows: int = 6, columns: int = 6):
        super().__init__(interval, rows)
        if columns < 1:
            raise UserError(f"RenderingGridHook draws at least 1 column, got columns={columns}")
        self.columns = columns

    def before_train(self, runner: Any) -> None:
        """Log the kind of masks of either domain."""
        dataset = runner.train_dataloader.dataset
        for domain in ("source", "target"):
            kinds = [each.mask_source for each in getattr(dataset, domain).transforms if hasattr(each, "mask_source")]
            runner.logger.info(f"masks of the {domain}'s persons: {', '.join(kinds) or 'none'}")

    def rows_of(self, method: nn.Module, runner: Any) -> Rows:
        images, masks, contexts, context_masks = self.items_of(runner, self.rows + self.columns, *KEYS)
        persons, others = slice(None, self.rows), slice(-self.columns, None)
        with undisturbed(method):
            return rendered_rows(method, images[persons], masks[persons], contexts[others], context_masks[others])


def rendered_rows(
    method: nn.Module, source_images: Tensor, source_masks: Tensor, target_images: Tensor, target_masks: Tensor
) -> Rows:
    """Rows of a picture: each person in its row, rendered into each context in its column.

    The first row is a white field and the target images, the first column below it the source images.

    Args:
        method: renders persons.
        source_images: P x 3 x H x W uint8 RGB.
        source_masks: P x 1 x H x W uint8, 255 on the person.
        target_images: C x 3 x H x W uint8 RGB.
        target_masks: C x 1 x H x W uint8, 255 on the person.

    Returns:
        1 + P rows of 1 + C images, H x W x 3 uint8.
    """
    count = len(target_images)
    rows = [
        method.render(image.expand(count, -1, -1, -1), mask.expand(count, -1, -1, -1), target_images, target_masks)
        for image, mask in zip(source_images.split(1), source_masks.split(1), strict=True)
    ]
    rendered = torch.stack(rows).cpu().permute(0, 1, 3, 4, 2).numpy()
    return framed(rendered, source_images, target_images)
