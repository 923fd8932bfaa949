"""One config trained in a folder of its own, which remembers how; what is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.results import write_json
from reidzoo.apis.training import finished, last_checkpoint, train
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.reporting import Report, silent
from reidzoo.zoo.cards import find_card
from reidzoo.zoo.download import SCHEME, published_weights

WORK_DIRS = Path("work_dirs")
#: file of a stage's work folder that says what was trained there, and from which checkpoint
RECORD = "stage.json"
#: what decides which weights a run ends with, beside those it starts from; hooks of ``default_hooks`` only watch
TRAINING_KEYS = (
    "model",
    "train_dataloader",
    "train_cfg",
    "optim_wrapper",
    "param_scheduler",
    "custom_hooks",
    "allow_partial_load",
)


@dataclass(frozen=True)
class Stage:
    """One config with one seed, and the folder of its own that it is trained in.

    Attributes:
        config: path of the config file.
        seed: of everything random.
        folder: ``<work folder>/<config name>/seed<N>``, or below it.
        options: ``key.subkey`` to value, merged over the config; like the config, they say what is trained.
    """

    config: str
    seed: int
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As progress names it; one of several runs of a config also by its folder."""
        return f"{self.config}, seed {self.seed}" + (f", {self.folder.name}" if self.options else "")

    @property
    def checkpoint(self) -> Path | None:
        """What the run has written last, None before its first checkpoint."""
        return last_checkpoint(self.folder)


@dataclass(frozen=True)
class Origin:
    """What a stage is made from beside its config; a part that is not known fits everything.

    Attributes:
        start: checkpoint or published weights to start from; None starts as the config says.
        images_from: digests of the generators' checkpoints that drew the training images.
        weights: checkpoint or published weights by option of the config (:mod:`reidzoo.apis.trained_weights`), of
            networks that the method looks at while it trains.
    """

    start: str | Path | None = None
    images_from: Sequence[str] = ()
    weights: Mapping[str, str | Path] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """As digests, None where there is no file."""
        return {
            "started_from": _digest(self.start),
            "images_from": list(self.images_from),
            "weights_from": {option: _digest(file) for option, file in self.weights.items()},
        }


def stage_of(config: str | Path, seed: int, work_dir: str | Path = WORK_DIRS) -> Stage:
    """The stage of ``config`` and ``seed`` under ``work_dir``."""
    return Stage(str(config), seed, Path(work_dir) / Path(config).stem / f"seed{seed}")


def is_finished(stage: Stage, part: dict[str, Any] | None = None) -> bool:
    """Whether ``stage`` has written the checkpoint of its last epoch, by the config as it is today.

    Args:
        stage: what to look at.
        part: what :func:`training_part` gives for its config, where that is known already.

    Raises:
        UserError: the folder holds the run of another config or of none, or the config trains no epochs.
    """
    part = part or training_part(read_config(stage.config, stage.options))
    epochs = part.get("train_cfg", {}).get("max_epochs")
    if epochs is None:
        raise UserError(f"'{stage.config}' trains no epochs: a stage needs train_cfg with max_epochs")
    check_record(stage, part)
    return finished(stage.folder, epochs)


def train_stage(
    stage: Stage,
    part: dict[str, Any],
    origin: Origin = Origin(),
    *,
    images: dict[str, str] | None = None,
    report: Report = silent,
) -> Path:
    """Train ``stage``, or resume it where it was interrupted, and return its last checkpoint.

    Args:
        stage: config, seed and folder.
        part: what :func:`training_part` gives for its config.
        origin: what it is made from; ``start`` is for the config's ``load_from``, ``weights`` for their options.
        images: option of the config that names the folder of these images, and the folder; it does not count as a
            change of the config, nor do the files of ``origin``.
        report: receives one line.

    Raises:
        UserError: the folder holds another run, or any mistake of config or data.
    """
    check_record(stage, part, origin)
    interrupted = stage.checkpoint
    options = {**stage.options, **(images or {}), **{option: str(file) for option, file in origin.weights.items()}}
    if interrupted is None:
        write_json(stage.folder / RECORD, {"training": part, **origin.record()})
        if origin.start is not None:
            options["load_from"] = str(origin.start)
        beside = f", with {', '.join(map(str, origin.weights.values()))}" if origin.weights else ""
        report(f"{stage.name}: in training" + (f", starting from {origin.start}" if origin.start else "") + beside)
    else:
        report(f"{stage.name}: resumed from {interrupted.name}")
    train(stage.config, work_dir=stage.folder, options=options, seed=stage.seed, resume=interrupted is not None)
    return stage.checkpoint


