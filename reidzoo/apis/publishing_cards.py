"""The card of a published run, from what the run, its row of results and the file say."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmengine.model import BaseModel

from reidzoo.apis.generator_samples import GeneratorSamples, Measurements
from reidzoo.apis.results import read_row, results_files
from reidzoo.base.files import sha256
from reidzoo.zoo.metafiles import GENERATION, REID

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
    result = {"Task": REID, "Dataset": row["data"], "Metrics": dict(row["metrics"])}
    return {
        "Name": header["name"],
        "Config": row["config"],
        "Metadata": _metadata(
            **training,
            seeds={each["seed"] for each in rows},
            stages=row.get("stages"),
            record=record,
            header=header,
            run=run,
        ),
        "Results": [{**result, **spreads(rows)}],
        "Weights": _weights(file, header, _data_licence(row["train_split"])),
    }


def card_of_generator(
    results: list[dict[str, Any]],
    measured: list[dict[str, Any]],
    record: dict[str, Any],
    header: dict[str, Any],
    file: Path,
    run: Path,
    stages: list[str] | None = None,
) -> dict[str, Any]:
    """The same for a model that draws images.

    Args:
        results: what :func:`results_of_generator` gives.
        measured: the rows behind them, whose seeds the card names.
        record: as in :func:`card_of`.
        header: as there.
        file: as there.
        run: as there.
        stages: configs whose weights went into it, its own last; None where it is the only one.
    """
    training = {"data": header["trained_on"], "init": header["init"], "seed": header["seed"]}
    seeds = {row.get("trained_seed", row["seed"]) for row in measured}
    return {
        "Name": header["name"],
        "Config": header["config_file"],
        "Metadata": _metadata(**training, seeds=seeds, stages=stages, record=record, header=header, run=run),
        "Results": results,
        "Weights": _weights(file, header, _data_licence(header["trained_on"])),
    }


def results_of_generator(samples: GeneratorSamples, method: BaseModel, measured: Measurements) -> list[dict[str, Any]]:
    """What a few images of ``method`` look like, how its images were judged, and what re-ID learns from them.

    Args:
        samples: of the method's config.
        method: as published, on the CPU.
        measured: what :func:`reidzoo.apis.publishing_measurements.measurements` gives.

    Raises:
        UserError: the method draws what is of no use.
    """
    drawn = [
        {"Task": samples.task, "Dataset": figures["data"], "Metrics": dict(figures["metrics"])}
        for figures in samples.figures(method)
    ]
    beside_real, learnt = [], []
    for rows in measured.judged:
        metrics = dict(rows[0]["metrics"])
        result = {"Task": GENERATION, "Dataset": _compared(rows[0]), "Metrics": metrics}
        beside_real.append({**result, **spreads(rows, metrics)})
    for rows in measured.recipes:
        own = {"Dataset": rows[0]["data"], "Config": rows[0]["config"], "Metrics": _scores(rows[0])}
        learnt.append({"Task": samples.learnt, **own, **spreads(rows)})
    tested = [
        {"Task": REID, "Dataset": rows[0]["data"], "Metrics": _scores(rows[0]), **spreads(rows)}
        for rows in measured.tested
    ]
    return [*drawn, *beside_real, *tested, *learnt]


def _scores(row: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row["metrics"].items() if not name.startswith("num_")}


def _compared(row: dict[str, Any]) -> str:
    """The real images of a row on images, and how many of either kind, of what size, were compared."""
    counts, direction = row["counts"], row["generator"].get("direction")
    drawn = f"{counts['fake']:,} drawn" + (f" {direction}" if direction else "")
    return f"{row['real']}, {counts['real']:,} images beside {drawn}, {row['size'][0]} x {row['size'][1]} pixels"


def _metadata(
    data: str,
    init: str,
    seed: int,
    seeds: set[int],
    record: dict[str, Any],
    header: dict[str, Any],
    run: Path,
    stages: list[str] | None = None,
) -> dict[str, Any]:
    metadata = {
        "Training Data": data,
        "Initialisation": _initialisation(init),
        "Seed": seed,
        "Seeds": sorted(seeds | {seed}),
        "Stages": stages,
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


def spreads(rows: list[dict[str, Any]], metrics: Iterable[str] = METRICS) -> dict[str, Any]:
    """What a result says of the seeds of its recipe; nothing where there is one."""
    if len(rows) < 2:
        return {}
    return {"Spread": {metric: _spread([each["metrics"][metric] for each in rows]) for metric in metrics}}


def _spread(values: list[float]) -> dict[str, float]:
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    return {"mean": round(mean, 4), "std": round(deviation, 4), "seeds": len(values)}


def _initialisation(init: str) -> str:
    """The name of a model of the zoo where the run started from one, otherwise as the row has it."""
    return Path(init).stem if init.endswith(".safetensors") else init.removeprefix("zoo://")


def _data_licence(trained_on: str) -> str:
    """Of several sets, and of those that images from noise were learnt from, each licence once."""
    licences = {}
    for part in trained_on.split(" and "):
        name = part.rpartition(" trained on ")[2]  # "24,000 samples of DCGAN trained on Market1501 train"
        name = name.removeprefix("pairs of ")
        terms = f"the terms of those who publish {name.split()[0].rstrip(',')}"
        licences["none needed, drawn by the repository's own renderer" if name.startswith("SynthPed") else terms] = None
    return "; ".join(licences)


def _training_seconds(run: Path) -> int | None:
    """Seconds a step, as the logs have them, times steps; of the last stage, where there were several."""
    times, steps = [], 0
    for file in sorted(run.glob("*/vis_data/scalars.json")):
        for line in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            # a line of training, not of validation; where networks take turns there is no sum of their losses
            if "time" in line and any(key.startswith("loss") for key in line):
                times.append(line["time"])
                steps = max(steps, line["step"])
    return round(statistics.mean(times) * steps) if times else None
