"""From a config file to a config that can be built: options, check, and the values that code can compute."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.registry import DefaultScope

from reidzoo.apis import pose_grids, rendering_grids, sample_grids, swap_grids, translation_grids  # noqa: F401 (hooks, on the shelf when a config is checked)
from reidzoo.apis.trained_weights import forget_trained_weights
from reidzoo.base.errors import UserError, nearest
from reidzoo.engine.config_check import require_valid
from reidzoo.registry import DATASETS, METHODS, SAMPLERS, SCOPE, import_modules_of_user


class CountedInData(NamedTuple):
    """What an argument of a method counts, and what to do about a data set or a checkpoint that does not say it."""

    what: str
    remedy: str
    example: str


#: sizes of classifiers, by the argument that methods have for them and data sets' ``metainfo`` fills in
FROM_DATA = {
    "num_pids": CountedInData("identities", "train on a data set of persons, or on RealAndGenerated with one", "N"),
    "num_target_cams": CountedInData("the target's cameras", "train on UnpairedImages whose target tells them", "N"),
    "tracklets_per_camera": CountedInData("tracklets", "train on Tracklets of a data set of persons", "[N,N]"),
}


def read_config(path: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Read a Python config, apply ``key.subkey=value`` options, import its custom modules, check it.

    Raises:
        UserError: no such file, a file that does not run, or any mistake that the check finds.
    """
    if not Path(path).is_file():
        raise UserError(f"no config file '{path}': the shipped ones lie under configs/")
    try:
        cfg = Config.fromfile(str(path), import_custom_modules=False)
    except (SyntaxError, NameError, KeyError, TypeError, ValueError, OSError) as error:
        raise UserError(f"config '{path}' does not load: {type(error).__name__}: {error}") from error
    for key in [key for key in cfg if key.startswith("_")]:
        cfg.pop(key)  # helper variables of the file; they have done their work
    merge_options(cfg, options or {})
    if cfg.get("custom_imports") is not None:
        import_modules_of_user(cfg.custom_imports)
    return _checked(cfg)


def config_of_weights(meta: dict[str, Any], path: str | Path) -> Config:
    """The config in the header of published weights, checked like one from a file.

    It is data: no Python of it is run, and no module that it might name is imported.

    Args:
        meta: what :func:`reidzoo.base.weights.read_checkpoint` gives under ``meta``.
        path: of the weights, as errors call it.

    Raises:
        UserError: the file brings no config, or one that today's code refuses.
    """
    content = meta.get("config")
    if not isinstance(content, dict) or "model" not in content:
        raise UserError(f"'{path}' does not bring its config along: name its config file, and this file as checkpoint")
    return _checked(Config({key: value for key, value in content.items() if key != "custom_imports"}))


def _checked(cfg: Config) -> Config:
    if not DefaultScope.check_instance_created(SCOPE):
        DefaultScope.get_instance(SCOPE, scope_name=SCOPE)
    require_valid(cfg)
    return cfg


def merge_options(cfg: Config, options: dict[str, Any]) -> None:
    """Apply ``--cfg-options``; every parent of a key must exist already.

    Raises:
        UserError: the option names a place that the config does not have.
    """
    for key in options:
        node: Any = cfg.to_dict()
        *parents, _ = key.split(".")
        for depth, parent in enumerate(parents):
            place = ".".join(parents[:depth]) or "the config"
            if isinstance(node, list | tuple):
                if not parent.isdigit() or int(parent) >= len(node):
                    raise UserError(f"--cfg-options {key}: {place} is a list of {len(node)}, got the index '{parent}'")
                node = node[int(parent)]
            elif isinstance(node, dict) and parent in node:
                node = node[parent]
            else:
                hint = nearest(parent, node) if isinstance(node, dict) else f"it is {node!r}"
                raise UserError(f"--cfg-options {key}: {place} has no '{parent}', {hint}")
    cfg.merge_from_dict(options)


