"""From nothing to a looked-at re-ID model; what is there already is reused."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reidzoo.apis.configs import read_config
from reidzoo.apis.results import write_row
from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import finished, last_checkpoint, train
from reidzoo.data.synthped.benchmark import make_synthped
from reidzoo.visualization import draw_curves, read_scalars

CONFIG = Path("configs/ide/ide_osnet-x0-25_synthped-day.py")
DATA = Path("data/synthped-day")
WORK_DIR = Path("work_dirs/demo")


def demo() -> dict[str, Any]:
    """Render SynthPed day, train IDE on it, test, draw; under ``data/`` and ``work_dirs/demo``.

    Returns:
        The row of results, with ``pictures`` (paths by name), ``rendered_seconds`` and ``trained_seconds``; the latter
        is 0.0 where a finished run was found.
    """
    rendered = _seconds(lambda: make_synthped(DATA, "day", "default"))
    trained = 0.0
    if not finished(WORK_DIR, read_config(CONFIG).train_cfg.max_epochs):
        trained = _seconds(lambda: train(CONFIG, work_dir=WORK_DIR, resume=True))
    pictures = {"ranked lists": WORK_DIR / "ranked_lists.png", "training curves": WORK_DIR / "curves.png"}
    row = evaluate(CONFIG, last_checkpoint(WORK_DIR), ranked_lists=pictures["ranked lists"])
    draw_curves(pictures["training curves"], read_scalars(WORK_DIR), title="IDE with OSNet x0.25 on SynthPed day")
    row.update(
        checkpoint=str(last_checkpoint(WORK_DIR)),
        rendered_seconds=rendered,
        trained_seconds=trained,
        pictures={name: str(path) for name, path in pictures.items()},
    )
    write_row(WORK_DIR / "results.json", row)
    return row


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return round(time.perf_counter() - start, 1)
