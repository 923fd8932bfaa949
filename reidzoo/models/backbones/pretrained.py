"""Starting a backbone from a file, whether it holds the network alone or a whole trained method."""

from __future__ import annotations

from pathlib import Path

from mmengine.logging import print_log
from torch import nn

from reidzoo.base.weights import load_weights, read_weights

METHOD_PREFIX = "backbone."  # what every re-ID method calls its backbone


def load_pretrained(backbone: nn.Module, path: str | Path, *, ignore: tuple[str, ...], remedy: str) -> None:
    """Load the file ``path`` into ``backbone`` strictly, and log what became of every entry.

    Of a method's checkpoint only the entries under ``backbone.`` are taken; the log says how many others there were.

    Args:
        ignore: prefixes of names that the file may hold beside the network, such as a classifier's.
        remedy: what the user can do when the file does not fit.

    Raises:
        UserError: the file cannot be read, or is not of this architecture.
    """
    state = read_weights(path)
    inside = {name.removeprefix(METHOD_PREFIX): state[name] for name in state if name.startswith(METHOD_PREFIX)}
    report = load_weights(backbone, inside or state, source=str(path), ignore=ignore, remedy=remedy)
    outside = f"; {len(state) - len(inside)} entries of the method around it left out" if inside else ""
    print_log(f"{type(backbone).__name__} starts from {report}{outside}", logger="current")
