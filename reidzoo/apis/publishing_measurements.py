"""How good a trained generator is: rows on its images, of re-ID networks that learnt from these, and of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reidzoo.apis.generator_samples import Measured, Measurements
from reidzoo.apis.image_rows import read_image_row
from reidzoo.apis.publishing_runs import require_committed
from reidzoo.apis.results import IMAGES, read_row, results_files
from reidzoo.apis.stages import RECORD, stage_of
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.reporting import Report

#: of a row on images, what has to be alike for two of them to share a mean, beside the names of their metrics
ALIKE = ("real", "counts", "count", "size", "resized", "seed")


def measurements(checkpoint: Path, header: dict[str, Any], results: Path, report: Report) -> Measurements:
    """All that rows of results say of a generator; arguments and errors are those of the functions below."""
    return Measurements(
        judged=judged_rows(header, results, report),
        recipes=recipe_rows(checkpoint, header, results, report),
        tested=tested_rows(header, results),
    )


def tested_rows(header: dict[str, Any], results: Path) -> Measured:
    """For each data set that exactly these weights were tested on, without options, their row and those of other seeds.

    Args:
        header: of the generator's file, with ``config_file``, ``seed`` and ``checkpoint_sha256``.
        results: folder of rows.

    Raises:
        UserError: a row that counts was measured by files that no commit has.
    """
    by_data: dict[str, dict[int, tuple[Path, dict[str, Any]]]] = {}
    for file in results_files(results, Path(header["config_file"]).stem):
        row = read_row(file)
        if row["config"] == header["config_file"] and not row.get("options"):
            by_data.setdefault(row["data"], {})[row["seed"]] = (file, row)
    tested = []
    for of_seed in by_data.values():
        file, row = of_seed.pop(header["seed"], (None, None))
        if row is None or row["checkpoint_sha256"] != header["checkpoint_sha256"]:
            continue
        for each, other in ((file, row), *of_seed.values()):
            require_committed(each, measured=other["commit"])
        tested.append([row, *(other for _, other in of_seed.values())])
    return tested


def judged_rows(header: dict[str, Any], results: Path, report: Report) -> Measured:
    """For each way in which images of this generator were judged the rows, first that of exactly these weights.

    Args:
        header: of its file, with ``config_file``, ``seed`` and ``checkpoint_sha256``.
        results: folder of rows.
        report: receives a line for every way in which only images of other weights were judged.

    Returns:
        Lists of rows, ``trained_seed`` added as the file's name has it; the others of a list are of other seeds.

    Raises:
        UserError: a row that counts was measured, or its images were drawn, by files that no commit has.
    """
    ways: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
    for file in sorted(results.glob(f"*{IMAGES}.seed*.json")):
        row = read_image_row(file)
        generator = row["generator"] or {}
        if Path(generator.get("config", "")).name == Path(header["config_file"]).name:
            trained_seed = int(file.stem.rpartition(".seed")[2])
            way = [*(row[key] for key in ALIKE), generator.get("direction"), *row["metrics"]]
            ways.setdefault(json.dumps(way), []).append((file, {**row, "trained_seed": trained_seed}))
    judged = []
    for found in ways.values():
        own = [each for each in found if each[1]["generator"]["checkpoint_sha256"] == header["checkpoint_sha256"]]
        if not own:
            files = ", ".join(str(file) for file, _ in found)
            report(f"{header['name']}: images of other weights were judged in {files}, so the card is without it")
            continue
        others = [each for each in found if each[1]["trained_seed"] != header["seed"]]
        for file, row in (own[0], *others):
            require_committed(file, measured=row["commit"], drawn=row["generator"]["commit"])
        judged.append([row for _, row in (own[0], *others)])
    return judged


def recipe_rows(checkpoint: Path, header: dict[str, Any], results: Path, report: Report) -> Measured:
    """For each re-ID recipe on images of this generator its rows, first the one whose images are of this run.

    Args:
        checkpoint: of the generator; re-ID networks that learnt from its images have theirs in the same work folder.
        header: of its file, with ``config_file`` and ``seed``.
        results: folder of rows; those count whose ``stages`` end with this generator and a re-ID config, of tests
            without options.
        report: receives a line for every recipe that is left out.

    Raises:
        UserError: a row of this seed is of a network that learnt from other images, or that is not there; or one that
            counts was measured by files that no commit has.
    """
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
    return recipes


def _require_own_images(file: Path, row: dict[str, Any], checkpoint: Path) -> None:
    """Refuse a row that was measured with another network, or with one that learnt from another generator."""
    learnt = stage_of(row["stages"][-1], row["seed"], checkpoint.absolute().parents[2])
    record = learnt.folder / RECORD
    if learnt.checkpoint is None or not record.is_file():
        raise UserError(
            f"'{file}' is of a network that learnt from drawn images, but not in '{learnt.folder}', so nobody knows "
            "whether this generator drew them: publish from the work folder in which its stages were trained"
        )
    made = json.loads(record.read_text(encoding="utf-8"))
    # from a folder of images, or from those that the generator drew while that network was trained
    own = sha256(checkpoint)
    is_from_it = made.get("images_from") == [own] or own in made.get("weights_from", {}).values()
    if row["checkpoint_sha256"] != sha256(learnt.checkpoint) or not is_from_it:
        raise UserError(
            f"'{file}' was measured with another network than that in '{learnt.folder}', or that one learnt from "
            f"images which '{checkpoint}' did not draw: train and test the stages again"
        )
