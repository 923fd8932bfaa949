"""One function shrinks any config until it runs in seconds: the first thing to try after a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import barrier, is_main_process

from reidzoo.apis.trained_weights import forget_trained_weights
from reidzoo.data.synthped.benchmark import RENDERER_VERSION, make_synthped
from reidzoo.registry import DATASETS, all_shelves

SMOKE_DATA = Path(f"data/synthped-day-tiny-{RENDERER_VERSION}")  # a new renderer does not meet old pixels
STEPS = 2
CAMERAS = 3  # of the tiny size; others of a config's `cameras` are left out
HELD_OUT = 4  # identities of the 12, where a config holds some out


def shrink_to_smoke(cfg: Config) -> None:
    """Render the tiny benchmark (once for all processes; reused when it is there) and shrink the config to it."""
    if is_main_process():
        make_synthped(SMOKE_DATA, "day", "tiny", progress=False)
    barrier()
    shrink(cfg)


def shrink(cfg: Config) -> None:
    """Tiny data, batches of 2 (P x K and real with generated: 2 x 2), two steps, small networks from scratch; in place.

    There is no earlier stage. A class makes itself small through its attribute ``smoke``, a dict of arguments that
    replaces the config's; a method whose steps need larger batches says so through ``smoke_batch_size``.
    """
    classes = {name: cls for shelf in all_shelves().values() for name, cls in shelf.module_dict.items()}
    _shrink_parts(cfg._cfg_dict, classes)
    cfg.pop("load_from", None)  # an earlier stage, of the full size
    forget_trained_weights(cfg)
    cfg.pop("allow_partial_load", None)
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        if cfg.get(name):
            cfg[name].update(num_workers=0, persistent_workers=False, batch_size=8)
    if cfg.get("train_dataloader"):
        sampler = cfg.train_dataloader.sampler
        batch_size = sampler.get("batch_size", sampler.get("images_per_pid", 1) * sampler.get("pids_per_batch", 2))
        method = classes.get(cfg.get("model", {}).get("type"))
        batch_size = max(batch_size, getattr(method, "smoke_batch_size", 0))
        cfg.train_dataloader.update(batch_size=batch_size, num_batch_per_epoch=STEPS)
        cfg.train_cfg.update(max_epochs=1)


def _shrink_parts(node: Any, classes: dict[str, type]) -> None:
    if isinstance(node, list | tuple):
        for entry in node:
            _shrink_parts(entry, classes)
    if not isinstance(node, dict):
        return
    node.update(getattr(classes.get(node.get("type")), "smoke", {}))
    for key, value in list(node.items()):
        if key == "weights":
            node[key] = None
        elif key == "dataset":
            node[key] = _tiny(value)
        else:
            _shrink_parts(value, classes)


def _tiny(dataset: dict[str, Any]) -> dict[str, Any]:
    """The tiny benchmark, read as the config reads its data; a data set made of others keeps its form."""
    parts = {name: value for name, value in dataset.items() if isinstance(value, dict) and "type" in value}
    if parts:
        small = getattr(DATASETS.get(dataset["type"]), "smoke", {})
        return {**dataset, **small, **{name: _tiny(part) for name, part in parts.items()}}
    kept = {name: dataset[name] for name in ("split", "transforms") if name in dataset}
    for transform in kept.get("transforms", ()):
        if "target" in transform:  # a data set that the transform learns colours from
            transform["target"] = _tiny(transform["target"])
    if "val_identities" in dataset:
        kept["val_identities"] = HELD_OUT
    cameras = [camid for camid in dataset.get("cameras") or () if camid < CAMERAS]
    if cameras:
        kept["cameras"] = cameras
    return {"type": "SynthPed", "root": str(SMOKE_DATA), **kept}
