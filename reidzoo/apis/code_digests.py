"""What a result rests on, as short digests: its configs, and the code that these name, with all that this code uses.

A digest is the same where nothing that computes differs: comments, docstrings, annotations, the sentences of errors and
the file in which a definition stands do not count. So a row of results can say what it was measured with, and
:mod:`reidzoo.apis.stale_rows` which of it has changed since.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

#: rooms whose code decides about numbers, and what people call it; what is drawn, written and called is left out, and
#: so is the engine, whose exactness (resumed runs, processes) has tests of its own
ROOMS = {"methods": "method", "models": "network", "losses": "loss", "data": "data", "base": "arithmetic"}
#: what of a config decides about numbers
CONFIG_KEYS = (
    "model",
    "train_dataloader",
    "train_cfg",
    "optim_wrapper",
    "param_scheduler",
    "test_dataloader",
    "test_evaluator",
    "test_cfg",
    "load_from",
)
LENGTH = 12
PACKAGE = Path(__file__).resolve().parents[1]


class Definition(NamedTuple):
    """A name at the top of a module."""

    module: str
    name: str


class SourceTree:
    """The definitions of a package, and which of them a definition uses.

    Args:
        sources: text by name of module, of packages by the name of the package.
    """

    def __init__(self, sources: dict[str, str]):
        self.modules = {name: _Module(text, name) for name, text in sources.items()}

    @cached_property
    def registered(self) -> dict[str, Definition]:
        """The classes that stand on a shelf, by name."""
        return {
            name: Definition(module, name)
            for module, content in self.modules.items()
            for name, node in content.definitions.items()
            if isinstance(node, ast.ClassDef) and any(_is_register(each) for each in node.decorator_list)
        }

    def digests(self, types: Iterable[str]) -> dict[str, str]:
        """For each room of ``ROOMS`` a digest of the definitions that the classes ``types`` consist of."""
        texts: dict[str, set[str]] = {room: set() for room in ROOMS}
        for definition in self.closure(self.registered[name] for name in types if name in self.registered):
            texts[_room(definition.module)].add(self.modules[definition.module].canonical(definition.name))
        return {room: _digest("\n".join(sorted(text))) for room, text in texts.items()}

    def closure(self, roots: Iterable[Definition]) -> set[Definition]:
        """``roots``, and every definition of ``ROOMS`` that they use, however far away."""
        found: set[Definition] = set()
        waiting = [root for root in roots if _room(root.module) in ROOMS]
        while waiting:
            definition = waiting.pop()
            if definition not in found:
                found.add(definition)
                waiting += self._used(definition)
        return found

    def _used(self, definition: Definition) -> Iterator[Definition]:
        for name, attribute in self.modules[definition.module].names(definition.name):
            used = self._resolve(definition.module, name, attribute)
            if used is not None and _room(used.module) in ROOMS:
                yield used

    def _resolve(self, module: str, name: str, attribute: str | None = None) -> Definition | None:
        """Where ``name`` or, of a module, ``name.attribute`` is defined; None outside the package."""
        content = self.modules.get(module)
        if content is None:
            return None
        if name in content.definitions:
            return Definition(module, name)
        if name not in content.imports:
            return None
        source, symbol = content.imports[name]
        as_module = f"{source}.{symbol}"
        if as_module in self.modules:
            return None if attribute is None else self._resolve(as_module, attribute)
        return self._resolve(source, symbol)


class _Module:
    """One file: its definitions, and where its imported names come from."""

    def __init__(self, text: str, name: str):
        self.definitions: dict[str, ast.stmt] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        for statement in ast.parse(text, name).body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                self.definitions[statement.name] = statement
            elif isinstance(statement, ast.Assign | ast.AnnAssign):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                for target in (node for each in targets for node in ast.walk(each) if isinstance(node, ast.Name)):
                    self.definitions[target.id] = statement
            elif isinstance(statement, ast.ImportFrom) and statement.module:
                self.imports |= {each.asname or each.name: (statement.module, each.name) for each in statement.names}

    @cache  # noqa: B019 (a tree lives as long as the process)
    def names(self, definition: str) -> frozenset[tuple[str, str | None]]:
        """What a definition refers to: names, and attributes of names."""
        nodes = list(ast.walk(self._bare(definition)))
        attributes = (node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
        return frozenset(
            {(node.id, None) for node in nodes if isinstance(node, ast.Name)}
            | {(node.value.id, node.attr) for node in attributes}
        )

    @cache  # noqa: B019
    def canonical(self, definition: str) -> str:
        """A definition as text that two versions of Python and two formatters agree on."""
        return _text(self._bare(definition))

    @cache  # noqa: B019
    def _bare(self, definition: str) -> ast.AST:
        return _Stripper().visit(copy.deepcopy(self.definitions[definition])) or ast.Pass()


class _Stripper(ast.NodeTransformer):
    """Takes out of a tree what does not compute."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for field in ("annotation", "returns"):
            if hasattr(node, field):
                setattr(node, field, None)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)  # docstrings

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise(exc=None, cause=None)  # that it is refused counts, not in which words

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        names = [each.id for each in node.targets if isinstance(each, ast.Name)]
        return None if names == ["smoke"] else self.generic_visit(node)  # arguments of shrunk networks


def _text(node: Any) -> str:
    """Like ``ast.dump`` without what is empty, which versions of Python show differently."""
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if name not in ("ctx", "kind", "type_comment"))
        inside = ",".join(f"{name}={_text(value)}" for name, value in fields if value not in (None, []))
        return f"{type(node).__name__}({inside})"
    if isinstance(node, list):
        return f"[{','.join(map(_text, node))}]"
    return repr(node)


def _is_register(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr.startswith("register")


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


@cache
def source_tree(package: Path = PACKAGE) -> SourceTree:
    """The sources of ``reidzoo`` in the folder ``package``, as they were when first asked for."""
    sources = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        sources[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file.read_text(encoding="utf-8")
    return SourceTree(sources)


def digests(configs: Sequence[str | Path], root: Path = Path(), package: Path = PACKAGE) -> dict[str, str]:
    """What results of ``configs`` rest on: a digest of the configs, and one for each room of ``ROOMS``.

    Args:
        configs: every stage, and what is tested.
        root: what their paths are relative to.
        package: the folder of reidzoo's code.
    """
    contents = [_config_content(root / config) for config in dict.fromkeys(map(str, configs))]
    types = {name for content in contents for name in _types(content)}
    return {"config": _digest(json.dumps(contents, sort_keys=True)), **source_tree(package).digests(types)}


@cache
def _config_content(path: Path) -> dict[str, Any]:
    content = Config.fromfile(str(path), import_custom_modules=False).to_dict()
    return json.loads(json.dumps({key: content[key] for key in CONFIG_KEYS if key in content}, default=str))


def _types(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node["type"]
        node = list(node.values())
    for each in node if isinstance(node, list) else []:
        yield from _types(each)
