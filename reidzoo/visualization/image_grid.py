"""A grid of images: source, translated, reconstructed; one row an example."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.visualization.canvas import (
    FONT,
    MARGIN,
    QUIET,
    TITLE,
    cell_width,
    draw_title,
    new_sheet,
    paste,
    require_rgb,
    save,
    text_width,
    title_width,
)

IMAGE = 256  # height of an image in pixels
GAP = 8
HEADER = 34
TITLE_GAP = 20  # between the title of a row and its first image


def draw_image_grid(
    path: str | Path,
    rows: Sequence[Sequence[np.ndarray]],
    column_titles: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    title: str = "",
) -> None:
    """Draw rows of H x W x 3 uint8 RGB images (sizes may differ) into the PNG file ``path``.

    Raises:
        UserError: no image, rows of different lengths, a title too many or too few, an image of another type.
    """
    columns = _columns(rows)
    for kind, titles, count in (("column", column_titles, columns), ("row", row_titles, len(rows))):
        if len(titles) not in (0, count):
            raise UserError(f"the grid has {count} {kind}(s) but {len(titles)} {kind} titles: give one each, or none")
    width = cell_width([image for row in rows for image in row], IMAGE)
    pitch = GAP + max([width, *(text_width(text) + GAP for text in column_titles)])
    left = MARGIN + (TITLE_GAP + max(map(text_width, row_titles)) if row_titles else 0)
    top = MARGIN + (TITLE if title else 0) + (HEADER if column_titles else 0)
    sheet_width = max(left + columns * pitch - GAP + MARGIN, title_width(title))
    axes = new_sheet(sheet_width, top + len(rows) * (IMAGE + GAP) - GAP + MARGIN)
    if title:
        draw_title(axes, title)
    for column, text in enumerate(column_titles):
        x = left + column * pitch + width / 2
        axes.text(x, top - 16, text, size=FONT, color=QUIET, ha="center", va="center")
    for number, row in enumerate(rows):
        y = top + number * (IMAGE + GAP)
        if row_titles:
            axes.text(
                left - TITLE_GAP, y + IMAGE / 2, row_titles[number], size=FONT, color=QUIET, ha="right", va="center"
            )
        for column, image in enumerate(row):
            paste(axes, image, left + column * pitch, y, width, IMAGE)
    save(axes.figure, path)


def _columns(rows: Sequence[Sequence[np.ndarray]]) -> int:
    """The number of columns of a grid without holes and of images only."""
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        raise UserError(f"a grid needs rows of one length with at least one image, got lengths {sorted(lengths)}")
    for number, row in enumerate(rows, start=1):
        for column, image in enumerate(row, start=1):
            require_rgb(image, f"the image in row {number}, column {column}")
    return lengths.pop()
