"""Spreads over seeds in the cards of the zoo, brought up to what has been measured since they were published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from reidzoo.apis.publishing_cards import spreads
from reidzoo.apis.results import read_row, results_files
from reidzoo.apis.table_plan import RESULTS
from reidzoo.zoo.card_writing import write_metafile
from reidzoo.zoo.cards import metafiles


def refresh_spreads(files: list[Path] | None = None, results: Path = RESULTS) -> list[Path]:
    """Give every result of re-ID in the cards the spread of its rows of today; returns the metafiles that changed.

    Args:
        files: metafiles; by default all of the checkout.
        results: the folder of rows.
    """
    changed = []
    for file in metafiles() if files is None else files:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        published = [model for model in content.get("Models", []) if "Weights" in model]
        measured = [(result, model["Config"]) for model in published for result in model.get("Results", ())]
        if any([_refresh(result, config, results) for result, config in measured]):  # all of them, not up to the first
            write_metafile(file, content)
            changed.append(file)
    return changed


def _refresh(result: dict[str, Any], config: str, results: Path) -> bool:
    """Set the spread of one result; whether that changed it."""
    config = result.get("Config", config)
    same = {"config": config, "data": result["Dataset"]}
    found = [read_row(file) for file in results_files(results, Path(config).stem)]
    rows = [row for row in found if not row.get("options") and same.items() <= row.items()]
    new = spreads(rows).get("Spread", result.get("Spread"))
    if new is None or new == result.get("Spread"):
        return False
    result["Spread"] = new
    return True
