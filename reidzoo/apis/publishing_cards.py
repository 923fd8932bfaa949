"""The card of a published run, from what the run, its row of results and the file say."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from reidzoo.apis.results import read_row, results_files
from reidzoo.base.files import sha256
from reidzoo.zoo.metafiles import TRANSLATION

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
    training = {"data": row["train_split"], "init": row["init"], "seed": row["seed"]}
    result = {"Task": "Person Re-Identification", "Dataset": row["data"], "Metrics": dict(row["metrics"])}
    return {
        "Name": header["name"],
        "Config": row["config"],
        "Metadata": _metadata(**training, rows=rows, record=record, header=header, run=run),
        "Results": [{**result, **_spreads(rows)}],
        "Weights": _weights(file, header, _data_licence(row["train_split"])),
    }


def card_of_translation(
    drawn: list[dict[str, Any]],
    recipes: list[list[dict[str, Any]]],
    record: dict[str, Any],
    header: dict[str, Any],
    file: Path,
    run: Path,
) -> dict[str, Any]:
    """The same for a model that translates between domains: what it draws, and what re-ID learns from that.

    Args:
        drawn: what :func:`reidzoo.apis.translation_samples.figures_of` gives.
        recipes: for each re-ID recipe its rows of results; the first is that of this translation, the others are
            those of other seeds.
        record: as in :func:`card_of`.
        header: as there.
        file: as there.
        run: as there.
    """
    seeds = {row["seed"]: row for rows in recipes for row in rows}
    training = {"data": header["trained_on"], "init": header["init"], "seed": header["seed"]}
    results = [
        {"Task": TRANSLATION, "Dataset": figures["data"], "Metrics": dict(figures["metrics"])} for figures in drawn
    ]
    for rows in recipes:
        metrics = {name: value for name, value in rows[0]["metrics"].items() if not name.startswith("num_")}
        result = {"Task": "Person Re-Identification on translated images", "Dataset": rows[0]["data"]}
        results.append({**result, "Config": rows[0]["config"], "Metrics": metrics, **_spreads(rows)})
    licences = dict.fromkeys(map(_data_licence, header["trained_on"].split(" and ")))
    return {
        "Name": header["name"],
        "Config": header["config_file"],
        "Metadata": _metadata(**training, rows=list(seeds.values()), record=record, header=header, run=run),
        "Results": results,
        "Weights": _weights(file, header, "; ".join(licences)),
    }


def _metadata(
    data: str,
    init: str,
    seed: int,
    rows: list[dict[str, Any]],
    record: dict[str, Any],
    header: dict[str, Any],
    run: Path,
) -> dict[str, Any]:
    metadata = {
        "Training Data": data,
        "Initialisation": _initialisation(init),
        "Seed": seed,
        "Seeds": sorted(each["seed"] for each in rows),
        "Commit": record["commit"],
        "EMA": header["averaging"],
        "Hardware": record["machine"],
        "Training Time": _training_seconds(run),
        "Versions": record["versions"],
    }
    return {key: value for key, value in metadata.items() if value is not None}


def _weights(file: Path, header: dict[str, Any], data_licence: str) -> dict[str, Any]:
    return {
        "File": f"{header['name']}.safetensors",
        "Size": file.stat().st_size,
        "SHA256": sha256(file),
        "Precision": header["precision"],
        "Holds": "method",
        "Licence": LICENCE,
        "Data Licence": data_licence,
        "Mirrors": [],
    }


def _rows_of_recipe(row: dict[str, Any], results: Path) -> list[dict[str, Any]]:
    """``row`` and the rows of other seeds of the same recipe on the same data."""
    files = results_files(results, Path(row["config"]).stem)
    by_seed = {each["seed"]: each for each in map(read_row, files) if _alike(each, row)}
    return list({row["seed"]: row, **by_seed}.values())


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return not one.get("options") and all(one[key] == other[key] for key in ("config", "data", "train_split"))


def _spreads(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What a result says of the seeds of its recipe; nothing where there is one."""
    if len(rows) < 2:
        return {}
    return {"Spread": {metric: _spread([each["metrics"][metric] for each in rows]) for metric in METRICS}}


def _spread(values: list[float]) -> dict[str, float]:
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    return {"mean": round(mean, 4), "std": round(deviation, 4), "seeds": len(values)}


def _initialisation(init: str) -> str:
    """The name of a model of the zoo where the run started from one, otherwise as the row has it."""
    return Path(init).stem if init.endswith(".safetensors") else init.removeprefix("zoo://")


def _data_licence(trained_on: str) -> str:
    if trained_on.startswith("SynthPed"):
        return "none needed, drawn by the repository's own renderer"
    return f"the terms of those who publish {trained_on.split()[0].rstrip(',')}"


def _training_seconds(run: Path) -> int | None:
    """Seconds a step, as the logs have them, times steps; of the last stage, where there were several."""
    times, steps = [], 0
    for file in sorted(run.glob("*/vis_data/scalars.json")):
        for line in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            if "time" in line and "loss" in line:  # a line of training, not of validation
                times.append(line["time"])
                steps = max(steps, line["step"])
    return round(statistics.mean(times) * steps) if times else None
