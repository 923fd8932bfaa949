"""A row of results on the screen and on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from terminaltables import AsciiTable

from reidzoo.apis.code_digests import digests
from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text

#: before the seed in the names of rows that judge images, not a network
IMAGES = ".images"


def results_table(row: dict[str, Any]) -> str:
    """The metrics of one row as a table; percentages unless the name is a count. Older rows say less below it."""
    metrics = row["metrics"]
    table = AsciiTable(
        [list(metrics), [f"{value:.2f}" if isinstance(value, float) else f"{value:,}" for value in metrics.values()]],
        title=f" {row['method']} on {row['data']} ",
    )
    below = []
    if "ranking" in row:
        below.append(f"ranking: {row['ranking']}")
    if "mAP_step_ci95" in row:
        low, high = row["mAP_step_ci95"]
        below.append(f"mAP_step, 95 % interval over queries: {low:.2f} to {high:.2f}")
    return "\n".join([table.table, *below])


def results_files(folder: Path, pattern: str = "*") -> list[Path]:
    """Rows of re-ID tests, ``<pattern>.seed<N>.json``, sorted; rows on images (``.images.``) are not among them."""
    files = folder.glob(f"{pattern}.seed*.json")
    return sorted(file for file in files if not file.name.rpartition(".seed")[0].endswith(IMAGES))


def side_by_side_table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of results of retrieval, one a line, in percent."""
    columns = {
        "mAP_step": "mAP (step)",
        "mAP_official": "mAP (official)",
        "rank1": "rank-1",
        "rank5": "rank-5",
        "rank10": "rank-10",
    }
    lines = [
        [Path(row["config"]).stem, row["data"], *(f"{row['metrics'][metric]:.1f}" for metric in columns)]
        for row in rows
    ]
    return AsciiTable([["config", "tested on", *columns.values()], *lines]).table


def camera_pairs_table(row: dict[str, Any]) -> str:
    """Rank-1 in percent by camera of the query (lines) and of the gallery (columns); cameras count from 1 as in files.

    Raises:
        UserError: the row was tested without camera pairs.
    """
    pairs = row.get("camera_pairs")
    if pairs is None:
        raise UserError("the row has no camera pairs: test again with tools/test.py --camera-pairs")
    names = [f"c{camid + 1}" for camid in pairs["camids"]]
    lines = [
        [name, *("" if value is None else f"{value:.1f}" for value in values)]
        for name, values in zip(names, pairs["rank1"], strict=True)
    ]
    # a line of its own: terminaltables drops a title that is wider than its table
    title = f"rank1, query camera (lines) x gallery camera (columns), ranking: {pairs['ranking']}"
    return f"{title}\n{AsciiTable([['', *names], *lines]).table}"


def alphas_table(row: dict[str, Any]) -> str:
    """The metrics of retrieval with each alpha of a sweep, one a line, in percent.

    Raises:
        UserError: the row was tested without a sweep.
    """
    swept = row.get("alphas")
    if swept is None:
        raise UserError("the row has no sweep of alpha: test again with tools/test.py --alphas 0 0.5 1")
    names = [name for name, value in swept[0]["metrics"].items() if isinstance(value, float)]
    lines = [[str(each["alpha"]), *(f"{each['metrics'][name]:.2f}" for name in names)] for each in swept]
    return AsciiTable([["alpha", *names], *lines]).table


def read_row(path: str | Path) -> dict[str, Any]:
    """A row of results that ``tools/test.py --json`` wrote.

    Raises:
        UserError: no such file, or it holds no row.
    """
    advice = "write it with tools/test.py --json"
    try:
        row = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"no row of results '{path}' ({error.strerror}): {advice}") from error
    except ValueError as error:
        raise UserError(f"'{path}' is not JSON ({error}): {advice}") from error
    if not isinstance(row, dict) or not {"config", "data", "metrics"} <= set(row):
        raise UserError(f"'{path}' is no row of results (expected config, data and metrics): {advice}")
    return row


def write_json(path: str | Path, content: Any) -> None:
    """Write ``content`` as indented JSON, atomically."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def row_configs(row: dict[str, Any]) -> tuple[str, ...]:
    """The configs that a row rests on, stage by stage; of images that no shipped generator drew, none."""
    if "generator" in row:
        config = (row["generator"] or {}).get("config")
        return (config,) if config else ()
    return tuple(dict.fromkeys([*row.get("stages", []), row["config"]]))


def write_row(path: str | Path, row: dict[str, Any]) -> None:
    """Write a row of results with ``digests`` of its configs and their code, where these configs are at hand."""
    configs = row_configs(row)
    if configs and all(Path(config).is_file() for config in configs):
        row = {**row, "digests": digests(configs)}
    write_json(path, row)
