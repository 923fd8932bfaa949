"""The sheet that pictures are drawn on: matplotlib with one unit a pixel, from the top left corner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath

from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path

DPI = 72  # a point is a pixel, so that font sizes and line widths are pixels as well

INK = "#22262b"
QUIET = "#6b7178"
HAIRLINE = "#e4e6e9"
#: Okabe & Ito, "Color Universal Design" (2008): told apart with every kind of colour vision
BLUE, GREEN, VERMILION, ORANGE, PURPLE, SKY = "#0072b2", "#009e73", "#d55e00", "#e69f00", "#cc79a7", "#56b4e9"
GREY = "#8b9198"
PALE = "#c9ced4"


MARGIN = 28  # around a sheet
TITLE = 54  # what a title takes from the top, with the space below it
TITLE_FONT = 26
FONT = 20


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of ``width`` x ``height`` pixels that pyplot knows nothing of."""
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def new_sheet(width: int, height: int) -> Axes:
    """Axes that cover a figure: x from 0 to ``width``, y from 0 (top) to ``height``, in pixels."""
    axes = new_figure(width, height).add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return axes


def text_width(text: str, size: float = FONT, weight: str = "normal") -> int:
    """Pixels that one line of text takes."""
    if not text.strip():  # nothing to outline
        return 0
    return int(np.ceil(TextPath((0, 0), text, size=size, prop=FontProperties(weight=weight)).get_extents().width))


def title_width(title: str) -> int:
    """Pixels that a sheet needs for its title, margins included."""
    return text_width(title, TITLE_FONT, "bold") + 2 * MARGIN


def draw_title(axes: Axes, title: str) -> None:
    """Write the title of a sheet into its upper left corner."""
    axes.text(MARGIN, MARGIN + 14, title, size=TITLE_FONT, weight="bold", color=INK, va="center")


def save(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` to the PNG file ``path``, complete or not at all."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI)


def require_rgb(image: np.ndarray, name: str) -> None:
    """Refuse what is not H x W x 3 uint8 with at least one pixel.

    Raises:
        UserError: names the picture, its type and its shape.
    """
    fits = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    if not fits or image.size == 0:
        came = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise UserError(f"{name} should be an H x W x 3 uint8 RGB array, got {came}: convert it before drawing")


def cell_width(images: Sequence[np.ndarray], height: int) -> int:
    """Width, in pixels, of cells of ``height`` that fit most of the images: by their median aspect ratio."""
    aspect = float(np.median([image.shape[1] / image.shape[0] for image in images]))
    return round(height * min(max(aspect, 0.4), 1.6))


def paste(axes: Axes, image: np.ndarray, left: int, top: int, width: int, height: int) -> None:
    """Draw ``image`` as large as fits, in the middle of a cell whose rest stays a pale grey."""
    axes.add_patch(Rectangle((left, top), width, height, facecolor="#f3f4f5", linewidth=0))
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    # a whole multiple keeps the pixels that the network saw; matplotlib's own resampling would shift them
    enlarge = cv2.INTER_NEAREST if scale == int(scale) else cv2.INTER_CUBIC
    scaled = cv2.resize(image, size, interpolation=enlarge if scale >= 1 else cv2.INTER_AREA)
    x, y = left + (width - size[0]) // 2, top + (height - size[1]) // 2
    extent = x, x + size[0], y + size[1], y
    axes.imshow(scaled, extent=extent, interpolation="nearest", aspect="auto", zorder=2)
