"""Ranked lists: a query, and what the model took for the same person, nearest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from reidzoo.base.errors import UserError, nearest
from reidzoo.visualization.canvas import (
    BLUE,
    FONT,
    GREEN,
    GREY,
    HAIRLINE,
    INK,
    MARGIN,
    QUIET,
    TITLE,
    VERMILION,
    cell_width,
    draw_title,
    new_sheet,
    paste,
    require_rgb,
    save,
    text_width,
    title_width,
)

COLOURS = {"right": GREEN, "wrong": VERMILION, "junk": GREY}
#: strokes (x, y from -1 to 1, y down) of the symbol of each mark, because colour alone does not reach everybody
SYMBOLS = {
    "right": [((-0.48, -0.12, 0.5), (0.04, 0.4, -0.4))],
    "wrong": [((-0.36, 0.36), (-0.36, 0.36)), ((-0.36, 0.36), (0.36, -0.36))],
    "junk": [((-0.45, 0.45), (0, 0))],
}
LEGEND = {"right": "right", "wrong": "wrong", "junk": "junk: ranked, not counted"}

IMAGE = 256  # height of an image in pixels: twice the 128 of most re-ID crops
FRAME = 6
GAP = 22  # between gallery images
QUERY_GAP = 52  # between the query and the first of them
ROW = IMAGE + 62  # with the texts below the images
HEADER = 38
BADGE = 15  # radius
LEGEND_GAP = 28


@dataclass(frozen=True)
class RankedList:
    """One row of the picture.

    Attributes:
        query: H x W x 3 uint8 RGB.
        query_title: written under the query, such as ``id 123 c1``.
        gallery: K images like ``query``, nearest first; they may differ in size.
        marks: K of 'right', 'wrong' or 'junk' (keeps its place in the list, no metric counts it).
        captions: K short texts under the images, such as ``0.42 c3`` (distance, camera).

    Raises:
        UserError: no gallery image, lists of different lengths, an unknown mark, an image of another type.
    """

    query: np.ndarray
    query_title: str
    gallery: Sequence[np.ndarray]
    marks: Sequence[str]
    captions: Sequence[str]

    def __post_init__(self) -> None:
        lengths = len(self.gallery), len(self.marks), len(self.captions)
        if len(set(lengths)) > 1 or not self.gallery:
            raise UserError(
                "a ranked list needs at least one gallery image, with one mark and one caption each, got "
                "{} images, {} marks and {} captions".format(*lengths)
            )
        for mark in self.marks:
            if mark not in COLOURS:
                raise UserError(f"there is no mark '{mark}', {nearest(mark, COLOURS)}")
        require_rgb(self.query, f"the query '{self.query_title}'")
        for rank, image in enumerate(self.gallery, start=1):
            require_rgb(image, f"gallery image {rank} of '{self.query_title}'")


def draw_ranked_lists(path: str | Path, lists: Sequence[RankedList], title: str = "") -> None:
    """Draw one row a query into the PNG file ``path``: the query, a gap, its gallery images by rank.

    Frames and symbols say right (green, check), wrong (vermilion, cross) or junk (grey, dash).

    Raises:
        UserError: ``lists`` is empty.
    """
    if not lists:
        raise UserError("there is no ranked list to draw, expected at least one: choose at least one query")
    width = _cell_width(lists)
    columns = max(len(row.gallery) for row in lists)
    first_row = MARGIN + (TITLE if title else 0) + HEADER
    legend = first_row + len(lists) * ROW
    sheet_width = max(_left(columns, width) - GAP + MARGIN, _legend_width(), title_width(title))
    axes = new_sheet(sheet_width, legend + 2 * BADGE + MARGIN)
    if title:
        draw_title(axes, title)
    _draw_header(axes, MARGIN + width / 2, first_row, "query")
    for rank in range(1, columns + 1):
        _draw_header(axes, _left(rank - 1, width) + width / 2, first_row, f"rank {rank}")
    for number, row in enumerate(lists):
        _draw_row(axes, row, first_row + number * ROW, width)
    _draw_legend(axes, legend + BADGE)
    save(axes.figure, path)


def _cell_width(lists: Sequence[RankedList]) -> int:
    """Room for most of the images, and for the longest of the texts under them."""
    images = cell_width([image for row in lists for image in (row.query, *row.gallery)], IMAGE)
    ranks = text_width("10 ", weight="bold") + 10
    captions = max(text_width(caption) for row in lists for caption in row.captions)
    return max(images, ranks + captions, *(text_width(row.query_title) for row in lists))


def _left(index: int, width: int) -> int:
    """Left edge of the gallery image of rank ``index`` + 1."""
    return MARGIN + width + QUERY_GAP + index * (width + GAP)


def _draw_header(axes: Axes, x: float, y: float, text: str) -> None:
    axes.text(x, y - FRAME - 12, text, size=FONT, color=QUIET, ha="center", va="center")


def _draw_row(axes: Axes, row: RankedList, top: int, width: int) -> None:
    baseline = top + IMAGE + 24
    _draw_framed(axes, row.query, MARGIN, top, width, BLUE)
    axes.text(MARGIN + width / 2, baseline, row.query_title, size=FONT, color=BLUE, ha="center", va="center")
    middle = MARGIN + width + QUERY_GAP / 2
    axes.plot((middle, middle), (top, top + IMAGE), color=HAIRLINE, linewidth=2)
    for index, (image, mark, caption) in enumerate(zip(row.gallery, row.marks, row.captions, strict=True)):
        left = _left(index, width)
        _draw_framed(axes, image, left, top, width, COLOURS[mark])
        _draw_badge(axes, left + width - BADGE, top + IMAGE - BADGE, mark)
        axes.text(left, baseline, f"{index + 1}", size=FONT, weight="bold", color=COLOURS[mark], va="center")
        axes.text(left + width, baseline, caption, size=FONT, color=INK, ha="right", va="center")


def _draw_framed(axes: Axes, image: np.ndarray, left: int, top: int, width: int, colour: str) -> None:
    outer = (left - FRAME, top - FRAME), width + 2 * FRAME, IMAGE + 2 * FRAME
    axes.add_patch(Rectangle(*outer, facecolor=colour, linewidth=0))
    paste(axes, image, left, top, width, IMAGE)


def _draw_badge(axes: Axes, x: float, y: float, mark: str) -> None:
    axes.add_patch(Circle((x, y), BADGE, facecolor=COLOURS[mark], edgecolor="white", linewidth=2, zorder=3))
    for xs, ys in SYMBOLS[mark]:
        line = x + BADGE * np.array(xs), y + BADGE * np.array(ys)
        axes.plot(*line, color="white", linewidth=3.2, solid_capstyle="round", zorder=4)


def _legend_steps() -> list[int]:
    """Pixels that each entry of the legend takes, with the space after it."""
    return [2 * BADGE + 8 + text_width(text) + LEGEND_GAP for text in LEGEND.values()]


def _legend_width() -> int:
    return 2 * MARGIN + sum(_legend_steps())


def _draw_legend(axes: Axes, y: float) -> None:
    x = MARGIN + BADGE
    for (mark, text), step in zip(LEGEND.items(), _legend_steps(), strict=True):
        _draw_badge(axes, x, y, mark)
        axes.text(x + BADGE + 8, y, text, size=FONT, color=INK, va="center")
        x += step
