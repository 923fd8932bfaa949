"""The shelves: one registry a kind, where every part that a config may name has its address.

The name in a config is the class name; there are no aliases, and a name is unique over all shelves.
Shelves of what MMEngine's Runner builds itself (methods, data sets, transforms, samplers, metrics,
hooks, loops) are children of MMEngine's registries, so the Runner finds our classes through its default scope;
a scope can have one child only under each of them, therefore networks, heads and losses stand on their
own and are built by the methods.

Two ways lead onto a shelf from outside: an installed package with an entry point of group ``reidzoo.plugins``, and a
module that a config names in ``custom_imports`` (``docs/plugins.md``).
"""

from __future__ import annotations

import inspect
import warnings
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from mmengine import registry as mmengine_registry
from mmengine.registry import Registry

from reidzoo.base.errors import UserError, nearest

SCOPE = "reidzoo"
PLUGIN_GROUP = "reidzoo.plugins"


def address(cls: type) -> str:
    """Where a class is written, as ``path/from/the/package:line``."""
    try:
        file, line = inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):  # built-ins and classes made at a prompt have no file
        return cls.__module__
    parts = Path(file).parts
    top = cls.__module__.split(".")[0]
    if top not in parts:
        return f"{Path(file).name}:{line}"
    start = len(parts) - 1 - parts[::-1].index(top)  # a checkout's folder may be called like the package in it
    return f"{Path(*parts[start:])}:{line}"


def check_arguments(cls: type, given: dict[str, Any], *, partial: bool = False) -> None:
    """Raise a :class:`UserError` when ``cls(**given)`` cannot be called, with signature and address.

    ``partial=True`` accepts missing arguments: the Runner fills in some of them later.
    """
    signature = _signature(cls)
    known = _argument_names(cls)
    if known:
        for name in given:
            if name not in known:
                raise UserError(
                    f"{cls.__name__} has no argument '{name}', {nearest(name, known)} "
                    "(_delete_=True replaces an inherited dict instead of merging into it). "
                    f"Its signature is {cls.__name__}{signature} ({address(cls)})"
                )
        _refuse_text(cls, given, signature)
    if not partial:
        missing = [
            name
            for name, parameter in signature.parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
            and name not in given
        ]
        if missing:
            raise UserError(
                f"{cls.__name__} needs {', '.join(repr(name) for name in missing)}. "
                f"Its signature is {cls.__name__}{signature} ({address(cls)})"
            )


def _refuse_text(cls: type, given: dict[str, Any], signature: inspect.Signature) -> None:
    """Refuse text where the annotation has no place for it: ``lr="1e-3x"`` would fail somewhere inside a step."""
    for name, value in given.items():
        annotation = signature.parameters[name].annotation if name in signature.parameters else Any
        union = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
        kinds = [get_origin(kind) or kind for kind in union]
        if not isinstance(value, str) or not all(inspect.isclass(kind) for kind in kinds):
            continue
        if annotation is not inspect.Parameter.empty and not any(issubclass(str, kind) for kind in kinds):
            expected = " or ".join("None" if kind is NoneType else kind.__name__ for kind in kinds)
            raise UserError(f"{cls.__name__} takes {expected} as '{name}', got the text {value!r} ({address(cls)})")


def _argument_names(cls: type) -> list[str]:
    """Arguments by name of the constructor and, where it passes the rest on, of the constructors above it."""
    names: list[str] = []
    for owner in inspect.getmro(cls) if inspect.isclass(cls) else (cls,):
        parameters = inspect.signature(owner).parameters.values() if owner is not object else ()
        names += [each.name for each in parameters if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)]
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            break
    return names


def _signature(cls: type) -> inspect.Signature:
    """With annotations as types, so that it prints without quotes; as strings where a type is not at hand."""
    try:
        return inspect.signature(cls, eval_str=True)
    except NameError:
        return inspect.signature(cls)


class Shelf(Registry):
    """A registry whose refusals say what exists, and where."""

    def __init__(self, kind: str, room: str, parent: Registry | None = None):
        super().__init__(kind, scope=SCOPE, parent=parent, locations=[room])

    def register(self, cls: type) -> type:
        """Class decorator: put ``cls`` on this shelf under its own name.

        Raises:
            UserError: the name already stands on some shelf; both addresses are named.
        """
        name = cls.__name__
        for shelf in SHELVES.values():
            held = shelf.module_dict.get(name)
            if held is not None and address(held) != address(cls):  # a module may be imported twice
                raise UserError(
                    f"the name '{name}' ({address(cls)}) is taken on shelf {shelf.name} by {address(held)}: rename one"
                )
        self._register_module(cls, force=True)
        return cls

    def import_from_location(self) -> None:
        """Import the shelf's room and, when the first shelf is filled, the installed plugins."""
        super().import_from_location()
        _load_plugins()

    def get(self, key: str) -> type:
        """The class of this name, from this shelf or from MMEngine's registry above it.

        Raises:
            UserError: no such name; the nearest names and the shelf are given.
        """
        try:
            found = super().get(key)
        except RuntimeError:
            found = None
        if found is None:
            above = self.parent.module_dict if self.parent is not None else {}
            elsewhere = [shelf for shelf in all_shelves().values() if key in shelf.module_dict]
            if elsewhere:
                hint = f"it stands on shelf {elsewhere[0].name} ({address(elsewhere[0].module_dict[key])})"
            else:
                hint = nearest(key, self.module_dict) if self.module_dict or not above else nearest(key, above)
            raise UserError(f"no '{key}' on shelf {self.name}: {hint}{unloaded_plugins()}")
        return found

    def build(self, cfg: dict[str, Any], **context: Any) -> Any:
        """Build ``dict(type=NAME, **arguments)``; ``context`` holds what only the caller knows.

        Raises:
            UserError: unknown name or wrong arguments (signature and file:line are given).
        """
        if not isinstance(cfg, dict) or "type" not in cfg:
            raise UserError(f"shelf {self.name} expects dict(type=NAME, ...), got {cfg!r}: add the type")
        arguments = {**context, **cfg}
        name = arguments.pop("type")
        cls = self.get(name) if isinstance(name, str) else name
        check_arguments(cls, arguments)
        return cls(**arguments)


