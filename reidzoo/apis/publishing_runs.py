"""What a training run has to be for others to get its weights: recorded, and made of files that a commit has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.stages import RECORD
from reidzoo.apis.trained_weights import run_of, trained_weights
from reidzoo.apis.training import last_checkpoint
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256

#: by which published weights of a re-ID method are judged
METRIC = "mAP_step"
#: points of METRIC by which half precision, or testing again, may change a result
TOLERANCE = 0.05


def checkpoint_of(run: Path) -> tuple[Path, dict[str, Any]]:
    """The checkpoint of a work folder, or the one that ``run`` is, and what the run recorded of itself.

    Raises:
        UserError: there is no checkpoint, or no ``run.json`` beside it.
    """
    checkpoint = last_checkpoint(run) if run.is_dir() else run
    if checkpoint is None or not checkpoint.is_file():
        raise UserError(f"'{run}' holds no checkpoint: name the work folder of a run that has ended, or a file in it")
    record = checkpoint.parent / "run.json"
    if not record.is_file():
        raise UserError(
            f"no run.json beside '{checkpoint}', so nobody knows from which commit it is: name a checkpoint in the "
            "work folder that tools/train.py left"
        )
    return checkpoint, json.loads(record.read_text(encoding="utf-8"))


def require_committed(what: str | Path, **commits: str) -> None:
    """Refuse ``what`` where it was, say, ``trained`` or ``tested`` by files that no commit has.

    Args:
        what: a checkpoint or a row of results.
        commits: what was done to it, and the commit that did.

    Raises:
        UserError: one of them ends in ``-dirty``.
    """
    for done, commit in commits.items():
        if commit.endswith("-dirty"):
            raise UserError(
                f"'{what}' was {done} in a checkout with changes ({commit}), which nobody else has: commit "
                "them first, then do it again"
            )


def stages_before(checkpoint: Path, cfg: Config) -> list[str]:
    """Configs of the runs, in order, whose weights went into that of ``checkpoint`` or that it looked at.

    Args:
        checkpoint: ``<work folder>/<config name>/seed<N>/<file>``.
        cfg: its config, in which ``load_from`` and :mod:`reidzoo.apis.trained_weights` name such runs.

    Raises:
        UserError: one of them is not in the same work folder, or is not the one that went into this run.
    """
    folder = checkpoint.absolute().parent
    record = json.loads((folder / RECORD).read_text(encoding="utf-8")) if (folder / RECORD).is_file() else {}
    digests = {"load_from": record.get("started_from"), **record.get("weights_from", {})}
    configs: list[str] = []
    for option, file in {"load_from": cfg.get("load_from"), **trained_weights(cfg)}.items():
        name = run_of(file)
        if name is None:
            continue
        before = folder.parents[1] / name / folder.name
        last = last_checkpoint(before)
        if last is None or sha256(last) != digests.get(option):
            raise UserError(
                f"what is in '{before}' is not the {option} that '{checkpoint}' was trained with, so nobody knows what "
                "went into it: publish from the work folder in which its stages were trained"
            )
        start, made = checkpoint_of(before)
        configs += [*stages_before(start, read_config(made["config"])), made["config"]]
    return list(dict.fromkeys(configs))
