"""What stages gain: their last config tested beside others, each trained alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stages import WORK_DIRS
from reidzoo.apis.testing import evaluate
from reidzoo.base.reporting import Report, silent


def run_side_by_side(
    configs: Sequence[str | Path],
    beside: Sequence[str | Path],
    *,
    seed: int = 0,
    work_dir: str | Path = WORK_DIRS,
    report: Report = silent,
) -> list[dict[str, Any]]:
    """Train ``configs`` as stages and each of ``beside`` alone, as far as that is not done, and test all of them.

    Args:
        configs: as in :func:`reidzoo.apis.stage_runs.train_stages`; the last one is tested.
        beside: for a translation usually direct transfer and training on the target.
        seed: of everything random, in every run.
        work_dir: every run has the folder ``<config name>/seed<N>`` in it.
        report: receives lines of progress.

    Returns:
        The rows of results: of the stages, then of ``beside`` in its order.

    Raises:
        UserError: any mistake of config or data.
    """
    runs = [list(configs), *([config] for config in beside)]
    checkpoints = [train_stages(run, seed=seed, work_dir=work_dir, report=report) for run in runs]
    rows = []
    for run, checkpoint in zip(runs, checkpoints, strict=True):
        report(f"{run[-1]}, seed {seed}: in test")
        rows.append(evaluate(run[-1], checkpoint))
    return rows