SHELVES: dict[str, Shelf] = {}


def _shelf(kind: str, room: str, parent: Registry | None = None) -> Shelf:
    SHELVES[kind] = Shelf(kind, room, parent)
    return SHELVES[kind]


def all_shelves() -> dict[str, Shelf]:
    """Every shelf by its kind, filled (the rooms are imported)."""
    for shelf in SHELVES.values():
        shelf.import_from_location()
    return SHELVES


BACKBONES = _shelf("backbones", "reidzoo.models.backbones")
HEADS = _shelf("heads", "reidzoo.models.heads")
GENERATORS = _shelf("generators", "reidzoo.models.generators")
DISCRIMINATORS = _shelf("discriminators", "reidzoo.models.discriminators")
LOSSES = _shelf("losses", "reidzoo.losses")
METHODS = _shelf("methods", "reidzoo.methods", mmengine_registry.MODELS)
DATASETS = _shelf("datasets", "reidzoo.data", mmengine_registry.DATASETS)
TRANSFORMS = _shelf("transforms", "reidzoo.data", mmengine_registry.TRANSFORMS)
SAMPLERS = _shelf("samplers", "reidzoo.data", mmengine_registry.DATA_SAMPLERS)
POSE_ESTIMATORS = _shelf("pose_estimators", "reidzoo.data.poses")
METRICS = _shelf("metrics", "reidzoo.evaluation", mmengine_registry.METRICS)
HOOKS = _shelf("hooks", "reidzoo.engine", mmengine_registry.HOOKS)
LOOPS = _shelf("loops", "reidzoo.engine", mmengine_registry.LOOPS)
OPTIM_WRAPPERS = _shelf("optim_wrappers", "reidzoo.engine", mmengine_registry.OPTIM_WRAPPERS)
OPTIM_WRAPPER_CONSTRUCTORS = _shelf(
    "optim_wrapper_constructors", "reidzoo.engine", mmengine_registry.OPTIM_WRAPPER_CONSTRUCTORS
)

#: one sentence for each installed plugin that did not load; None before they were looked for
_unloaded: list[str] | None = None


def unloaded_plugins() -> str:
    """What the sentence on an unknown name ends with: the plugins that might have brought it, or nothing."""
    return "".join(f"; {sentence}" for sentence in _unloaded or ())


def _load_plugins() -> None:
    """Import every installed plugin, once; one that fails is warned of and leaves nothing on the shelves."""
    global _unloaded
    if _unloaded is not None:
        return
    _unloaded = []  # first of all: a plugin may look at a shelf while it is imported
    plugins = entry_points(group=PLUGIN_GROUP)
    if plugins:
        for shelf in SHELVES.values():
            shelf.import_from_location()  # reidzoo's own names stand before a plugin can take one
    for plugin in plugins:
        problem = _load_plugin(plugin)
        if problem:
            _unloaded.append(problem)
            warnings.warn(problem, RuntimeWarning, stacklevel=2)


def _load_plugin(plugin: EntryPoint) -> str | None:
    """Import one plugin wholly or not at all; the sentence on what went wrong, if anything did."""
    held = {kind: dict(shelf.module_dict) for kind, shelf in SHELVES.items()}
    try:
        plugin.load()
    except Exception as error:  # foreign code fails in every way there is, and must not take other plugins down
        for kind, shelf in SHELVES.items():
            shelf.module_dict.clear()
            shelf.module_dict.update(held[kind])
        package = f"{plugin.dist.name} {plugin.dist.version}"
        return f"plugin '{plugin.name}' of package {package} did not load ({_in_one_line(error)}): mend or uninstall it"
    return None


def import_modules_of_user(custom_imports: Any) -> None:
    """Import what a config names in ``custom_imports=dict(imports=[...])``, after reidzoo's own rooms and the plugins.

    Raises:
        UserError: ``custom_imports`` is of another form, a module is not found, fails, or takes a name that is taken.
    """
    names = custom_imports.get("imports") if isinstance(custom_imports, dict) and len(custom_imports) == 1 else None
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise UserError(f"custom_imports is dict(imports=[MODULE, ...]) and nothing else, got {custom_imports!r}")
    all_shelves()
    for name in names:
        try:
            import_module(name)
        except UserError:
            raise
        except ModuleNotFoundError as error:
            raise UserError(
                f"custom_imports names '{name}', and Python finds no module '{error.name}': "
                "put its folder on PYTHONPATH or install the package"
            ) from error
        except Exception as error:  # a module of the user's may fail in every way there is
            raise UserError(
                f"custom_imports names '{name}', which does not load ({_in_one_line(error)}): "
                f"python -c 'import {name}' shows where"
            ) from error


def _in_one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
