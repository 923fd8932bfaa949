"""A trained method on its device, from the zoo or from a config and its checkpoint."""

from __future__ import annotations

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import BaseModel

from reidzoo.apis.configs import complete_for_loading, config_of_weights, read_config
from reidzoo.base.errors import UserError
from reidzoo.base.weights import load_weights, read_checkpoint
from reidzoo.registry import METHODS
from reidzoo.zoo.cards import find_card
from reidzoo.zoo.download import locate, published_weights


def load_method(
    name_or_config: str | Path, checkpoint: str | Path | None, kind: type[BaseModel], refusal: str
) -> tuple[Config, BaseModel]:
    """Config and method with all weights in place that the checkpoint is to have, in test mode, on the CPU.

    Args:
        name_or_config: a model of the zoo, which brings its config along, or the path of a config file.
        checkpoint: of a training run, or published weights, for a config file; ``zoo://NAME`` is a path, too.
        kind: what the method has to be.
        refusal: what the error says after the name of a method of another kind.

    Raises:
        UserError: no such model or config, a config without its checkpoint, weights that do not fit, or a method of
            another kind.
    """
    is_config = Path(name_or_config).suffix == ".py"
    if is_config and checkpoint is None:
        raise UserError(f"the config '{name_or_config}' says how to build a model: name a checkpoint of it, too")
    if not is_config and checkpoint is not None:
        raise UserError(
            f"'{name_or_config}' names a model of the zoo, which has its weights already: name a config file (.py) "
            f"to load '{checkpoint}', or leave the checkpoint out"
        )
    path = checkpoint if is_config else _file_of_method(str(name_or_config))
    cfg = read_config(name_or_config) if is_config else None
    content = read_checkpoint(path)
    meta = content.get("meta", {})
    cfg = cfg or config_of_weights(meta, path)
    complete_for_loading(cfg, meta, path)
    method = METHODS.build(cfg.model)
    if not isinstance(method, kind):
        raise UserError(f"{type(method).__name__} {refusal}")
    # a run leaves its config, options and all, beside its checkpoints
    left = Path(str(path)).parent / Path(str(name_or_config)).name
    remedy = f", or the config as its run left it, '{left}'" if is_config and left.is_file() else ""
    remedy = f"name a checkpoint of this config{remedy}"
    # a published generator may be without what drawing does not need, and says so
    load_weights(
        method, content["state_dict"], source=str(path), ignore=tuple(meta.get("without") or ()), remedy=remedy
    )
    return cfg, method.eval().requires_grad_(False)


def find_device(name: str) -> torch.device:
    """``auto``, or a device as torch names it.

    Raises:
        UserError: torch knows no such device, or this machine has none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # builds without CUDA assert
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"no device '{name}' here ({reason}): write auto, cpu or cuda:<number>") from error
    return device


def _file_of_method(name: str) -> Path:
    holds = published_weights(find_card(name)).holds
    if holds != "method":
        raise UserError(f"'{name}' is a {holds} to start training from: name a trained method")
    return locate(name)
