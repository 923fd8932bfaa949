"""From a training checkpoint to a file that others may load: weights as data, with a header that says what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from reidzoo.apis.provenance import provenance
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path
from reidzoo.base.weights import read_checkpoint

PREFIX = "backbone."


def export_backbone(checkpoint: str | Path, out: str | Path, *, half: bool = False) -> dict[str, Any]:
    """Write the backbone of a re-ID checkpoint as safetensors, under the backbone's own names.

    Args:
        checkpoint: of a training run.
        out: a ``.safetensors`` file, replaced atomically.
        half: store floating point numbers as float16; they become float32 again when loaded.

    Returns:
        The header: what was trained on what, from which commit, with which seed.

    Raises:
        UserError: the checkpoint has no backbone, or ``out`` has another suffix.
    """
    if Path(out).suffix != ".safetensors":
        raise UserError(f"published weights are .safetensors files, got '{out}'")
    content = read_checkpoint(checkpoint)
    state = {
        name.removeprefix(PREFIX): tensor.half() if half and tensor.is_floating_point() else tensor
        for name, tensor in content["state_dict"].items()
        if name.startswith(PREFIX)
    }
    if not state:
        raise UserError(f"'{checkpoint}' has no entry under '{PREFIX}': expected the checkpoint of a re-ID method")
    meta = content.get("meta", {})
    trained_on = (meta.get("dataset_meta") or {}).get("name", "unknown")
    header = {
        "trained_on": trained_on,
        "epochs": meta.get("epoch"),
        "seed": meta.get("seed"),
        "precision": "float16" if half else "float32",
        "config": _without_folders(meta.get("cfg", "")),
        **provenance(),
    }
    # channels-last training leaves permuted strides, and safetensors stores contiguous tensors only
    tensors = {name: tensor.contiguous(memory_format=torch.contiguous_format) for name, tensor in state.items()}
    with atomic_path(out) as temporary:
        save_file(tensors, temporary, metadata={key: json.dumps(value) for key, value in header.items()})
    return header


def _without_folders(config: str) -> str:
    """The text of a config without the line that names a folder of this machine."""
    return "".join(line for line in config.splitlines(keepends=True) if not line.startswith("work_dir"))
