"""Starting a backbone from a file, whether it holds the network alone or a whole trained method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mmengine.logging import print_log
from torch import Tensor, nn

from reidzoo.base.weights import load_weights, read_weights

METHOD_PREFIX = "backbone."  # what every re-ID method calls its backbone

Adapt = Callable[[dict[str, Tensor]], tuple[dict[str, Tensor], str]]


def load_pretrained(
    backbone: nn.Module,
    path: str | Path,
    *,
    ignore: tuple[str, ...],
    remedy: str,
    prefixes: tuple[str, ...] = (METHOD_PREFIX,),
    adapt: Adapt | None = None,
) -> None:
    """Load the file ``path`` into ``backbone`` strictly, and log what became of every entry.

    Of a checkpoint that was made here only the entries of the network are taken; the log says how many others there
    were.

    Args:
        ignore: prefixes of names that the file may hold beside the network, such as a classifier's.
        remedy: what the user can do when the file does not fit.
        prefixes: what stands before the network's names in checkpoints made here; the first that occurs is taken off.
        adapt: brings a file made elsewhere to this network's names and shapes, and says what it changed.

    Raises:
        UserError: the file cannot be read, or is not of this architecture.
    """
    state, notes = read_weights(path), ""
    prefix = next((each for each in prefixes if any(name.startswith(each) for name in state)), None)
    if prefix is not None:
        inside = {name.removeprefix(prefix): state[name] for name in state if name.startswith(prefix)}
        if len(state) > len(inside):
            notes = f"; {len(state) - len(inside)} entries of the method around it left out"
        state = inside
    elif adapt is not None:
        state, notes = adapt(state)
    report = load_weights(backbone, state, source=str(path), ignore=ignore, remedy=remedy)
    print_log(f"{type(backbone).__name__} starts from {report}{notes}", logger="current")
