"""Stages shrunk until they run in seconds, and still each from what the one before made."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.generator_stages import generated_data
from reidzoo.apis.smoke import shrink_to_smoke
from reidzoo.apis.trained_weights import run_of, trained_weights
from reidzoo.base.files import write_text

#: how many images a GAN draws, instead of the config's number
SAMPLES = 8


def write_smoke_configs(configs: Sequence[str | Path], folder: Path) -> list[Path]:
    """Shrunk copies of ``configs`` in ``folder``; what an earlier smoke run of the same names left there is removed.

    Unlike a config shrunk by itself, a copy keeps what joins it to earlier stages: its folder of generated images,
    their checkpoints where it names them, and what it may lack of their weights.

    Args:
        configs: paths of config files.
        folder: receives ``<config name>.py``; the work folder of the smoke run.

    Raises:
        UserError: any mistake that reading a config finds.
    """
    copies, names = [], {Path(config).stem for config in configs}
    for config in configs:
        cfg = read_config(config)
        data = generated_data(cfg)
        joined: dict[str, Any] = {key: cfg[key] for key in ("allow_partial_load",) if cfg.get(key)}
        named = {**trained_weights(cfg), "load_from": cfg.get("load_from")}
        joined |= {option: file for option, file in named.items() if run_of(file) in names}
        if data.root is not None:
            joined[data.place] = {**_node(cfg, data.place), "_delete_": True}
        if data.type == "SampledFolder":
            joined[data.place] |= {"root": str(Path(data.root).with_name(f"sampled-{SAMPLES}")), "first": None}
        shrink_to_smoke(cfg)
        cfg.merge_from_dict(joined)
        shutil.rmtree(folder / Path(config).stem, ignore_errors=True)
        copies.append(folder / f"{Path(config).stem}.py")
        write_text(copies[-1], cfg.pretty_text)
    return copies


def _node(cfg: Config, place: str) -> dict[str, Any]:
    """The part of a config at ``key.subkey``."""
    return reduce(getitem, place.split("."), cfg.to_dict())
