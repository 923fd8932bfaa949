"""All methods side by side, from ``model_zoo/overview.toml``: what re-ID scores, what images are worth, the cost."""

from __future__ import annotations

import math
import statistics
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from safetensors import safe_open

from reidzoo.apis.claims import table_claims
from reidzoo.apis.image_rows import metric_value, read_image_rows
from reidzoo.apis.stale_rows import mark, mark_note
from reidzoo.apis.table_plan import RESULTS, TABLES, Cell, Run, Table, check_keys, read_tables
from reidzoo.apis.table_text import NOTHING, judge, mean_and_spread, mean_scores, rows_of
from reidzoo.base.errors import UserError, nearest
from reidzoo.zoo.cards import find_card

OVERVIEW = Path("model_zoo/overview.toml")
CHECKPOINTS = Path("model_zoo/checkpoints")
#: headings of the tables, and ours
COLUMNS = {"day": "within day", "dusk": "within dusk", "day to dusk": "day to dusk", "dusk to day": "dusk to day"}
#: columns of the images, by the beginning of a metric's name
METRICS = {
    "fid": "FID, studio",
    "ssim (pg2)": "SSIM, pg2",
    "mask-ssim (pg2)": "mask-SSIM, pg2",
    "ssim (deform)": "SSIM, deform",
    "dssim (lab": "DSSIM, Lab",
    "diversity deep_distance": "deep distance of one person's images",
}


_REID = {"method": str, "rows": list, "differs": str}


def overview(part: str, path: Path = OVERVIEW, tables: Path = TABLES, results: Path = RESULTS) -> str:
    """Print a part of ``path`` as a Markdown table.

    Args:
        part: ``reid``, what re-ID scores; ``short``, the same of chosen lines without cost; ``images``, what images
            are worth.
        path: the file.
        tables: the folder of the tables that it names.
        results: the folder of their rows.

    Raises:
        UserError: another part, an unknown or missing key, a row, claim or card that is not there.
    """
    parts = {"reid": _reid, "short": _short, "images": _images}
    if part not in parts:
        raise UserError(f"the overview has no part '{part}', {nearest(part, parts)}")
    nodes = tomllib.loads(path.read_text(encoding="utf-8"))["images" if part == "images" else "reid"]
    return parts[part](nodes, read_tables(tables), results)


def _reid(nodes: list[dict[str, Any]], plans: dict[str, Table], results: Path) -> str:
    headings = " | ".join(COLUMNS.values())
    lines = [
        f"| method | what differs | {headings} | seeds | parameters | training, last stage | checkpoint |",
        f"|---|---|{'---|' * len(COLUMNS)}---|---|---|---|",
    ]
    printed: list[dict[str, Any]] = []
    for node in nodes:
        check_keys(node, str(OVERVIEW), _REID, {"card": str, "short": bool})
        cells = [_rows_at(node["rows"], column, plans, results) for column in COLUMNS]
        measured = [row for rows in cells for row in rows]
        printed += measured
        seeds = sorted({len(rows) for rows in cells if rows})
        values = " | ".join(_score(rows) for rows in cells)
        lines.append(
            f"| {node['method']}{mark(measured)} | {node['differs']} | {values} | {' or '.join(map(str, seeds))} | "
            f"{_cost(node.get('card'))} |"
        )
    return (
        "\n".join([*lines, "", f"mAP_step ± standard deviation over seeds / rank-1, percent.{mark_note(printed)}"])
        + "\n"
    )


def _short(nodes: list[dict[str, Any]], plans: dict[str, Table], results: Path) -> str:
    lines = [f"| method | {' | '.join(COLUMNS.values())} |", f"|---|{'---|' * len(COLUMNS)}"]
    for node in nodes:
        if node.get("short"):
            cells = [_rows_at(node["rows"], column, plans, results) for column in COLUMNS]
            marked = mark(row for rows in cells for row in rows)
            lines.append(f"| {node['method']}{marked} | {' | '.join(map(mean_scores, cells))} |")
    return "\n".join(lines) + "\n"


def _images(nodes: list[dict[str, Any]], plans: dict[str, Table], results: Path) -> str:
    claims = table_claims(plans)
    lines = [
        f"| method | judged against | {' | '.join(METRICS.values())} | mAP that re-ID gains | parameters | training | "
        "checkpoint |",
        f"|---|---|{'---|' * len(METRICS)}---|---|---|---|",
    ]
    printed: list[dict[str, Any]] = []
    for node in nodes:
        check_keys(node, str(OVERVIEW), {"method": str, "rows": str}, {"card": str, "gain": str})
        rows = read_image_rows(results, [node["rows"]])
        printed += rows
        values = " | ".join(_metric(rows, beginning) for beginning in METRICS)
        gain = NOTHING
        if "gain" in node:
            if node["gain"] not in claims:
                raise UserError(f"{OVERVIEW}: no table has the claim '{node['gain']}', {nearest(node['gain'], claims)}")
            judgement = judge(*claims[node["gain"]], results)
            gain = f"{judgement.difference}, {judgement.outcome}"
        real = f"{' '.join(rows[0]['real'].split()[:2])}, {rows[0]['counts']['real']:,} images"
        lines.append(f"| {node['method']}{mark(rows)} | {real} | {values} | {gain} | {_cost(node.get('card'))} |")
    return "\n".join([*lines, "", f"One seed a generator, or the mean over several.{mark_note(printed)}"]) + "\n"


def _rows_at(names: Sequence[str], column: str, plans: dict[str, Table], results: Path) -> list[dict[str, Any]]:
    """The rows of results at ``column`` of the first of the tables' lines that has them."""
    for name in names:
        stem, _, row = name.partition(": ")
        if stem not in plans or row not in plans[stem].rows:
            raise UserError(f"{OVERVIEW}: no table has the row '{name}', {nearest(name, _row_names(plans))}")
        found: tuple[Run, Cell] | None = plans[stem].cells.get(f"{row} @ {column}")
        rows = rows_of(*found, results) if found else []
        if rows:
            return rows
    return []


def _row_names(plans: dict[str, Table]) -> list[str]:
    return [f"{stem}: {row}" for stem, table in plans.items() for row in table.rows]


def _score(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return NOTHING
    mean_ap, rank1 = ([row["metrics"][name] for row in rows] for name in ("mAP_step", "rank1"))
    return f"{mean_and_spread(mean_ap)} / {statistics.mean(rank1):.1f}"


def _metric(rows: list[dict[str, Any]], beginning: str) -> str:
    values = [value for row in rows for name, value in row["metrics"].items() if name.startswith(beginning)]
    return metric_value(statistics.mean(values)) if values else NOTHING


def _cost(name: str | None) -> str:
    """Parameters, minutes of training and link of a card, as three cells."""
    if name is None:
        return " | ".join([NOTHING] * 3)
    card = find_card(name)
    seconds = card.metadata.get("Training Time")
    minutes = f"{seconds / 60:.0f} min" if seconds else NOTHING
    return f"{_parameters(CHECKPOINTS / card.weights.file):,} | {minutes} | [{name}](/{card.config})"


@cache
def _parameters(file: Path) -> int:
    """Numbers in the published file, of all its networks, batch norms' statistics and classifiers included."""
    with safe_open(file, "numpy") as content:
        return sum(math.prod(content.get_slice(key).get_shape()) for key in content.keys())  # noqa: SIM118 (no mapping)
