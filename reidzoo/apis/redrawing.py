"""The training images of a data set drawn anew, by whatever kind of method a config trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from reidzoo.apis.configs import read_config
from reidzoo.apis.drawing import DrawnFolder
from reidzoo.apis.rendering import render_dataset
from reidzoo.apis.reposing import repose_dataset
from reidzoo.apis.swapping import swap_dataset
from reidzoo.apis.translating import translate_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.methods.swapping import SwapMethod
from reidzoo.registry import METHODS


class Redrawing(NamedTuple):
    """A kind of method that draws data sets anew: its name in words, what draws, the options that it alone has."""

    method: type
    name: str
    draw: Callable[..., DrawnFolder]
    options: tuple[str, ...]


KINDS = (
    Redrawing(PoseTransferMethod, "pose transfer", repose_dataset, ("poses",)),
    Redrawing(SwapMethod, "method that swaps appearances", swap_dataset, ("structures",)),
    Redrawing(
        RenderingMethod, "method that renders persons into contexts", render_dataset, ("contexts", "context_root")
    ),
    # of other methods it is translate_dataset that says what is wrong
    Redrawing(object, "translation", translate_dataset, ("direction", "camera", "copies")),
)


def redraw_dataset(
    config: str | Path,
    checkpoint: str | Path,
    source_root: str | Path,
    out: str | Path,
    options: dict[str, Any],
    report: Report = silent,
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
    own = next(kind for kind in KINDS if issubclass(method, kind.method))
    for other in KINDS:
        strange = [name for name in other.options if name in options]
        if strange and other is not own:
            raise UserError(
                f"{strange[0]} is an option of a {other.name}, and {method.__name__} in '{config}' is none: leave it "
                f"out, or set {', '.join(own.options)}"
            )
    return own.draw(config, checkpoint, source_root, out, **options, report=report)
