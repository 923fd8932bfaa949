"""Training curves: the scalars that MMEngine logs, read from a work folder and drawn."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, StrMethodFormatter

from reidzoo.base.errors import UserError
from reidzoo.visualization.canvas import (
    BLUE,
    FONT,
    GREEN,
    HAIRLINE,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    QUIET,
    SKY,
    TITLE,
    TITLE_FONT,
    VERMILION,
    new_figure,
    save,
)

#: steps (int64, iterations, rising) and values (float64) of one scalar
Curve = tuple[np.ndarray, np.ndarray]

#: where a line of the log stands, and times, which training and validation write under one name
NOT_SCALARS = {"step", "iter", "epoch", "time", "data_time"}
SCHEDULE = "Learning rate"  # known exactly: neither smoothed nor marked
#: title of a panel, label of its y axis, names that belong there; the first that fits takes a scalar
PANELS = (
    ("Losses", "loss", re.compile(r"loss", re.IGNORECASE)),
    ("Accuracy", "share of the training batch", re.compile(r"(^|_)acc(uracy)?(_|$)", re.IGNORECASE)),
    ("Retrieval", "%", re.compile(r"^(mAP|mINP|rank\d)")),
    (SCHEDULE, "learning rate", re.compile(r"^(.+\.)?lr$")),
)
TOTAL = "loss"  # MMEngine's name for the sum of all losses
STYLES = tuple(product(("-", "--", ":"), (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)))
PANEL = 560, 440  # width and height in pixels
MANY = 60  # points from which a curve is smoothed
FEW = 25  # points up to which each is marked
WINDOWS = 20  # a curve is as long as this many windows of its running mean


def read_scalars(work_dir: str | Path) -> dict[str, Curve]:
    """Every scalar that the runs in ``work_dir`` logged (``*/vis_data/scalars.json``), by name; times are left out.

    Each start of a run has a folder of its own, named by its time. A later run replaces what earlier ones logged from
    its own first step on: what a resumed run repeats, and what an abandoned run did after the point it went back to.

    Raises:
        UserError: no such file, a line that cannot be read, or no scalar in any of them.
    """
    files = sorted(Path(work_dir).glob("*/vis_data/scalars.json"))
    merged: dict[str, dict[int, float]] = defaultdict(dict)
    reached = 0  # the iteration that training stands at
    for file in files:
        replaced = False
        for line in _lines(file):
            if "iter" in line:  # training; only its lines carry one
                reached = line["step"]
                if not replaced:
                    _drop_from(reached, merged)
                    replaced = True
            else:  # validation counts its steps in epochs, so it is put where training stood
                reached = max(reached, line["step"])
            for name in line.keys() - NOT_SCALARS:
                if isinstance(line[name], int | float):
                    merged[name][reached] = float(line[name])
    if not any(merged.values()):
        raise UserError(
            f"'{work_dir}' should be the work folder of a training run, but no */vis_data/scalars.json in it "
            "holds a scalar: give the folder that tools/train.py wrote"
        )
    return {name: _as_curve(points) for name, points in sorted(merged.items()) if points}


def draw_curves(path: str | Path, scalars: Mapping[str, Curve], title: str = "") -> None:
    """Draw losses, accuracy, retrieval metrics and learning rates, a panel each, into the PNG file ``path``.

    Panels without a scalar are left out, and so are scalars that belong to none of them. A curve of many points is
    drawn pale, with its running mean on top.

    Raises:
        UserError: no scalar belongs to a panel.
    """
    panels = [(heading, label, _matching(scalars, index)) for index, (heading, label, _) in enumerate(PANELS)]
    panels = [panel for panel in panels if panel[2]]
    if not panels:
        raise UserError(
            "there is nothing to draw: expected losses, accuracies, retrieval metrics or learning rates, "
            f"got {', '.join(sorted(scalars)) or 'no scalar at all'}"
        )
    columns = 2 if len(panels) == 4 else len(panels)
    rows = -(-len(panels) // columns)
    figure = new_figure(columns * PANEL[0], rows * PANEL[1] + (TITLE if title else 0))
    figure.set_layout_engine("constrained", w_pad=14 / 72, h_pad=14 / 72, wspace=0.04, hspace=0.06)
    if title:
        figure.suptitle(title, x=0.016, ha="left", size=TITLE_FONT, weight="bold", color=INK)
    last_step = max(steps[-1] for _, _, curves in panels for steps, _ in curves.values())
    for number, (heading, label, curves) in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, columns, number)
        _dress(axes, heading, label, last_step)
        _draw_panel(axes, curves, exact=heading == SCHEDULE)
    save(figure, path)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines) and not line.endswith("\n"):
                return  # a run that was killed while it wrote: this line was never logged
            raise UserError(f"{file}:{number} is not a line of JSON ({error.msg}): remove the line") from error
        if not isinstance(entry, dict) or not isinstance(entry.get("step"), int):
            raise UserError(f"{file}:{number} should be a JSON object with an integer 'step': remove the line")
        yield entry


def _drop_from(step: int, merged: dict[str, dict[int, float]]) -> None:
    for points in merged.values():
        for late in [other for other in points if other >= step]:
            del points[late]


def _as_curve(points: dict[int, float]) -> Curve:
    steps = sorted(points)
    return np.array(steps), np.array([points[step] for step in steps])


def _matching(scalars: Mapping[str, Curve], panel: int) -> dict[str, Curve]:
    """The curves whose first fitting panel is ``panel``, the total loss first (the others lie on top of it)."""
    found = {}
    for name in sorted(scalars, key=lambda name: (name != TOTAL, name)):
        fits = [index for index, (_, _, pattern) in enumerate(PANELS) if pattern.search(name.rsplit("/", 1)[-1])]
        if fits[:1] == [panel]:
            found[name] = scalars[name]
    return found


def _dress(axes: Axes, heading: str, label: str, last_step: int) -> None:
    axes.set_title(heading, loc="left", size=FONT + 2, weight="bold", color=INK, pad=14)
    axes.set_xlabel("iteration", size=FONT, color=QUIET)
    axes.set_ylabel(label, size=FONT, color=QUIET)
    axes.tick_params(labelsize=FONT - 2, colors=QUIET, length=0, pad=7)
    axes.grid(color=HAIRLINE, linewidth=1.2)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set(color=QUIET, linewidth=1.2)
    axes.set_xlim(0, last_step * 1.02 or 1)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=(1, 2, 5, 10)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _power(value: float, _: int) -> str:
    """``3.5e-4``: ticks of one form, where plain numbers would be long."""
    return "0" if value == 0 else f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")


def _draw_panel(axes: Axes, curves: dict[str, Curve], exact: bool) -> None:
    if exact:
        axes.yaxis.set_major_formatter(FuncFormatter(_power))
    styles = cycle(STYLES)
    for name, (steps, values) in curves.items():
        if name == TOTAL and len(curves) > 1:  # broad and pale below the others: one part alone hides its sum
            axes.plot(steps, running_mean(values, _window(values)), color=PALE, linewidth=7, label=f"{name} (sum)")
            continue
        style, colour = next(styles)
        marker = "o" if len(values) <= FEW and not exact else None
        window = 1 if exact else _window(values)
        if window > 1:
            axes.plot(steps, values, color=colour, linewidth=1.2, alpha=0.3)
            axes.set_title(f"running mean of {window}", loc="right", size=FONT - 4, color=QUIET, pad=14)
        mean = running_mean(values, window)
        axes.plot(steps, mean, style, color=colour, linewidth=2.6, label=name, marker=marker, markersize=7)
    drawn = np.concatenate([values[np.isfinite(values)] for _, values in curves.values()])
    if drawn.size and drawn.min() >= 0:
        axes.set_ylim(0, 1.08 * drawn.max() or 1)
    axes.legend(fontsize=FONT - 3, frameon=False, labelcolor=INK, ncols=1 + len(curves) // 6)


def _window(values: np.ndarray) -> int:
    """Points of the running mean, an odd number; 1 where they are too few to smooth."""
    return 1 if len(values) < MANY else 2 * (len(values) // (2 * WINDOWS)) + 1


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """N means of the ``window`` (odd) values around each, of fewer at the ends; NaN and infinity become NaN.

    Centred, because a trailing mean would show a drop of the loss later than it was.
    """
    finite = np.isfinite(values)
    inside = slice(window // 2, window // 2 + len(values))
    sums = np.convolve(np.where(finite, values, 0), np.ones(window))[inside]
    counts = np.convolve(finite, np.ones(window))[inside]
    return np.where(finite, sums / np.maximum(counts, 1), np.nan)
