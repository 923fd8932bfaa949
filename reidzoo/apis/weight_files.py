"""Files of published weights: tensors as safetensors, and a header that says what they are."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from reidzoo.apis.provenance import without_folders
from reidzoo.base.errors import UserError

#: of a run's resolved config: where it ran and from where it was resumed, which is nobody else's business
LOCAL_KEYS = ("work_dir", "experiment_name", "launcher", "resume", "load_from")
#: precisions to try in turn, by whether half precision is wanted; None takes it where it changes nothing that counts
PRECISIONS = {None: ("float16", "float32"), True: ("float16",), False: ("float32",)}


def header_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a training checkpoint says of itself, as plain values.

    Args:
        content: what :func:`reidzoo.base.weights.read_checkpoint` gives.

    Returns:
        ``trained_on`` and ``dataset_meta`` (name, identities, cameras), ``epochs``, ``seed``, ``config`` (resolved, as
        data), ``averaging`` (whether the weights are a moving average) and ``left_out``, the names of what else the
        checkpoint holds.
    """
    meta = content.get("meta", {})
    data = meta.get("dataset_meta") or {}
    # MMEngine's EMAHook saves the average in the place of the weights, and the weights themselves beside it
    averaged = "ema_state_dict" in content
    return {
        "trained_on": data.get("name", "unknown"),
        "dataset_meta": data,
        "epochs": meta.get("epoch"),
        "seed": meta.get("seed"),
        "averaging": "these are the moving average of the weights" if averaged else "none was kept",
        "left_out": sorted(key for key in content if key not in ("meta", "state_dict")),
        "config": resolved_config(meta.get("cfg", "")),
    }


def write_weights(path: Path, state: Mapping[str, Tensor], header: Mapping[str, Any], precision: str) -> dict[str, Any]:
    """Write ``state`` with ``header`` (JSON value by value) and return the header as written.

    Args:
        path: replaced; callers make this atomic.
        state: tensors by name; float ones are stored as ``precision``, and fit float32 networks either way.
        header: plain values by name.
        precision: ``float16`` or ``float32``.
    """
    header = {**header, "precision": precision}
    dtype = getattr(torch, precision)
    tensors = {  # copies: channels-last strides and tensors that share memory are not for safetensors
        name: tensor.to(dtype if tensor.is_floating_point() else tensor.dtype).clone(
            memory_format=torch.contiguous_format
        )
        for name, tensor in state.items()
    }
    save_file(tensors, path, metadata={key: json.dumps(value) for key, value in header.items()})
    return header


def resolved_config(text: str) -> dict[str, Any]:
    """The config in the text that MMEngine keeps in a checkpoint, as data and without folders of the machine.

    The text is Python; it is read, and not run: assignments of literals, ``dict(key=value)`` and ``dict({...})``.

    Raises:
        UserError: anything else stands in it.
    """
    try:
        assignments = ast.parse(text).body
        config = {statement.targets[0].id: _literal(statement.value) for statement in assignments}
    except (SyntaxError, ValueError, AttributeError, TypeError) as error:
        raise UserError(
            f"the config that the checkpoint keeps is no list of plain values ({error}): train with a config file"
        ) from error
    return {key: without_folders(value) for key, value in config.items() if key not in LOCAL_KEYS}


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        pairs = [pair for argument in node.args for pair in _literal(argument).items()]
        return dict([*pairs, *((keyword.arg, _literal(keyword.value)) for keyword in node.keywords)])
    if isinstance(node, ast.Dict):
        return {ast.literal_eval(key): _literal(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.List | ast.Tuple):
        return [_literal(element) for element in node.elts]
    return ast.literal_eval(node)
