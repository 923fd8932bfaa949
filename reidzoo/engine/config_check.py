"""A config is read against the code before anything is built from it.

MMEngine ignores mistyped top-level keys in silence, and a mistyped type or argument surfaces deep inside a traceback.
Here every top-level key, every ``type`` and every argument is compared with what exists.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import mmengine.registry as roots
import mmengine.runner
from mmengine.config import Config
from mmengine.registry import Registry
from torch.utils.data import DataLoader

from reidzoo.base.errors import UserError, nearest
from reidzoo.registry import address, all_shelves, check_arguments, unloaded_plugins

#: keys that MMEngine or reidzoo read although the Runner's signature does not have them
EXTRA_KEYS = {
    "allow_partial_load",
    "compile",
    "custom_imports",
    "find_unused_parameters",
    "model_wrapper_cfg",
    "runner_type",
    "sync_bn",
}
LOADER_KEYS = {
    "dataset",
    "sampler",
    "batch_sampler",
    "num_batch_per_epoch",
    "collate_fn",
    "worker_init_fn",
    "disable_subprocess_warning",
    *inspect.signature(DataLoader).parameters,
}
ENV_KEYS = {"cudnn_benchmark", "mp_cfg", "dist_cfg", "resource_limit"}
#: arguments that a builder of MMEngine takes out before the class sees them
BUILDER_KEYS = {
    "optim_wrapper": {"constructor", "paramwise_cfg"},
    "param_scheduler": {"convert_to_iter_based"},
}
#: which registry a key's config belongs to; our own shelves are asked first
HOMES: dict[str, str] = {
    "model": "methods",
    "data_preprocessor": "methods",
    "dataset": "datasets",
    "transforms": "transforms",
    "sampler": "samplers",
    "batch_sampler": "samplers",
    "custom_hooks": "hooks",
    "default_hooks": "hooks",
    "train_cfg": "loops",
    "val_cfg": "loops",
    "test_cfg": "loops",
    "val_evaluator": "metrics",
    "test_evaluator": "metrics",
    "optim_wrapper": "optim_wrappers",
}
#: the same by the last word of a key: ``loss``, ``id_loss``, ``triplet_loss``: whatever a method calls its parts
PART_HOMES = {
    "backbone": "backbones",
    "discriminator": "discriminators",
    "generator": "generators",
    "head": "heads",
    "loss": "losses",
}
#: keys whose entries bear names that the config chooses
COLLECTIONS = {"default_hooks", "optim_wrapper", "param_scheduler"}
FREE_FORM = {"paramwise_cfg", "custom_imports"}


def check_config(cfg: Config) -> list[str]:
    """Every mistake of a config, one sentence each; an empty list means that it can be built."""
    shelves = all_shelves()
    problems = [*_check_top_level(cfg), *_check_optimisers(cfg)]
    for path, node in _walk(dict(cfg)):
        problems += _check_node(path, node, shelves)
    return problems


def require_valid(cfg: Config) -> None:
    """Raise a :class:`UserError` that lists every mistake of the config."""
    problems = check_config(cfg)
    if problems:
        raise UserError(f"{cfg.filename or 'the config'} cannot be run: " + "; ".join(problems))


def _check_top_level(cfg: Config) -> Iterator[str]:
    known = {name for name in inspect.signature(mmengine.runner.Runner.__init__).parameters if name != "self"}
    known |= EXTRA_KEYS
    for key in cfg:
        if key not in known:
            yield f"no top-level key '{key}', {nearest(key, known)}"
    partial = cfg.get("allow_partial_load", False)
    if not isinstance(partial, bool) and not (
        isinstance(partial, list | tuple) and partial and all(isinstance(prefix, str) and prefix for prefix in partial)
    ):
        yield f"allow_partial_load is True, False or a list of name prefixes, got {partial!r}"
    for key in cfg.get("env_cfg") or {}:
        if key not in ENV_KEYS:
            yield f"env_cfg has no key '{key}', {nearest(key, ENV_KEYS)}"
    loaders = {name: cfg.get(name) or {} for name in ("train_dataloader", "val_dataloader", "test_dataloader")}
    adaptation = (cfg.get("test_cfg") or {}).get("adaptation_dataloader")
    loaders["test_cfg.adaptation_dataloader"] = adaptation if isinstance(adaptation, dict) else {}
    for name, loader in loaders.items():
        for key in loader:
            if key not in LOADER_KEYS:
                yield f"{name} has no key '{key}', {nearest(key, LOADER_KEYS)}"
        for key, least in (("batch_size", 1), ("num_workers", 0)):
            value = loader.get(key, least)
            if type(value) is not int or value < least:
                yield f"{name}.{key} is a whole number of at least {least}, got {value!r}"
    allowed = set(inspect.signature(mmengine.runner.Runner.set_randomness).parameters) - {"self"}
    for key in cfg.get("randomness") or {}:
        if key not in allowed:
            yield f"randomness has no key '{key}', {nearest(key, allowed)}"


def _check_optimisers(cfg: Config) -> Iterator[str]:
    """Several optimisers need somebody who builds them, and schedules of the same names."""
    wrapper, schedules = cfg.get("optim_wrapper"), cfg.get("param_scheduler")
    if not isinstance(wrapper, dict):
        return
    constructor = wrapper.get("constructor")
    if isinstance(constructor, str):
        shelf = all_shelves()["optim_wrapper_constructors"]
        cls, known = _find(constructor, [shelf], with_roots=False)
        if cls is None:
            yield f"optim_wrapper.constructor: no '{constructor}', {nearest(constructor, known)}{unloaded_plugins()}"
    elif constructor is None and "optimizer" not in wrapper:
        yield (
            "optim_wrapper has no 'optimizer': give one, or several by name and "
            "constructor='MethodOptimWrapperConstructor'"
        )
    if isinstance(schedules, dict) and "type" not in schedules:
        names = [] if "optimizer" in wrapper else sorted(set(wrapper) - {"constructor"})
        if sorted(schedules) != names:
            yield (
                f"param_scheduler has schedules for {', '.join(sorted(schedules))}, and optim_wrapper has "
                f"{', '.join(names) or 'a single optimiser'}: give a list for each name, [] for none"
            )


def _walk(node: Any, path: str = "") -> Iterator[tuple[str, dict]]:
    if isinstance(node, dict):
        if "type" in node:
            yield path, node
        for key, value in node.items():
            if key not in FREE_FORM:
                yield from _walk(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list | tuple):
        for index, value in enumerate(node):
            yield from _walk(value, f"{path}[{index}]")


def _check_node(path: str, node: dict, shelves: dict[str, Registry]) -> list[str]:
    name = node["type"]
    if not isinstance(name, str):
        return []
    keys = [part.split("[")[0] for part in path.split(".")]
    role = keys[-2] if len(keys) > 1 and keys[-2] in COLLECTIONS and keys[-1] != "optimizer" else keys[-1]
    home = HOMES.get(role) or PART_HOMES.get(role.rpartition("_")[2])
    candidates = [shelves[home]] if home else list(shelves.values())
    cls, known = _find(name, candidates, with_roots=home is None)
    if cls is None:
        elsewhere, _ = _find(name, list(shelves.values()), with_roots=False)
        if elsewhere is not None:
            return [f"{path}: '{name}' ({address(elsewhere)}) does not belong here, expected one of shelf {home}"]
        return [
            f"{path}: no '{name}'"
            + (f" on shelf {home}" if home else "")
            + f", {nearest(name, known)}{unloaded_plugins()}"
        ]
    builder_keys = BUILDER_KEYS.get(role, set())
    given = {key: value for key, value in node.items() if key not in {"type", "by_epoch"} | builder_keys}
    if inspect.isfunction(cls):
        return []
    try:
        check_arguments(cls, given, partial=True)
    except UserError as error:
        return [f"{path}: {error}"]
    return []


def _find(name: str, shelves: list[Registry], *, with_roots: bool) -> tuple[type | None, set[str]]:
    """The class of this name on the shelves or in MMEngine's registries behind them, and all names seen."""
    registries = [*shelves, *(shelf.parent for shelf in shelves if shelf.parent is not None)]
    if with_roots:
        registries += [value for value in vars(roots).values() if isinstance(value, Registry)]
    known: set[str] = set()
    for registry in registries:
        registry.import_from_location()
        if name in registry.module_dict:
            return registry.module_dict[name], known
        known |= set(registry.module_dict)
    return None, known
