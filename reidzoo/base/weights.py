"""Weights from files: read as plain tensors only, loaded completely or refused with a report.

A checkpoint is data. Nothing here runs code that a file brings along, and no entry is skipped without a word.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError

WRAPPERS = ("state_dict", "model")
COUNTER = "num_batches_tracked"
SHOWN = 3  # names that a report spells out of each kind

# Training frameworks store scores beside the weights as numpy scalars. These constructors make numbers and
# nothing else; the first stands under its names in numpy 1, which most public files use, and in numpy 2.
NUMPY_SCALAR = np.float64(0).__reduce__()[0]
NUMBERS = [
    (NUMPY_SCALAR, "numpy.core.multiarray.scalar"),
    (NUMPY_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("float32", "float64", "int32", "int64")),
]


@dataclass(frozen=True)
class LoadReport:
    """What became of every entry of a file and of a module.

    Attributes:
        source: where the weights came from.
        loaded: names that fit in name and shape.
        missing: names of the module that the file lacks.
        unexpected: names of the file that the module lacks.
        mismatched: ``(name, shape in the module, shape in the file)``.
        ignored: names of either side that the caller passed over on purpose.
        kept: batch counters of the module's batch norms that the file lacks. Files from before torch 0.4.1 have
            none, torchvision's among them; no prediction depends on them.
    """

    source: str
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    ignored: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every entry found its place or was passed over on purpose."""
        return not (self.missing or self.unexpected or self.mismatched)

    @property
    def differing(self) -> tuple[str, ...]:
        """Names that are missing, unexpected or of another shape."""
        return (*self.missing, *self.unexpected, *(name for name, _, _ in self.mismatched))

    def listing(self) -> str:
        """The sentence of ``str`` and, below it, what became of every single tensor."""
        of_the_file = dict.fromkeys(self.loaded, "from the file")
        left = dict.fromkeys((*self.missing, *(name for name, _, _ in self.mismatched)), "left as initialised")
        unused = dict.fromkeys(self.unexpected, "in the file only, unused")
        return "\n".join(
            [str(self), *(f"  {name}: {fate}" for name, fate in {**of_the_file, **left, **unused}.items())]
        )

    def __str__(self) -> str:
        shapes = [f"{name}: {_shape(here)} here, {_shape(there)} in the file" for name, here, there in self.mismatched]
        parts = [f"{len(self.loaded)} fit"]
        for label, names in (
            ("missing", self.missing),
            ("unexpected", self.unexpected),
            ("of another shape", shapes),
            ("ignored", self.ignored),
            ("kept", self.kept),
        ):
            if names:
                parts.append(f"{len(names)} {label} ({_first(names)})")
        return f"{self.source}: {', '.join(parts)}"


