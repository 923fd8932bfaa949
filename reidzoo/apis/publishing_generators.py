"""From a trained generator to a file that others may load, its picture and its card.

Published is the whole method, discriminators among it: the file loads strictly under its own config, to draw and to
train on. What a kind of generator can do without when it draws (:meth:`GeneratorSamples.unneeded`), such as the judge
of a pose transfer, is left out, and the file says so. A generator has no test of its own; its card says what a few of
its images look like, how its images were judged, and how good the re-ID networks are that learnt from images which
exactly these weights drew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.model import BaseModel

from reidzoo.apis.configs import read_config
from reidzoo.apis.generator_samples import GeneratorSamples
from reidzoo.apis.generator_stages import generator_kind
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.noise_samples import NoiseSamples
from reidzoo.apis.pose_samples import PoseSamples
from reidzoo.apis.provenance import without_folders
from reidzoo.apis.publishing_cards import card_of_generator, results_of_generator
from reidzoo.apis.publishing_measurements import judged_rows, recipe_rows
from reidzoo.apis.publishing_runs import checkpoint_of, require_committed, stages_before
from reidzoo.apis.stages import first_difference, training_part
from reidzoo.apis.table_plan import RESULTS
from reidzoo.apis.translation_samples import TranslationSamples
from reidzoo.apis.weight_files import PRECISIONS, header_of, write_weights
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path, sha256
from reidzoo.base.weights import read_checkpoint
from reidzoo.engine.hooks import start_of
from reidzoo.registry import METHODS
from reidzoo.visualization.png_size import fit_png
from reidzoo.zoo.card_writing import write_model
from reidzoo.zoo.download import CHECKPOINTS

#: what a config's generator is shown by; one of them fits
SAMPLES: tuple[type[GeneratorSamples], ...] = (TranslationSamples, NoiseSamples, PoseSamples)
#: grey levels by which half precision may change a drawn image at any place
TOLERANCE = 1
PICTURES = "pictures"
PICTURE_BYTES = 500_000

Report = Callable[[str], object]


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
    report: Report = lambda line: None,
) -> GeneratorPublication:
    """Write ``<config name>.safetensors``, its card and its picture: images translated, in other poses, or from noise.

    Args:
        run: the work folder of a finished generator, ``<work folder>/<config name>/seed<N>``, or its last checkpoint;
            the re-ID networks that learnt from its images have theirs in the same work folder.
        results: folder of the rows of results. On the card are those whose ``stages`` end with this generator and a
            re-ID config, of tests without options (a translation needs one), and those on images (``.images.``) that
            these weights drew (a method that draws from noise or in poses needs one). Rows of other seeds give it its
            spread.
        out: folder of the weights; the card goes into ``<config's folder>/metafile.yml`` beside this folder, the
            picture into ``pictures/``.
        half: store float16. None does where no value of a drawn image moves by more than one grey level.
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
    before, samples = stages_before(checkpoint, cfg), _samples(cfg)
    stages = [*before, header["config_file"]] if before else None
    header["init"] = f"stages {', '.join(before)}" if before else header["init"]
    judged = judged_rows(header, Path(results), report)
    recipes = recipe_rows(checkpoint, header, Path(results), report)
    samples.require_measured(header["config_file"], judged, recipes, f"seed {header['seed']} in '{results}'")
    name, folder = header["name"], Path(out).parent
    weights, picture = Path(out) / f"{name}.safetensors", folder / PICTURES / f"{name}.png"
    metafile = folder / Path(header["config_file"]).parent.name / "metafile.yml"
    trained = load_method(header["config_file"], checkpoint, samples.kind, samples.refusal)[1]
    header["without"] = samples.unneeded(trained)
    unneeded = tuple(header["without"])
    state = {entry: each for entry, each in content["state_dict"].items() if not entry.startswith(unneeded)}
    with atomic_path(weights) as temporary:
        precision, method = _write_alike(temporary, state, header, trained, samples, half, report)
        header["precision"] = precision
        drawn = results_of_generator(samples, method, judged, recipes)
        card = card_of_generator(drawn, [*judged, *recipes], record, header, temporary, checkpoint.parent, stages)
        with _picture(picture, method, samples, name, report) as is_drawn:
            if is_drawn:
                card["Picture"] = f"{folder.name}/{PICTURES}/{name}.png"
            write_model(metafile, card, method=header["method"])
    report(
        f"{weights}: {precision}, {weights.stat().st_size / 1e6:.2f} MB; left out: "
        f"{', '.join([*header['left_out'], *header['without']]) or 'nothing'}; card in {metafile}"
    )
    return GeneratorPublication(weights, metafile, picture if is_drawn else None, precision)


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
    if generator_kind(cfg) is None:
        raise UserError(
            f"'{checkpoint}' is of {cfg.model.type}, which is published with the row of its test: add --results FILE"
        )
    trained, today = (without_folders(training_part(each)) for each in (Config(header["config"]), cfg))
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


def _samples(cfg: Config) -> GeneratorSamples:
    method = METHODS.get(cfg.model.type)
    return next(samples for samples in SAMPLES if issubclass(method, samples.kind))(cfg)


def _write_alike(
    file: Path,
    state: dict[str, Any],
    header: dict[str, Any],
    trained: BaseModel,
    samples: GeneratorSamples,
    half: bool | None,
    report: Report,
) -> tuple[str, BaseModel]:
    """Write the first precision that draws as the trained method does; returns it with the method of the file."""
    for precision in PRECISIONS[half]:
        write_weights(file, state, header, precision)
        method = load_method(header["config_file"], file, samples.kind, samples.refusal)[1]
        difference = samples.difference(trained, method)
        report(f"{header['name']}: as {precision} {samples.images} differ by up to {difference} grey levels")
        if difference <= TOLERANCE:
            return precision, method
    raise UserError(
        f"as {precision} {samples.images} of '{header['name']}' differ by up to {difference} grey levels, more than "
        f"{TOLERANCE}: publish it as float32"
    )


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
