"""Weights of other networks that a method looks at while it trains: of a teacher, an identity classifier, a renderer.

A config names each in an option of :data:`OPTIONS`: published weights, or the checkpoint of a run,
``work_dirs/<config name>/seed<N>/epoch_<M>.pth``. Where that run is an earlier stage (``tools/run_stages.py``), the
stage gets the checkpoint of its own seed and work folder. A method that is tested or that draws needs none of them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mmengine.config import Config

from reidzoo.base.errors import UserError

#: every option of a config that names such weights
OPTIONS = ("model.teacher_weights", "model.identity_weights", "model.data_preprocessor.renderer_weights")


def trained_weights(cfg: Config) -> dict[str, str]:
    """The options that a config sets, and the file of each.

    Raises:
        UserError: something else than a file's name.
    """
    given = {}
    for option in OPTIONS:
        *place, key = option.split(".")
        file = _node(cfg, place).get(key)
        if file is None:
            continue
        if not isinstance(file, str) or not file:
            raise UserError(f"{option} expects the path of a checkpoint, got {file!r}: name one, or None")
        given[option] = file
    return given


def forget_trained_weights(cfg: Config) -> None:
    """Set them to None, in place: for whoever needs no such network, or has none."""
    for option in trained_weights(cfg):
        *place, key = option.split(".")
        _node(cfg, place)[key] = None


def run_of(file: str | None) -> str | None:
    """The config name in the path of a run's checkpoint; None for any other file."""
    path = Path(file or "")
    is_run = path.suffix == ".pth" and re.fullmatch(r"seed\d+", path.parent.name)
    return path.parent.parent.name or None if is_run else None


def _node(cfg: Config, place: list[str]) -> dict[str, Any]:
    """The part of a config at ``place``; empty where there is none."""
    node: Any = cfg
    for key in place:
        node = node.get(key) or {}
    return node
