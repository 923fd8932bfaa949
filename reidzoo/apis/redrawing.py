"""The training images of a data set drawn anew, by whatever kind of method a config trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reidzoo.apis.configs import read_config
from reidzoo.apis.drawing import DrawnFolder
from reidzoo.apis.rendering import render_dataset
from reidzoo.apis.reposing import repose_dataset
from reidzoo.apis.swapping import swap_dataset
from reidzoo.apis.translating import translate_dataset
from reidzoo.base.errors import UserError
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.methods.swapping import SwapMethod
from reidzoo.registry import METHODS

#: options that one kind of method takes only
OPTIONS = {
    translate_dataset: ("direction", "camera", "copies"),
    repose_dataset: ("poses",),
    swap_dataset: ("structures",),
    render_dataset: ("contexts", "context_root"),
}
NAMES = {
    translate_dataset: "translation",
    repose_dataset: "pose transfer",
    swap_dataset: "method that swaps appearances",
    render_dataset: "method that renders persons into contexts",
}
DRAWERS = {PoseTransferMethod: repose_dataset, SwapMethod: swap_dataset, RenderingMethod: render_dataset}


def redraw_dataset(
    config: str | Path,
    checkpoint: str | Path,
    source_root: str | Path,
    out: str | Path,
    options: dict[str, Any],
    report: Callable[[str], object] = lambda line: None,
) -> DrawnFolder:
    """Draw the training images under ``source_root`` in another style, or other poses, structures or contexts.

    Labels are kept.

    Args:
        config: path of a config of a translation, or of a method that draws persons in other poses, swaps their
            appearances, or renders them into other contexts.
        checkpoint: of its run, or published weights, also as ``zoo://NAME``.
        source_root: the data set.
        out: a new folder, or that of the same call before.
        options: arguments by name of :func:`~reidzoo.apis.translating.translate_dataset`, of
            :func:`~reidzoo.apis.reposing.repose_dataset`, of :func:`~reidzoo.apis.swapping.swap_dataset`, or of
            :func:`~reidzoo.apis.rendering.render_dataset`.
        report: receives lines of progress.

    Raises:
        UserError: an option of the other kind of method, or what those functions raise.
    """
    method = METHODS.get(read_config(config).model.type)
    draw = next((drawer for kind, drawer in DRAWERS.items() if issubclass(method, kind)), translate_dataset)
    for other, names in OPTIONS.items():
        strange = [name for name in names if name in options]
        if strange and other is not draw:
            raise UserError(
                f"{strange[0]} is an option of a {NAMES[other]}, and {method.__name__} in '{config}' is none: leave it "
                f"out, or set {', '.join(OPTIONS[draw])}"
            )
    return draw(config, checkpoint, source_root, out, **options, report=report)
