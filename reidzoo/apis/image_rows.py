"""Rows that judge images: on the screen, on disk, and as a table of a page."""

from __future__ import annotations

import json
import statistics
from itertools import groupby
from pathlib import Path
from typing import Any

from terminaltables import AsciiTable

from reidzoo.apis.results import IMAGES
from reidzoo.apis.stale_rows import mark
from reidzoo.apis.table_text import NOTHING, provenance_sentence
from reidzoo.base.errors import UserError

KIND = "images"


def image_metrics_table(row: dict[str, Any]) -> str:
    """One line a metric, its flavour in its name; above it what was judged, below it what one has to know of it."""
    counts = row["counts"]
    sets = [f"real: {row['real']}, {counts['real']:,} images", f"fake: {row['fake']}, {counts['fake']:,} images"]
    if "pairs" in counts:
        sets.append(f"pairs: {counts['pairs']:,}, {counts['unpaired']:,} fake images have no partner")
    size = f"{row['size'][0]} x {row['size'][1]} pixels{', resized' if row['resized'] else ''}"
    table = AsciiTable(
        [["metric", "value"], *([name, metric_value(value)] for name, value in row["metrics"].items())]
    ).table
    return "\n".join([*sets, size, table, *(f"note: {note}" for note in row["notes"])])


def read_image_rows(folder: Path, patterns: list[str]) -> list[dict[str, Any]]:
    """The rows ``<pattern>.images.seed<N>.json`` of a folder, pattern by pattern.

    Raises:
        UserError: a pattern without a file, or a file that holds no row on images.
    """
    rows = []
    for pattern in patterns:
        files = sorted(folder.glob(f"{pattern}{IMAGES}.seed*.json"))
        if not files:
            raise UserError(
                f"no results file '{folder / pattern}{IMAGES}.seed*.json': judge the images with "
                "tools/evaluate_images.py --out"
            )
        rows += map(read_image_row, files)
    return rows


def read_image_row(file: Path) -> dict[str, Any]:
    """A row that ``tools/evaluate_images.py --out`` wrote.

    Raises:
        UserError: the file holds another row.
    """
    row = json.loads(file.read_text(encoding="utf-8"))
    if row.get("kind") != KIND:
        raise UserError(f"'{file}' is no row on images: write it again with tools/evaluate_images.py --out")
    return row


def image_rows_table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table, one line for the images of a generator; mean and, of several like rows, standard deviation."""
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    lines = [
        f"| images | judged against | {' | '.join(names)} | real | fake | rows |",
        f"|---|---|{'---|' * len(names)}---|---|---|",
    ]
    # FID depends on how many images, and every metric on their size: only like rows share a mean
    for (title, real, *_), group in groupby(
        rows, key=lambda row: (_title(row), row["real"], row["count"], row["size"], row["resized"])
    ):
        alike = list(group)
        values = [_spread([row["metrics"][name] for row in alike if name in row["metrics"]]) for name in names]
        counts = [_range([row["counts"][side] for row in alike]) for side in ("real", "fake")]
        lines.append(f"| {title}{mark(alike)} | {real} | {' | '.join([*values, *counts])} | {len(alike)} |")
    return "\n".join([*lines, "", provenance_sentence(rows, "Mean ± standard deviation over rows")]) + "\n"


def _title(row: dict[str, Any]) -> str:
    """The config whose generator drew the images, as a link where it is shipped; without one, what they are called."""
    config = (row["generator"] or {}).get("config")
    if config is None:
        return row["fake"]
    stem = Path(config).stem
    return f"[{stem}](/{config})" if Path(config).parts[0] == "configs" else stem


def _spread(values: list[float]) -> str:
    if not values:
        return NOTHING
    mean = statistics.mean(values)
    return (
        f"{metric_value(mean)} ± {metric_value(statistics.stdev(values), like=mean)}"
        if len(values) > 1
        else metric_value(mean)
    )


def _range(counts: list[int]) -> str:
    return " to ".join(f"{count:,}" for count in sorted({min(counts), max(counts)}))


def metric_value(value: float, like: float | None = None) -> str:
    """With three decimals where ``like``, by default the value itself, lies below 10, as SSIM does; else with two."""
    return f"{value:.{3 if abs(value if like is None else like) < 10 else 2}f}"
