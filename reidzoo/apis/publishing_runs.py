"""What a training run has to be for others to get its weights: recorded, and made of files that a commit has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reidzoo.apis.training import last_checkpoint
from reidzoo.base.errors import UserError


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
