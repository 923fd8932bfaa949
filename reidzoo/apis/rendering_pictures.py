"""A picture of persons in contexts, one a row and one a column, and which of them it shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from reidzoo.apis.drawing import check_numbers, read_items
from reidzoo.apis.generator_samples import spread_over
from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.rendering import REFUSAL, renderable
from reidzoo.apis.rendering_grids import rendered_rows
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.methods.rendering import RenderingMethod


class Shown(NamedTuple):
    """Persons and contexts, as :func:`~reidzoo.apis.rendering_grids.rendered_rows` takes them."""

    source_images: Tensor
    source_masks: Tensor
    target_images: Tensor
    target_masks: Tensor


def draw_contexts(
    name_or_config: str | Path,
    checkpoint: str | Path | None,
    out: str | Path,
    *,
    root: str | Path | None = None,
    context_root: str | Path | None = None,
    persons: int = 6,
    contexts: int = 10,
    device: str = "auto",
) -> None:
    """Write a PNG picture of training images: a person of the source a row, a context of the target a column.

    The first row shows the target images, the first column the source images; different persons in both, always the
    same ones, spread evenly over identities and in turn over cameras.

    Args:
        name_or_config: a model of the zoo, which brings its config along, or the path of the config that the method was
            trained with; a run leaves it in its work folder, too.
        checkpoint: for a config, of its run, or published weights, also as ``zoo://NAME``; None for a model of the zoo.
        out: the picture.
        root: a data set of the kind that the config's ``source`` is; None for that one.
        context_root: likewise of ``target``.
        persons: rows, at most; fewer where the source has fewer identities.
        contexts: columns, likewise.
        device: ``auto``, or what torch calls a device.

    Raises:
        UserError: a mistake of config, checkpoint or data, missing masks, a method that renders nothing, a number below
            1, or a picture that is no PNG.
    """
    check_numbers(1, persons=persons, contexts=contexts)
    if Path(out).suffix != ".png":
        raise UserError(f"the picture is written as .png, got the name '{out}': change its end")
    place = find_device(device)
    cfg, method = load_method(name_or_config, checkpoint, RenderingMethod, REFUSAL)
    shown = shown_in(renderable(cfg, "source", root), renderable(cfg, "target", context_root), persons, contexts)
    # matplotlib is loaded where something is drawn only: every tool that reads a config imports these files
    from reidzoo.visualization.image_grid import draw_image_grid

    draw_image_grid(out, rendered_rows(method.to(place), *shown))


def shown_in(source: ReIDDataset, target: ReIDDataset, persons: int, contexts: int) -> Shown:
    """So many persons of ``source`` and contexts of ``target``, at most, of different identities.

    Raises:
        UserError: a mask is missing, or an image does not decode.
    """
    return Shown(*_spread(source, persons), *_spread(target, contexts))


def _spread(dataset: ReIDDataset, count: int) -> Sequence[Tensor]:
    rows = spread_over([record.pid for record in dataset.records], count)
    return read_items(dataset, rows, "images", "masks")
