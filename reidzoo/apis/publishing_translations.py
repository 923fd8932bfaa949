"""From a trained translation between two domains to a file that others may load, its picture and its card.

Published is the whole method, discriminators among it: the file loads strictly under its own config, to translate and
to train on. A translation has no test of its own; its card says what it makes of a few images, and how good the re-ID
networks are that learnt from images which exactly these weights drew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.generator_stages import is_translation
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.provenance import without_folders
from reidzoo.apis.publishing_cards import card_of_translation
from reidzoo.apis.publishing_runs import checkpoint_of, require_committed
from reidzoo.apis.results import read_row, results_files
from reidzoo.apis.stages import RECORD, first_difference, stage_of, training_part
from reidzoo.apis.table_plan import RESULTS
from reidzoo.apis.translation_grids import COLUMNS, translated_rows
from reidzoo.apis.translation_samples import Samples, drawn, figures_of, samples_of
from reidzoo.apis.translator import REFUSAL
from reidzoo.apis.weight_files import PRECISIONS, header_of, write_weights
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path, sha256
from reidzoo.base.weights import read_checkpoint
from reidzoo.engine.hooks import start_of
from reidzoo.methods.translation import TranslationMethod
from reidzoo.visualization.png_size import fit_png
from reidzoo.zoo.card_writing import write_model
from reidzoo.zoo.download import CHECKPOINTS

#: grey levels by which half precision may change a translated image at any place
TOLERANCE = 1
PICTURES = "pictures"
PICTURE_BYTES = 500_000

Report = Callable[[str], object]


@dataclass(frozen=True)
class TranslationPublication:
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


def publish_translation(
    run: str | Path,
    out: str | Path = CHECKPOINTS,
    *,
    results: str | Path = RESULTS,
    half: bool | None = None,
    report: Report = lambda line: None,
) -> TranslationPublication:
    """Write ``<config name>.safetensors``, its card and its picture of training images, translated and back.

    Args:
        run: the work folder of a finished translation, ``<work folder>/<config name>/seed<N>``, or its last checkpoint;
            the re-ID networks that learnt from its images have theirs in the same work folder.
        results: folder of the rows of results; those whose ``stages`` end with this translation and a re-ID config,
            of tests without options, make the card. Rows of other seeds give it its spread.
        out: folder of the weights; the card goes into ``<config's folder>/metafile.yml`` beside this folder, the
            picture into ``pictures/``.
        half: store float16. None does where no value of a translated image moves by more than one grey level.
        report: receives lines of progress.

    Raises:
        UserError: no run, an unfinished one, or that of another method; it was trained by another config than today's;
            no row of its seed, or one of other images; it was trained or measured on files that no commit has; or it
            draws nothing that one could use.
    """
    checkpoint, record = checkpoint_of(Path(run))
    content = read_checkpoint(checkpoint)
    header = _header(checkpoint, content, record)
    cfg = _require_publishable(checkpoint, record, header)
    recipes = _recipes(checkpoint, header, Path(results), report)
    samples = samples_of(cfg)
    name, folder = header["name"], Path(out).parent
    weights, picture = Path(out) / f"{name}.safetensors", folder / PICTURES / f"{name}.png"
    metafile = folder / Path(header["config_file"]).parent.name / "metafile.yml"
    trained = load_method(header["config_file"], checkpoint, TranslationMethod, REFUSAL)[1]
    with atomic_path(weights) as temporary:
        precision, method = _write_alike(temporary, content["state_dict"], header, trained, samples, half, report)
        header["precision"] = precision
        card = card_of_translation(figures_of(method, samples), recipes, record, header, temporary, checkpoint.parent)
        with _picture(picture, method, samples, name, report) as is_drawn:
            if is_drawn:
                card["Picture"] = f"{folder.name}/{PICTURES}/{name}.png"
            write_model(metafile, card, method=header["method"])
    report(
        f"{weights}: {precision}, {weights.stat().st_size / 1e6:.2f} MB; left out: "
        f"{', '.join(header['left_out']) or 'nothing'}; card in {metafile}"
    )
    return TranslationPublication(weights, metafile, picture if is_drawn else None, precision)


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
    if not is_translation(cfg):
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


def _recipes(checkpoint: Path, header: dict[str, Any], results: Path, report: Report) -> list[list[dict[str, Any]]]:
    """For each re-ID recipe on images of this translation its rows, first the one whose images are of this run."""
    config, seed = header["config_file"], header["seed"]
    by_recipe: dict[tuple[str, str], dict[int, tuple[Path, dict[str, Any]]]] = {}
    for file in results_files(results):
        row = read_row(file)
        if row.get("stages", [])[-2:-1] == [config] and not row.get("options"):
            by_recipe.setdefault((row["config"], row["data"]), {})[row["seed"]] = (file, row)
    recipes = []
    for (recipe, data), of_seed in by_recipe.items():
        if seed not in of_seed:
            report(f"'{recipe}' on {data} has no row of seed {seed}, so the card is without it")
            continue
        file, row = of_seed.pop(seed)
        _require_own_images(file, row, checkpoint)
        for each, other in ((file, row), *of_seed.values()):
            require_committed(each, measured=other["commit"])
        recipes.append([row, *(other for _, other in of_seed.values())])
    if not recipes:
        raise UserError(
            f"no row in '{results}' is of seed {seed} with stages that end with '{config}' and a re-ID config, so "
            "nobody knows what it is good for: fill a table that has it with tools/run_table.py"
        )
    return recipes


def _require_own_images(file: Path, row: dict[str, Any], checkpoint: Path) -> None:
    """Refuse a row that was measured with another network, or with one that learnt from another translation."""
    learnt = stage_of(row["stages"][-1], row["seed"], checkpoint.absolute().parents[2])
    record = learnt.folder / RECORD
    if learnt.checkpoint is None or not record.is_file():
        raise UserError(
            f"'{file}' is of a network that learnt from translated images, but not in '{learnt.folder}', so nobody "
            "knows whether this translation drew them: publish from the work folder in which its stages were trained"
        )
    images_from = json.loads(record.read_text(encoding="utf-8")).get("images_from")
    if row["checkpoint_sha256"] != sha256(learnt.checkpoint) or images_from != [sha256(checkpoint)]:
        raise UserError(
            f"'{file}' was measured with another network than that in '{learnt.folder}', or that one learnt from "
            f"images which '{checkpoint}' did not draw: train and test the stages again"
        )


def _write_alike(
    file: Path,
    state: dict[str, Any],
    header: dict[str, Any],
    trained: TranslationMethod,
    samples: dict[str, Samples],
    half: bool | None,
    report: Report,
) -> tuple[str, TranslationMethod]:
    """Write the first precision that translates as the trained method does; returns it with the method of the file."""
    for precision in PRECISIONS[half]:
        write_weights(file, state, header, precision)
        method = load_method(header["config_file"], file, TranslationMethod, REFUSAL)[1]
        difference = max(_differences(trained, method, samples))
        report(f"{header['name']}: as {precision} translated images differ by up to {difference} grey levels")
        if difference <= TOLERANCE:
            return precision, method
    raise UserError(
        f"as {precision} '{header['name']}' translates images that differ by up to {difference} grey levels, more than "
        f"{TOLERANCE}: publish it as float32"
    )


def _differences(one: TranslationMethod, other: TranslationMethod, samples: dict[str, Samples]) -> Iterable[int]:
    for direction, each in samples.items():
        pair = [drawn(method, each.images, direction).int() for method in (one, other)]
        yield int((pair[0] - pair[1]).abs().max())


@contextmanager
def _picture(
    file: Path, method: TranslationMethod, samples: dict[str, Samples], name: str, report: Report
) -> Iterator[bool]:
    """Draw the picture, which gets its name when the card is written; whether there is one."""
    people = [each.name for each in samples.values() if not each.are_rendered]
    if people:
        report(f"{name}: no picture, for it would show the people of {' and '.join(people)}")
        yield False
        return
    # matplotlib is loaded where something is drawn only
    from reidzoo.visualization.image_grid import draw_image_grid

    rows = translated_rows(method, *(each.images for each in samples.values()))
    with atomic_path(file) as temporary:
        draw_image_grid(temporary, rows, column_titles=COLUMNS, title=name)
        fit_png(temporary, PICTURE_BYTES)
        yield True