def read_checkpoint(path: str | Path, map_location: str | Callable = "cpu") -> dict[str, Any]:
    """Everything a weight file holds, with its tensors by name under ``state_dict``, whatever wrapped them.

    ``.safetensors`` is read by safetensors, everything else by ``torch.load(weights_only=True)``. The usual
    wrappings are taken off: the keys ``state_dict`` and ``model``, and ``module.`` before every name (DDP).
    The header of ``.safetensors`` is given as ``meta``, which training checkpoints have too; it is text only, and what
    reads as JSON is given as the value that it stands for.

    Args:
        path: the file, or an address of it (:mod:`reidzoo.base.addresses`).
        map_location: where the tensors go, as in ``torch.load``; those of ``.safetensors`` stay on the CPU.

    Raises:
        UserError: the file is absent, damaged, brings code along, or holds no tensors.
    """
    path = local_file(path)
    if not path.is_file():
        raise UserError(f"no weight file '{path}': check the path (relative ones start at the working directory)")
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path, map_location)
    tensors = _unwrap(content)
    if not tensors:
        held = f"keys {_first(map(str, content))}" if isinstance(content, dict) else type(content).__name__
        raise UserError(f"'{path}' holds no tensors by name ({held}): expected a state dict, plain or in 'state_dict'")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    beside = {key: value for key, value in content.items() if key not in WRAPPERS and not isinstance(value, Tensor)}
    return {**beside, "state_dict": tensors}


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a weight file by name, on the CPU; see :func:`read_checkpoint` for formats and errors."""
    return read_checkpoint(path)["state_dict"]


def load_weights(
    module: nn.Module,
    state: Mapping[str, Tensor],
    *,
    source: str,
    allow_partial: bool | Sequence[str] = False,
    ignore: tuple[str, ...] = (),
    remedy: str | None = None,
) -> LoadReport:
    """Copy ``state`` into ``module``, every entry or none.

    Args:
        module: receives the weights; it stays as it is when the state is refused.
        state: tensors by name, as :func:`read_weights` gives them.
        source: what the report calls the origin, usually the path.
        allow_partial: load what fits in name and shape, and leave the rest of ``module`` as it is: True everywhere, or
            prefixes of names, for example ``["head.part_classifier."]``, where this is allowed; the others stay strict.
        ignore: prefixes of names that are passed over on purpose, on both sides, for example ``("classifier.",)``.
        remedy: what the refusal tells the user to do, where it is not to name another file or ``--allow-partial``.

    Raises:
        UserError: entries are missing, unexpected or of another shape where ``allow_partial`` does not permit it;
            nothing fits; or an allowed prefix begins no name of either side.
    """
    report = _compare(module.state_dict(), state, source, ignore)
    network, another = type(module).__name__, "name a checkpoint of this architecture"
    if all(name.endswith(COUNTER) for name in report.loaded):
        raise UserError(f"the weights are not of this {network}, nothing was loaded; {report}: {remedy or another}")
    prefixes = ("",) if allow_partial is True else tuple(allow_partial or ())
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in (*module.state_dict(), *state)):
            raise UserError(
                f"the prefix '{prefix}' of allow_partial_load begins no name of {network} or of {source}, "
                "nothing was loaded: correct or remove it"
            )
    strict = [name for name in report.differing if not name.startswith(prefixes)]
    if strict:
        beyond = f"; not among the allowed prefixes: {_first(strict)}" if prefixes else ""
        remedy = remedy or f"{another}, or load what fits with --allow-partial"
        raise UserError(f"the weights do not fit {network}, nothing was loaded; {report}{beyond}: {remedy}")
    module.load_state_dict({name: state[name] for name in report.loaded}, strict=False)
    return report


def _compare(
    own: Mapping[str, Tensor], state: Mapping[str, Tensor], source: str, ignore: tuple[str, ...]
) -> LoadReport:
    ignored = {name for name in (*own, *state) if name.startswith(ignore)} if ignore else set()
    missing = [name for name in own if name not in state and name not in ignored]
    shared = [name for name in own if name in state and name not in ignored]
    # A file with some counters is a new file that lost others; only one without any is an old one.
    is_old = not any(name.endswith(COUNTER) for name in state)
    kept = [name for name in missing if is_old and name.endswith(COUNTER)]
    return LoadReport(
        source=source,
        loaded=tuple(name for name in shared if own[name].shape == state[name].shape),
        missing=tuple(name for name in missing if name not in kept),
        unexpected=tuple(name for name in state if name not in own and name not in ignored),
        mismatched=tuple(
            (name, tuple(own[name].shape), tuple(state[name].shape))
            for name in shared
            if own[name].shape != state[name].shape
        ),
        ignored=tuple(sorted(ignored)),
        kept=tuple(kept),
    )


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (the handle is no dict)
    except SafetensorError as error:
        raise UserError(f"'{path}' is damaged ({error}): copy or download it again") from error
    meta = {"meta": {key: _value(text) for key, text in header.items()}} if header else {}
    return {**meta, "state_dict": tensors}


def _value(text: str) -> Any:
    """What an entry of a header stands for; what others wrote there need not be JSON, and stays text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_torch(path: Path, map_location: str | Callable) -> object:
    try:
        with torch.serialization.safe_globals(NUMBERS):
            return torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        refused = re.search(r"GLOBAL (\S+)", str(error))
        if refused is None:
            raise _damaged(path, error) from error
        raise UserError(
            f"'{path}' asks for the Python object '{refused[1]}', which was not executed, because only tensors are "
            "read from weight files: save its state dict alone, best as .safetensors, where the file was made"
        ) from error
    except Exception as error:  # broken bytes make the unpickler fail in every way there is
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UserError:
    reason = f"{type(error).__name__}: {error}".split(". ")[0].splitlines()[0].rstrip(": ")
    return UserError(f"'{path}' is damaged or no weight file ({reason}): copy or download it again")


def _unwrap(content: object) -> dict[str, Tensor]:
    if not isinstance(content, dict):
        return {}
    for key in WRAPPERS:
        if isinstance(content.get(key), dict):
            return _unwrap(content[key])
    return {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}


def _first(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a number"
