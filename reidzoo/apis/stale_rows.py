"""Rows of results that were measured before their config, or the code that it names, changed.

A change of code need not change a number: :mod:`reidzoo.apis.confirming` tells. Until it did, or the row was measured
again, tables mark the row with ``†``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from reidzoo.apis.code_digests import ROOMS, digests
from reidzoo.apis.results import row_configs
from reidzoo.apis.table_plan import Table

MARK = " †"
#: of a row that does not say what it was measured with
UNKNOWN = "unknown"


class StaleRow(NamedTuple):
    """A row, its file, and what of ``config``, ``method``, ``network``, ``loss``, ``data``, ``arithmetic`` changed."""

    file: Path
    row: dict[str, Any]
    changed: tuple[str, ...]


def stale_rows(results: Path, table: Table | None = None) -> list[StaleRow]:
    """The rows under ``results``, or those of one table, whose configs or code changed since; by name of file."""
    files = sorted(results.glob("*.seed*.json"))
    if table is not None:
        of_table = {cell.results_file(seed, results) for run in table.runs for cell in run.cells for seed in run.seeds}
        files = [file for file in files if file in of_table]
    rows = ((file, json.loads(file.read_text(encoding="utf-8"))) for file in files)  # of tests and of images
    judged = (StaleRow(file, row, changed_parts(row)) for file, row in rows)
    return [each for each in judged if each.changed]


def changed_parts(row: dict[str, Any]) -> tuple[str, ...]:
    """What of a row's configs and code changed since it was measured; empty where nothing did.

    Rows on images that no network of ours drew, and of configs that lie elsewhere, cannot be judged and are not.
    """
    configs = row_configs(row)
    at_hand = bool(configs) and all(Path(config).is_file() for config in configs)
    if "digests" not in row:
        return (UNKNOWN,) if at_hand else ()
    if not at_hand:
        return ("config",)
    now = _digests_now(configs)
    return tuple(ROOMS.get(part, part) for part, digest in row["digests"].items() if now.get(part) != digest)


def mark(rows: Iterable[dict[str, Any]]) -> str:
    """`` †`` where one of ``rows`` is stale."""
    return MARK if any(map(changed_parts, rows)) else ""


def mark_note(rows: Iterable[dict[str, Any]]) -> str:
    """What the mark means, where one of ``rows`` has it."""
    parts = sorted({part for row in rows for part in changed_parts(row)})
    return f"{MARK}: measured before a change of {', '.join(parts)}." if parts else ""


@cache
def _digests_now(configs: tuple[str, ...]) -> dict[str, str]:
    return digests(configs)
