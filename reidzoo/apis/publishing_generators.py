"""From a trained generator to a file that others may load, its picture and its card.

Published is the whole method, discriminators among it: the file loads strictly under its own config, to draw and to
train on. What a kind of generator can do without when it draws (:meth:`GeneratorSamples.unneeded`), such as the judge
of a pose transfer, is left out, and the file says so. The card says what a few of its images look like, how its images
were judged, and how good the re-ID networks are that learnt from images which exactly these weights drew; of a re-ID
method that draws also what it scores itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmengine.config import Config
from mmengine.model import BaseModel

from reidzoo.apis.configs import left_open, read_config
from reidzoo.apis.generator_samples import GeneratorSamples, Measured
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.noise_samples import NoiseSamples
from reidzoo.apis.pose_samples import PoseSamples
from reidzoo.apis.provenance import without_folders
from reidzoo.apis.publishing_cards import card_of_generator, results_of_generator
from reidzoo.apis.publishing_measurements import measurements
from reidzoo.apis.publishing_runs import METRIC, checkpoint_of, require_committed, stages_before
from reidzoo.apis.publishing_runs import TOLERANCE as POINTS
from reidzoo.apis.rendering_samples import RenderingSamples
from reidzoo.apis.stages import first_difference, training_part
from reidzoo.apis.swap_samples import SwapSamples
from reidzoo.apis.table_plan import RESULTS
from reidzoo.apis.testing import evaluate
from reidzoo.apis.trained_weights import forget_trained_weights, run_of
from reidzoo.apis.translation_samples import TranslationSamples
from reidzoo.apis.weight_files import PRECISIONS, header_of, write_weights
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path, sha256
from reidzoo.base.reporting import Report, silent
from reidzoo.base.weights import read_checkpoint
from reidzoo.engine.hooks import start_of
from reidzoo.registry import METHODS
from reidzoo.visualization.png_size import fit_png
from reidzoo.zoo.card_writing import write_model
from reidzoo.zoo.download import CHECKPOINTS

#: what a config's generator is shown by; one of them fits
SAMPLES: tuple[type[GeneratorSamples], ...] = (
    TranslationSamples,
    NoiseSamples,
    PoseSamples,
    SwapSamples,
    RenderingSamples,
)
#: grey levels by which half precision may change a drawn image at any place
TOLERANCE = 1
PICTURES = "pictures"
PICTURE_BYTES = 500_000


@dataclass(frozen=True)
class GeneratorPublication:
    """What was published.

    Attributes:
        weights: the ``.safetensors`` file.
        metafile: the file with its card.
        picture: the PNG file; None where the images show people, who were not asked.
        precision: ``float16`` or ``float32``.
    """

    weights: Path
    metafile: Path
    picture: Path | None
    precision: str


def publish_generator(
    run: str | Path,
    out: str | Path = CHECKPOINTS,
    *,
    results: str | Path = RESULTS,
    half: bool | None = None,
    report: Report = silent,
) -> GeneratorPublication:
    """Write ``<config name>.safetensors``, its card and its picture: of what it translates, renders or samples.

    Args:
        run: the work folder of a finished generator, ``<work folder>/<config name>/seed<N>``, or its last checkpoint;
            the re-ID networks that learnt from its images have theirs in the same work folder.
        results: folder of the rows of results. On the card are those whose ``stages`` end with this generator and a
            re-ID config, of tests without options (a translation needs one), and those on images (``.images.``) that
            these weights drew (a method that draws from noise, in poses or in contexts needs one), and tests of
            exactly these weights (a re-ID method that draws needs one). Rows of other seeds give it its spread.
        out: folder of the weights; the card goes into ``<config's folder>/metafile.yml`` beside this folder, the
            picture into ``pictures/``.
        half: store float16. None does where no value of a drawn image moves by more than one grey level, and
            ``mAP_step`` of a re-ID method by no more than 0.05 points.
        report: receives lines of progress.

    Raises:
        UserError: no run, an unfinished one, or that of another method; it was trained by another config than today's,
            or from weights that are not there; no row of its seed, or one of other images; it was trained or measured
            on files that no commit has; or it draws nothing that one could use.
    """
    checkpoint, record = checkpoint_of(Path(run))
    content = read_checkpoint(checkpoint)
    header = _header(checkpoint, content, record)
    cfg = _require_publishable(checkpoint, record, header)
    before, samples = stages_before(checkpoint, cfg), samples_of(cfg)(cfg)
    stages = [*before, header["config_file"]] if before else None
    if run_of(cfg.get("load_from")) is not None:
        header["init"] = f"stages {', '.join(before)}"
    measured = measurements(checkpoint, header, Path(results), report)
    samples.require_measured(header["config_file"], measured, f"seed {header['seed']} in '{results}'")
    name, folder = header["name"], Path(out).parent
    weights, picture = Path(out) / f"{name}.safetensors", folder / PICTURES / f"{name}.png"
    metafile = folder / Path(header["config_file"]).parent.name / "metafile.yml"
    trained = load_method(header["config_file"], checkpoint, samples.kind, samples.refusal)[1]
    header["without"] = samples.unneeded(trained)
    unneeded = tuple(header["without"])
    state = {entry: each for entry, each in content["state_dict"].items() if not entry.startswith(unneeded)}
    with atomic_path(weights) as temporary:
        header["precision"], method, tested = _write_alike(
            temporary, state, header, trained, samples, measured.tested, half, report
        )
        shown = results_of_generator(samples, method, measured._replace(tested=tested))
        rows = [row for of_kind in measured for alike in of_kind for row in alike]
        card = card_of_generator(shown, rows, record, header, temporary, checkpoint.parent, stages)
        with _picture(picture, method, samples, name, report) as is_drawn:
            if is_drawn:
                card["Picture"] = f"{folder.name}/{PICTURES}/{name}.png"
            write_model(metafile, card, method=header["method"])
    report(
        f"{weights}: {header['precision']}, {weights.stat().st_size / 1e6:.2f} MB; left out: "
        f"{', '.join([*header['left_out'], *header['without']]) or 'nothing'}; card in {metafile}"
    )
    return GeneratorPublication(weights, metafile, picture if is_drawn else None, header["precision"])


def samples_of(cfg: Config) -> type[GeneratorSamples] | None:
    """What the generator that a config trains is shown by; None for a method that draws nothing."""
    method = METHODS.get(cfg.model.type)
    return next((samples for samples in SAMPLES if issubclass(method, samples.kind)), None)


def _header(checkpoint: Path, content: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    header = header_of(content)
    config = header["config"]
    return header | {
        "name": Path(record["config"]).stem,
        "method": config["model"]["type"],
        "init": content["meta"].get("init") or start_of(Config(config)),
        "config_file": record["config"],
        "checkpoint_sha256": sha256(checkpoint),
        **{key: record[key] for key in ("commit", "machine", "python", "versions")},
    }


def _require_publishable(checkpoint: Path, record: dict[str, Any], header: dict[str, Any]) -> Config:
    """Today's config of the run, where it is that by which the run was trained to its end."""
    config = Path(record["config"])
    if config.is_absolute():
        raise UserError(
            f"'{checkpoint}' was trained by '{config}': train with the config named from the repository's folder"
        )
    cfg = read_config(config)
    if samples_of(cfg) is None:
        raise UserError(
            f"'{checkpoint}' is of {cfg.model.type}, which is published with the row of its test: add --results FILE"
        )
    trained, today = (_training(each, header) for each in (Config(header["config"]), read_config(config)))
    difference = first_difference(trained, today)
    if difference is not None:
        raise UserError(
            f"'{checkpoint}' was not trained by today's '{config}' without options ({difference}): train it again"
        )
    last = f"epoch_{cfg.train_cfg.max_epochs}"
    if checkpoint.stem != last:
        raise UserError(f"'{checkpoint}' is not the end of its run, expected {last}{checkpoint.suffix}: train it on")
    require_committed(checkpoint, trained=record["commit"])
    return cfg