def parse_options(pairs: list[str] | None) -> dict[str, Any]:
    """``["a.b=1", "c=x"]`` as a dict; a value that reads as a Python literal becomes one, anything else stays text.

    Raises:
        UserError: a pair without ``=``.
    """
    options = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UserError(f"--cfg-options expects key=value, got '{pair}'")
        try:
            options[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            options[key] = value
    return options


def complete_for_training(cfg: Config) -> None:
    """Fill in what follows from the data and the loader: :data:`FROM_DATA`, P of P x K, a sampler's batch size.

    Raises:
        UserError: the training set is missing, empty or without the classes that the method learns, or the sampler
            makes batches of another size than the loader.
    """
    missing = [key for key in ("train_dataloader", "train_cfg", "optim_wrapper") if not cfg.get(key)]
    if missing:
        raise UserError(f"a config for training needs {', '.join(missing)}: start from one under configs/")
    loader = cfg.train_dataloader
    sampler = SAMPLERS.get(loader.sampler.type)
    if _takes(sampler, "pids_per_batch"):
        images_per_pid = loader.sampler.setdefault("images_per_pid", 4)
        if type(images_per_pid) is not int or images_per_pid < 1:
            raise UserError(f"images_per_pid (K) is a whole number of at least 1, got {images_per_pid!r}")
        pids_per_batch = loader.sampler.setdefault("pids_per_batch", loader.batch_size // images_per_pid)
        if pids_per_batch * images_per_pid != loader.batch_size:
            raise UserError(
                f"P x K = {pids_per_batch} x {images_per_pid} makes batches of {pids_per_batch * images_per_pid}, and "
                f"train_dataloader.batch_size is {loader.batch_size}: make them equal"
            )
    if (
        _takes(sampler, "batch_size")
        and loader.sampler.setdefault("batch_size", loader.batch_size) != loader.batch_size
    ):
        raise UserError(
            f"{loader.sampler.type} has batch_size={loader.sampler.batch_size}, and train_dataloader.batch_size is "
            f"{loader.batch_size}: leave the sampler's out"
        )
    info = DATASETS.build(loader.dataset).metainfo if left_open(cfg) else {}
    for argument in left_open(cfg):
        if argument not in info:
            counted = FROM_DATA[argument]
            raise UserError(
                f"{cfg.model.type} learns {counted.what}, and {loader.dataset.type} has none: {counted.remedy}"
            )
        cfg.model[argument] = info[argument]


def complete_for_loading(cfg: Config, meta: dict[str, Any], checkpoint: str | Path) -> None:
    """Make the method ready to take all its weights from ``checkpoint``: the size of its classifier, no other file.

    Args:
        cfg: changed in place.
        meta: what the checkpoint says of itself.
        checkpoint: as errors call it.

    Raises:
        UserError: neither config nor checkpoint say how many classes the method tells apart.
    """
    for argument in left_open(cfg):
        value = (meta.get("dataset_meta") or {}).get(argument)
        if value is None:
            counted = FROM_DATA[argument]
            raise UserError(
                f"'{checkpoint}' does not say how many {counted.what} it was trained on: set model.{argument} in the "
                f"config, or with --cfg-options model.{argument}={counted.example}"
            )
        cfg.model[argument] = value
    forget_trained_weights(cfg)
    _skip_pretrained(cfg.model)


def left_open(cfg: Config) -> list[str]:
    """The arguments among :data:`FROM_DATA` that the method takes and its config leaves open."""
    method = METHODS.get(cfg.model.type)
    return [argument for argument in FROM_DATA if argument not in cfg.model and _takes(method, argument)]


def _takes(cls: type, argument: str) -> bool:
    return argument in inspect.signature(cls).parameters


def _skip_pretrained(node: Any) -> None:
    """The checkpoint brings every weight, so the files that training started from need not be there."""
    if isinstance(node, dict):
        if "weights" in node:
            node["weights"] = None
        for value in node.values():
            _skip_pretrained(value)
