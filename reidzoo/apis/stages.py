"""Configs trained in order, each from the checkpoint of the one before; what is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.results import write_json
from reidzoo.apis.training import finished, last_checkpoint, train
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
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
        folder: ``<work folder>/<config name>/seed<N>``.
    """

    config: str
    seed: int
    folder: Path

    @property
    def checkpoint(self) -> Path | None:
        """What the run has written last, None before its first checkpoint."""
        return last_checkpoint(self.folder)


def stage_of(config: str | Path, seed: int, work_dir: str | Path = WORK_DIRS) -> Stage:
    """The stage of ``config`` and ``seed`` under ``work_dir``."""
    return Stage(str(config), seed, Path(work_dir) / Path(config).stem / f"seed{seed}")


def train_stages(
    configs: Sequence[str | Path],
    *,
    seed: int = 0,
    work_dir: str | Path = WORK_DIRS,
    report: Callable[[str], object] = lambda line: None,
) -> Path:
    """Train ``configs`` in order, each from the last checkpoint of the one before (through ``load_from``).

    A finished stage is skipped, and with it the stages before, whether their folders are still there or not; an
    interrupted one is resumed.

    Args:
        configs: paths of config files; a later one may permit with ``allow_partial_load`` what the earlier one lacks.
        seed: of everything random, the same in every stage.
        work_dir: every stage has the folder ``<config name>/seed<N>`` in it.
        report: receives one line for every stage.

    Returns:
        The last checkpoint of the last config.

    Raises:
        UserError: no config, one named twice or without epochs, a folder that holds another run, any mistake of
            config or data.
    """
    stages = [stage_of(config, seed, work_dir) for config in configs]
    if not stages or len({stage.folder for stage in stages}) < len(stages):
        raise UserError(f"stages are configs of different names, at least one, got {[str(path) for path in configs]}")
    cfgs = [read_config(stage.config) for stage in stages]
    parts = [training_part(cfg) for cfg in cfgs]
    done = [is_finished(stage, part) for stage, part in zip(stages, parts, strict=True)]
    start = None
    for index, (stage, part) in enumerate(zip(stages, parts, strict=True)):
        start = start or cfgs[index].get("load_from")
        if done[index]:
            _check_record(stage, part, start)
            report(f"{stage.config}, seed {seed}: finished, skipped")
        elif any(done[index:]):
            report(f"{stage.config}, seed {seed}: not needed any more, skipped")
            start = None
            continue
        else:
            _train(stage, part, start, report)
        start = stage.checkpoint
    return start


def is_finished(stage: Stage, part: dict[str, Any] | None = None) -> bool:
    """Whether ``stage`` has written the checkpoint of its last epoch, by the config as it is today.

    Args:
        stage: what to look at.
        part: what :func:`training_part` gives for its config, where that is known already.

    Raises:
        UserError: the folder holds the run of another config or of none, or the config trains no epochs.
    """
    part = part or training_part(read_config(stage.config))
    epochs = part.get("train_cfg", {}).get("max_epochs")
    if epochs is None:
        raise UserError(f"'{stage.config}' trains no epochs: a stage needs train_cfg with max_epochs")
    _check_record(stage, part, None)
    return finished(stage.folder, epochs)


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


def _train(stage: Stage, part: dict[str, Any], start: str | Path | None, report: Callable[[str], object]) -> None:
    _check_record(stage, part, start)
    interrupted = stage.checkpoint
    if interrupted is None:
        write_json(stage.folder / RECORD, {"training": part, "started_from": _origin(start)})
        options = {"load_from": str(start)} if start is not None else {}
        report(f"{stage.config}, seed {stage.seed}: trained" + (f", starting from {start}" if start else ""))
    else:
        options = {}
        report(f"{stage.config}, seed {stage.seed}: resumed from {interrupted.name}")
    train(stage.config, work_dir=stage.folder, options=options, seed=stage.seed, resume=interrupted is not None)


def _origin(start: str | Path | None) -> str | None:
    """The digest of what a run starts from, None where it cannot be known; a card tells it without the file."""
    scheme, _, name = str(start).partition("://")
    if scheme == SCHEME:
        return published_weights(find_card(name)).sha256
    return sha256(start) if start is not None and Path(start).is_file() else None


def _check_record(stage: Stage, part: dict[str, Any], start: str | Path | None) -> None:
    """Refuse a folder whose checkpoints are of another config, or started from another file than ``start``."""
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
    origin = _origin(start)
    if origin is not None and record["started_from"] != origin:
        raise UserError(f"'{stage.folder}' did not start from today's '{start}': {remedy}")
