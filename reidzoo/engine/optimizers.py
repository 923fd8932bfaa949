"""Optimisers of methods that update parts of themselves in turns, such as a generator and its discriminator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mmengine.model import is_model_wrapper
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper, OptimWrapperDict
from mmengine.registry import OPTIMIZERS
from torch import nn

from reidzoo.base.errors import UserError, nearest
from reidzoo.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS

#: what MMEngine's DefaultOptimWrapperConstructor reads; others it ignores
PARAMWISE_KEYS = {
    "custom_keys",
    "lr_mult",
    "decay_mult",
    "bias_lr_mult",
    "bias_decay_mult",
    "norm_decay_mult",
    "flat_decay_mult",
    "dwconv_decay_mult",
    "dcn_offset_lr_mult",
    "bypass_duplicate",
}
SHOWN = 3  # names of parameters in an error


def check_paramwise(paramwise: dict[str, Any], names: Iterable[str]) -> None:
    """Refuse a ``paramwise_cfg`` that means no parameter, which MMEngine ignores: a lost learning rate.

    Args:
        paramwise: the ``paramwise_cfg`` of one optimiser.
        names: of the parameters that this optimiser updates.

    Raises:
        UserError: an unknown key, or a custom key that is in no parameter's name.
    """
    for key in paramwise:
        if key not in PARAMWISE_KEYS:
            raise UserError(f"paramwise_cfg has no key '{key}', {nearest(key, PARAMWISE_KEYS)}")
    names = list(names)
    for key in paramwise.get("custom_keys", {}):
        if not any(key in name for name in names):
            modules = {name.removeprefix("module.").split(".")[0] for name in names}
            raise UserError(f"paramwise_cfg.custom_keys: no parameter's name contains '{key}', {nearest(key, modules)}")


@OPTIM_WRAPPER_CONSTRUCTORS.register
class MethodOptimWrapperConstructor:
    """One optimiser for each name that the method's ``optimized()`` gives, in an ``OptimWrapperDict``.

    The method says which modules are updated together::

        def optimized(self) -> dict[str, list[nn.Module]]:
            return {"generators": [self.generator], "discriminators": [self.discriminator]}

    and the config how, under the same names::

        optim_wrapper = dict(
            constructor="MethodOptimWrapperConstructor",
            generators=dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4)),
            discriminators=dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=1e-4)),
        )

    An entry may have a ``paramwise_cfg``; its custom keys are compared with the names that parameters have in the
    method. ``param_scheduler`` is one list for all optimisers, or a dict of lists with these names.

    Args:
        optim_wrapper_cfg: an optimiser wrapper's config by name.
        paramwise_cfg: None; every entry has its own.

    Raises:
        UserError: a ``paramwise_cfg`` outside the entries, or an entry without an optimiser. When called with a method:
            it has no ``optimized``; names differ; a module is not the method's; a trainable parameter is in no entry
            or in two; an entry has nothing to train.
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None):
        if paramwise_cfg is not None:
            raise UserError(
                "optim_wrapper.paramwise_cfg belongs to one optimiser: move it into an entry of optim_wrapper"
            )
        for name, entry in optim_wrapper_cfg.items():
            if not isinstance(entry, dict) or not isinstance(entry.get("optimizer"), dict):
                raise UserError(f"optim_wrapper.{name} expects dict(type=..., optimizer=dict(type=...)), got {entry!r}")
        self.entries = {name: dict(entry) for name, entry in optim_wrapper_cfg.items()}

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """The optimisers of ``model``, a method or a method in its wrapper for several processes."""
        method = model.module if is_model_wrapper(model) else model
        parts = self._parts(method)
        _check_owners(method, parts)
        return OptimWrapperDict(**{name: _optim_wrapper(name, self.entries[name], parts[name]) for name in parts})

    def _parts(self, method: nn.Module) -> dict[str, dict[str, nn.Module]]:
        """The modules of each entry by their names in the method."""
        kind = type(method).__name__
        if not hasattr(method, "optimized"):
            raise UserError(
                f"MethodOptimWrapperConstructor asks a method for its optimized(), and {kind} has none: "
                "give optim_wrapper one optimizer and no constructor"
            )
        optimized = method.optimized()
        if set(optimized) != set(self.entries):
            raise UserError(
                f"optim_wrapper has {', '.join(sorted(self.entries)) or 'no entry'}, and {kind} optimises "
                f"{', '.join(sorted(optimized))}: the names are the same (_delete_=True drops inherited ones)"
            )
        names = {id(module): name for name, module in method.named_modules()}
        for entry, modules in optimized.items():
            for module in modules:
                if id(module) not in names:
                    raise UserError(
                        f"{kind}.optimized()['{entry}'] holds a {type(module).__name__} that is no module of the "
                        "method: list its attributes themselves"
                    )
        return {entry: {names[id(module)]: module for module in modules} for entry, modules in optimized.items()}


def _check_owners(method: nn.Module, parts: dict[str, dict[str, nn.Module]]) -> None:
    """Every trainable parameter belongs to exactly one entry."""
    kind, owners = type(method).__name__, {}
    for entry, modules in parts.items():
        for parameter in {each for module in modules.values() for each in module.parameters()}:
            owners.setdefault(parameter, []).append(entry)
    trainable = {parameter: name for name, parameter in method.named_parameters() if parameter.requires_grad}
    shared = [parameter for parameter in trainable if len(owners.get(parameter, ())) > 1]
    if shared:
        raise UserError(
            f"{kind}.optimized() gives {trainable[shared[0]]} to {' and '.join(owners[shared[0]])}: "
            "a parameter has one optimiser"
        )
    orphans = [name for parameter, name in trainable.items() if parameter not in owners]
    if orphans:
        more = f" and {len(orphans) - SHOWN} more" if len(orphans) > SHOWN else ""
        raise UserError(
            f"{kind}.optimized() leaves out {', '.join(orphans[:SHOWN])}{more}: name their module, or freeze them"
        )


def _optim_wrapper(name: str, entry: dict[str, Any], modules: dict[str, nn.Module]) -> OptimWrapper:
    """One optimiser over the trainable parameters of ``modules``."""
    settings = dict(entry)
    optimizer, paramwise = settings.pop("optimizer"), settings.pop("paramwise_cfg", None) or {}
    modules = {key: module.module if is_model_wrapper(module) else module for key, module in modules.items()}
    named = {
        f"{key}.{inner}": parameter
        for key, module in modules.items()
        for inner, parameter in module.named_parameters()
        if parameter.requires_grad
    }
    if not named:
        raise UserError(f"optim_wrapper.{name} has nothing to train: all its parameters are frozen")
    check_paramwise(paramwise, named)
    groups: list[Any] = list(dict.fromkeys(named.values()))  # a module may be listed beside one that holds it
    if paramwise:
        groups, rules = [], DefaultOptimWrapperConstructor(entry, {"bypass_duplicate": True, **paramwise})
        for key, module in modules.items():
            rules.add_params(groups, module, prefix=key)
    return OPTIM_WRAPPERS.build(
        {"type": "OptimWrapper", **settings, "optimizer": OPTIMIZERS.build({**optimizer, "params": groups})}
    )
