"""A row of results on the screen and on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from terminaltables import AsciiTable

from reidzoo.base.files import write_text


def results_table(row: dict[str, Any]) -> str:
    """The metrics of one row as a table; percentages unless the name is a count."""
    metrics = row["metrics"]
    table = AsciiTable(
        [list(metrics), [f"{value:.2f}" if isinstance(value, float) else f"{value:,}" for value in metrics.values()]],
        title=f" {row['method']} on {row['data']} ",
    )
    return table.table


def write_json(path: str | Path, content: Any) -> None:
    """Write ``content`` as indented JSON, atomically."""
    write_text(path, json.dumps(content, indent=2) + "\n")