def check_record(stage: Stage, part: dict[str, Any], origin: Origin = Origin()) -> None:
    """Refuse a folder whose checkpoints are of another config, other weights or other images than these.

    Args:
        stage: its folder is looked at; one without a checkpoint fits everything.
        part: what :func:`training_part` gives for its config.
        origin: as in :func:`train_stage`; files that are gone fit everything.

    Raises:
        UserError: says what differs.
    """
    if stage.checkpoint is None:
        return
    remedy = "move the folder away to train again"
    file = stage.folder / RECORD
    if not file.is_file():
        raise UserError(f"'{stage.folder}' has a checkpoint, but no {RECORD} that says how it was trained: {remedy}")
    record = json.loads(file.read_text(encoding="utf-8"))
    difference = first_difference(record["training"], part)
    if difference is not None:
        raise UserError(f"'{stage.config}' has changed since '{stage.folder}' was trained ({difference}): {remedy}")
    today = origin.record()
    if today["started_from"] is not None and record["started_from"] != today["started_from"]:
        raise UserError(f"'{stage.folder}' did not start from today's '{origin.start}': {remedy}")
    if origin.images_from and record.get("images_from") != today["images_from"]:
        raise UserError(f"the images of '{stage.folder}' were drawn by other checkpoints than today's: {remedy}")
    for option, digest in today["weights_from"].items():
        if digest is not None and record["weights_from"].get(option) != digest:
            raise UserError(
                f"'{stage.folder}' was trained with another {option} than today's '{origin.weights[option]}': {remedy}"
            )


def training_part(cfg: Config) -> dict[str, Any]:
    """What of a config decides the weights that it trains, as plain JSON values."""
    content = cfg.to_dict()
    part = {key: content[key] for key in TRAINING_KEYS if content.get(key) is not None}
    return json.loads(json.dumps(part, default=str))


def require_alike(trained: str | Path, tested: str | Path) -> None:
    """Refuse to test, by the config ``tested``, a model of the config ``trained`` where the two train differently.

    Raises:
        UserError: they differ in model, training data, optimiser, schedule or initialisation; names the first place.
    """
    if Path(trained) == Path(tested):
        return
    difference = first_difference(training_part(read_config(trained)), training_part(read_config(tested)))
    if difference is not None:
        raise UserError(
            f"a model of '{trained}' is no model of '{tested}', because they train differently ({difference}): "
            "make them alike, or train the latter"
        )


def first_difference(one: Any, other: Any, place: str = "") -> str | None:
    """``"model.head.dropout: 0.5 and 0.0"``, the first place in which two configs differ, or None."""
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [(key, one.get(key), other.get(key)) for key in {**one, **other}]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(str(index), *pair) for index, pair in enumerate(zip(one, other, strict=True))]
    else:
        return None if one == other else f"{place}: {one!r} and {other!r}"
    found = (first_difference(left, right, f"{place}.{key}" if place else key) for key, left, right in pairs)
    return next((difference for difference in found if difference is not None), None)


def _digest(weights: str | Path | None) -> str | None:
    """The digest of weights that a run was given, None where it cannot be known; a card tells it without the file."""
    scheme, _, name = str(weights).partition("://")
    if scheme == SCHEME:
        return published_weights(find_card(name)).sha256
    return sha256(weights) if weights is not None and Path(weights).is_file() else None
