"""What a training run has to be for others to get its weights: recorded, and made of files that a commit has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.stages import RECORD, WORK_DIRS
from reidzoo.apis.training import last_checkpoint
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256


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
    """Configs of the runs, in order, whose weights went into that of ``checkpoint``; empty where it began its own.

    Args:
        checkpoint: ``<work folder>/<config name>/seed<N>/<file>``.
        cfg: its config, whose ``load_from`` names the run before as that of seed 0 in its own folder of ``work_dirs``.

    Raises:
        UserError: the run before is not in the same work folder, or is not the one that this run started from.
    """
    *above, stem, _, _ = ("", "", "", *Path(cfg.get("load_from") or "").parts)
    if not above or Path(*above) != WORK_DIRS:
        return []
    folder = checkpoint.absolute().parent
    before, origin = folder.parents[1] / stem / folder.name, folder / RECORD
    started_from = json.loads(origin.read_text(encoding="utf-8"))["started_from"] if origin.is_file() else None
    last = last_checkpoint(before)
    if last is None or sha256(last) != started_from:
        raise UserError(
            f"'{checkpoint}' did not start from what is in '{before}', so nobody knows which weights went into it: "
            "publish from the work folder in which its stages were trained"
        )
    start, record = checkpoint_of(before)
    return [*stages_before(start, read_config(record["config"])), record["config"]]
