"""From a training run to a file that others may load: weights as data, a header that says what they are, and a card.

Published are all entries of the method, its classifier among them: the file then loads strictly under its own config,
for tests, for features and for training on. What only a resumed run needs (optimiser, schedule, logs) stays behind.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reidzoo.apis.configs import read_config
from reidzoo.apis.publishing_cards import card_of
from reidzoo.apis.publishing_generators import GeneratorPublication, publish_generator, samples_of
from reidzoo.apis.publishing_runs import METRIC, TOLERANCE, checkpoint_of, require_committed
from reidzoo.apis.results import read_row
from reidzoo.apis.stages import WORK_DIRS, is_finished, stage_of
from reidzoo.apis.table_plan import RESULTS, Run, read_table
from reidzoo.apis.testing import evaluate
from reidzoo.apis.weight_files import PRECISIONS, header_of, write_weights
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path, sha256
from reidzoo.base.reporting import Report, silent
from reidzoo.base.weights import read_checkpoint
from reidzoo.zoo.card_writing import write_model
from reidzoo.zoo.download import CHECKPOINTS


@dataclass(frozen=True)
class Publication:
    """What was published.

    Attributes:
        weights: the ``.safetensors`` file.
        metafile: the file with its card.
        precision: ``float16`` or ``float32``.
        metrics: of exactly these weights, in percent.
    """

    weights: Path
    metafile: Path
    precision: str
    metrics: dict[str, float]


def publish(
    run: str | Path,
    results: str | Path,
    out: str | Path = CHECKPOINTS,
    *,
    half: bool | None = None,
    report: Report = silent,
) -> Publication:
    """Write ``<config name>.safetensors`` and its card, which tells what exactly these weights score.

    The file is tested before it gets its name, on the data set that its config names.

    Args:
        run: the work folder of a training run, or a checkpoint in it.
        results: the row of results of that checkpoint under its own config (``tools/test.py --json``); rows of other
            seeds beside it give the card its spread.
        out: folder of the weights; the card goes into ``<config's folder>/metafile.yml`` beside this folder.
        half: store float16. None does where ``mAP_step`` stays within 0.05 points of the row, and float32 otherwise.
        report: receives lines of progress.

    Raises:
        UserError: no run or no row; the row is of another checkpoint or config, of a test with options, or was
            measured on files that no commit has; or the weights do not score what the row says.
    """
    checkpoint, record = checkpoint_of(Path(run))
    row = read_row(results)
    _require_publishable(row, results, checkpoint, record)
    name = Path(row["config"]).stem
    content = read_checkpoint(checkpoint)
    header = header_of(content) | {
        "name": name,
        "method": row["method"],
        "init": row["init"],
        "config_file": row["config"],
        "checkpoint_sha256": row["checkpoint_sha256"],
        **{key: record[key] for key in ("commit", "machine", "python", "versions")},
    }
    weights = Path(out) / f"{name}.safetensors"
    metafile = Path(out).parent / Path(row["config"]).parent.name / "metafile.yml"
    with atomic_path(weights) as temporary:
        precision, metrics = _write_tested(temporary, content["state_dict"], header, row, half, report)
        header["precision"] = precision
        tested = {**row, "metrics": metrics}
        card = card_of(tested, record, header, temporary, checkpoint.parent, Path(results).parent)
        write_model(metafile, card, method=row["method"])
    report(
        f"{weights}: {precision}, {weights.stat().st_size / 1e6:.2f} MB, {METRIC} {metrics[METRIC]:.2f}; averaging: "
        f"{header['averaging']}; left out: {', '.join(header['left_out']) or 'nothing'}; card in {metafile}"
    )
    return Publication(weights, metafile, precision, metrics)


def publish_table(
    table: str | Path,
    *,
    seed: int = 0,
    work_dir: str | Path = WORK_DIRS,
    results: Path = RESULTS,
    out: str | Path = CHECKPOINTS,
    report: Report = silent,
) -> list[Publication | GeneratorPublication]:
    """Publish, of every run of a table that is trained and tested, the checkpoint of one seed.

    Args:
        table: a TOML file (:mod:`reidzoo.apis.table_plan`).
        seed: whose checkpoints.
        work_dir: as ``tools/run_table.py`` had it.
        results: the rows that it wrote.
        out: as for :func:`publish`.
        report: receives lines of progress, also on what is not there yet.

    Raises:
        UserError: as :func:`publish`; what was published before stays.
    """
    published = []
    for run in read_table(table).runs:
        row = _own_row(run, seed, results)
        stage = stage_of(run.stages[-1], seed, work_dir)
        missing = None
        if seed not in run.seeds or not is_finished(stage):
            missing = f"not trained in '{stage.folder}'"
        elif row is None:
            missing = f"not tested under '{stage.config}' itself"
        if missing is not None:
            report(f"{run.row} ({Path(stage.config).stem}), seed {seed}: {missing}, so not published")
        elif samples_of(read_config(stage.config)) is not None:
            published.append(publish_generator(stage.folder, out, results=results, report=report))
        else:
            published.append(publish(stage.folder, row, out, report=report))
    return published


def export_backbone(checkpoint: str | Path, out: str | Path, *, half: bool = False) -> dict[str, Any]:
    """Write the backbone of a re-ID checkpoint as safetensors, under the backbone's own names.

    Args:
        checkpoint: of a training run.
        out: a ``.safetensors`` file, replaced atomically.
        half: store floating point numbers as float16; they become float32 again when loaded.

    Returns:
        The header: what was trained on what, from which commit, with which seed.

    Raises:
        UserError: the checkpoint has no backbone, or ``out`` has another suffix.
    """
    if Path(out).suffix != ".safetensors":
        raise UserError(f"published weights are .safetensors files, got '{out}'")
    content, prefix = read_checkpoint(checkpoint), "backbone."
    state = {
        name.removeprefix(prefix): tensor for name, tensor in content["state_dict"].items() if name.startswith(prefix)
    }
    if not state:
        raise UserError(f"'{checkpoint}' has no entry under '{prefix}': expected the checkpoint of a re-ID method")
    record = Path(checkpoint).parent / "run.json"
    made = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    header = header_of(content) | {key: made.get(key) for key in ("commit", "machine", "python", "versions")}
    with atomic_path(out) as temporary:
        return write_weights(temporary, state, header, "float16" if half else "float32")


def _require_publishable(row: dict[str, Any], results: str | Path, checkpoint: Path, record: dict[str, Any]) -> None:
    again = "test it again with tools/test.py CONFIG CHECKPOINT --json FILE"
    if row.get("checkpoint_sha256") != sha256(checkpoint):
        raise UserError(f"'{results}' was not measured with '{checkpoint}' (their sha256 differ): {again}")
    if row.get("options"):
        raise UserError(f"'{results}' is a test with options ({', '.join(row['options'])}), not of the config: {again}")
    config = Path(row["config"])
    if config.stem != Path(record["config"]).stem or config.is_absolute():
        raise UserError(
            f"'{checkpoint}' was trained by '{record['config']}', and '{results}' is a test of '{config}': take the "
            "row of the config that it was trained by, named from the repository's folder"
        )
    if samples_of(read_config(config)) is not None:
        raise UserError(
            f"'{checkpoint}' is of {row['method']}, which draws images and is published with what is known of them: "
            "leave --results out, all rows are looked for in model_zoo/results"
        )
    if METRIC not in row["metrics"]:
        raise UserError(f"'{results}' has no {METRIC}, by which published weights are judged: {again}")
    require_committed(checkpoint, trained=record["commit"], tested=row["commit"])


def _write_tested(
    file: Path,
    state: dict[str, Any],
    header: dict[str, Any],
    row: dict[str, Any],
    half: bool | None,
    report: Report,
) -> tuple[str, dict[str, float]]:
    """Write the first precision of which a test gives what the row says; returns it with the metrics."""
    expected = row["metrics"][METRIC]
    for precision in PRECISIONS[half]:
        write_weights(file, state, header, precision)
        with TemporaryDirectory() as folder:
            tested = evaluate(row["config"], file, work_dir=folder, options={"log_level": "ERROR"})
        found = tested["metrics"][METRIC]
        if tested["data"] == row["data"] and abs(found - expected) <= TOLERANCE:
            return precision, {key: value for key, value in tested["metrics"].items() if not key.startswith("num_")}
        report(f"{header['name']}: as {precision} {METRIC} is {found:.2f} instead of {expected:.2f}")
    raise UserError(
        f"as {precision} the weights score {METRIC} {found:.2f} on '{tested['data']}', and the row says {expected:.2f} "
        f"on '{row['data']}', more than {TOLERANCE} away: "
        + ("publish them as float32" if half else "data or code have changed since, test the checkpoint again")
    )


def _own_row(run: Run, seed: int, results: Path) -> Path | None:
    """The results file of the test under the config of the last stage itself."""
    for cell in run.cells:
        if cell.config == run.stages[-1] and not cell.variant and cell.read(seed, results) is not None:
            return cell.results_file(seed, results)
    return None
