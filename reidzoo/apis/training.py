"""One training run, from a config file to a checkpoint."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process

from reidzoo.apis.configs import complete_for_training, read_config
from reidzoo.apis.provenance import provenance
from reidzoo.apis.running import build_runner
from reidzoo.apis.smoke import shrink_to_smoke
from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.reading import UndecodableImage
from reidzoo.engine.compat import prepare_processes
from reidzoo.engine.runner import Runner


def train(
    config: str | Path,
    *,
    work_dir: str | Path | None = None,
    options: dict[str, Any] | None = None,
    seed: int | None = None,
    resume: bool = False,
    smoke: bool = False,
    launcher: str = "none",
) -> Runner:
    """Train what ``config`` says; the work folder receives checkpoints, logs, the resolved config and ``run.json``.

    Args:
        config: path of a config file.
        work_dir: default ``work_dirs/<config name>``.
        options: ``key.subkey`` to value, merged over the config.
        seed: of everything random; the config's ``randomness.seed`` when None.
        resume: continue from the last checkpoint of the work folder; starts anew when there is none.
        smoke: shrink to tiny data and two steps.
        launcher: ``none``, ``pytorch`` (torchrun) or ``slurm``.

    Raises:
        UserError: any mistake of config or data.
    """
    cfg = read_config(config, options)
    cfg.work_dir = str(work_dir or Path("work_dirs") / (Path(config).stem + ("-smoke" if smoke else "")))
    cfg.launcher, cfg.resume = launcher, resume
    if resume and last_checkpoint(cfg.work_dir) is not None:
        cfg.load_from = None  # the Runner would resume from there, and not from the run's own checkpoint
    if seed is not None:
        cfg.setdefault("randomness", {})["seed"] = seed
    prepare_processes(cfg, launcher)
    if smoke:
        shrink_to_smoke(cfg)
    complete_for_training(cfg)
    runner = build_runner(cfg)
    if is_main_process():
        record = {"command": sys.argv, "seed": runner.seed, "config": str(config), **provenance()}
        write_text(Path(cfg.work_dir) / "run.json", json.dumps(record, indent=2) + "\n")
    try:
        runner.train()
    except UndecodableImage as error:
        loops = [loop for loop in (runner.train_loop, runner.val_loop) if loop is not None]
        raise describe_undecodable(*(loop.dataloader.dataset for loop in loops)) from error
    return runner


def describe_undecodable(*datasets: ReIDDataset) -> UserError:
    """One sentence with the number of broken files and the first names."""
    broken = [path for dataset in datasets for path in dataset.undecodable()]
    return UserError(
        f"{len(broken)} of {sum(dataset.num_images for dataset in datasets):,} images cannot be decoded "
        f"(first: {', '.join(map(str, broken[:5]))}): replace or remove them"
    )


def last_checkpoint(work_dir: str | Path) -> Path | None:
    """The checkpoint that a run wrote last, or None before its first."""
    pointer = Path(work_dir) / "last_checkpoint"
    if not pointer.is_file():
        return None
    named = Path(pointer.read_text().strip())
    moved = Path(work_dir) / named.name  # the folder may have been renamed since
    return moved if moved.is_file() else named if named.is_file() else None


def finished(work_dir: str | Path, max_epochs: int) -> bool:
    """Whether the run in ``work_dir`` has written the checkpoint of its last epoch."""
    checkpoint = last_checkpoint(work_dir)
    return checkpoint is not None and checkpoint.stem == f"epoch_{max_epochs}"