def _training(cfg: Config, header: dict[str, Any]) -> Any:
    """What of a config decided the weights; which networks it looked at is on record by their digests."""
    forget_trained_weights(cfg)
    for argument in left_open(cfg):
        cfg.model[argument] = header["dataset_meta"].get(argument)
    return without_folders(training_part(cfg))


def _write_alike(
    file: Path,
    state: dict[str, Any],
    header: dict[str, Any],
    trained: BaseModel,
    samples: GeneratorSamples,
    tested: Measured,
    half: bool | None,
    report: Report,
) -> tuple[str, BaseModel, Measured]:
    """Write the first precision that draws, and scores, as the trained method does.

    Returns:
        The precision, the method of the file, and ``tested`` with the metrics of the file in place of the run's.
    """
    name = header["name"]
    for precision in PRECISIONS[half]:
        write_weights(file, state, header, precision)
        method = load_method(header["config_file"], file, samples.kind, samples.refusal)[1]
        difference = samples.difference(trained, method)
        report(f"{name}: as {precision} {samples.images} differ by up to {difference} grey levels")
        if difference > TOLERANCE:
            continue
        again = [[_tested(file, row), *others] for row, *others in tested]
        scores = [[rows[0]["metrics"][METRIC] for rows in of_file] for of_file in (again, tested)]
        moved = max((abs(new - old) for new, old in zip(*scores, strict=True)), default=0.0)
        if moved <= POINTS:
            return precision, method, again
        report(f"{name}: as {precision} {METRIC} moves by {moved:.2f}")
    limits = f"more than {TOLERANCE}" + (f", or {METRIC} moves by more than {POINTS}" if tested else "")
    raise UserError(
        f"as {precision} {samples.images} of '{name}' differ by up to {difference} grey levels, {limits}: publish it "
        "as float32"
    )


def _tested(file: Path, row: dict[str, Any]) -> dict[str, Any]:
    """``row`` with the metrics of the published file."""
    with TemporaryDirectory() as folder:
        tested = evaluate(row["config"], file, work_dir=folder, options={"log_level": "ERROR"})
    return {**row, "metrics": tested["metrics"]}


@contextmanager
def _picture(file: Path, method: BaseModel, samples: GeneratorSamples, name: str, report: Report) -> Iterator[bool]:
    """Draw the picture, which gets its name when the card is written; whether there is one."""
    if samples.people:
        report(f"{name}: no picture, for it would show the people of {' and '.join(samples.people)}")
        yield False
        return
    # matplotlib is loaded where something is drawn only
    from reidzoo.visualization.image_grid import draw_image_grid

    with atomic_path(file) as temporary:
        draw_image_grid(temporary, samples.rows(method), column_titles=samples.column_titles, title=name)
        fit_png(temporary, PICTURE_BYTES)
        yield True
