"""The card of a published run, from what the run, its row of results and the file say."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from reidzoo.apis.results import read_row
from reidzoo.base.files import sha256

METRICS = ("mAP_step", "mAP_official", "mINP", "rank1")
LICENCE = "as the repository"


def card_of(
    row: dict[str, Any], record: dict[str, Any], header: dict[str, Any], file: Path, run: Path, results: Path
) -> dict[str, Any]:
    """An entry of ``Models`` (:mod:`reidzoo.zoo.metafiles`), without its collection.

    Args:
        row: of results, of these weights.
        record: the run's ``run.json``.
        header: of the file.
        file: the weights, complete, under whatever name.
        run: the work folder, whose logs tell the training time.
        results: the folder with the rows of other seeds.
    """
    rows = _rows_of_recipe(row, results)
    metadata = {
        "Training Data": row["train_split"],
        "Initialisation": _initialisation(row["init"]),
        "Seed": row["seed"],
        "Seeds": sorted(each["seed"] for each in rows),
        "Commit": record["commit"],
        "EMA": header["averaging"],
        "Hardware": record["machine"],
        "Training Time": _training_seconds(run),
        "Versions": record["versions"],
    }
    result = {"Task": "Person Re-Identification", "Dataset": row["data"], "Metrics": dict(row["metrics"])}
    if len(rows) > 1:
        result["Spread"] = {metric: _spread([each["metrics"][metric] for each in rows]) for metric in METRICS}
    return {
        "Name": header["name"],
        "Config": row["config"],
        "Metadata": {key: value for key, value in metadata.items() if value is not None},
        "Results": [result],
        "Weights": {
            "File": f"{header['name']}.safetensors",
            "Size": file.stat().st_size,
            "SHA256": sha256(file),
            "Precision": header["precision"],
            "Holds": "method",
            "Licence": LICENCE,
            "Data Licence": _data_licence(row["train_split"]),
            "Mirrors": [],
        },
    }


def _rows_of_recipe(row: dict[str, Any], results: Path) -> list[dict[str, Any]]:
    """``row`` and the rows of other seeds of the same recipe on the same data."""
    files = sorted(results.glob(f"{Path(row['config']).stem}.seed*.json"))
    by_seed = {each["seed"]: each for each in map(read_row, files) if _alike(each, row)}
    return list({row["seed"]: row, **by_seed}.values())


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return not one.get("options") and all(one[key] == other[key] for key in ("config", "data", "train_split"))


def _spread(values: list[float]) -> dict[str, float]:
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    return {"mean": round(mean, 4), "std": round(deviation, 4), "seeds": len(values)}


def _initialisation(init: str) -> str:
    """The name of a model of the zoo where the run started from one, otherwise as the row has it."""
    return Path(init).stem if init.endswith(".safetensors") else init.removeprefix("zoo://")


def _data_licence(trained_on: str) -> str:
    if trained_on.startswith("SynthPed"):
        return "none needed, drawn by the repository's own renderer"
    return f"the terms of those who publish {trained_on.split()[0]}"


def _training_seconds(run: Path) -> int | None:
    """Seconds a step, as the logs have them, times steps; of the last stage, where there were several."""
    times, steps = [], 0
    for file in sorted(run.glob("*/vis_data/scalars.json")):
        for line in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            if "time" in line and "loss" in line:  # a line of training, not of validation
                times.append(line["time"])
                steps = max(steps, line["step"])
    return round(statistics.mean(times) * steps) if times else None
