"""What the shipped configs say of a method: which are its, what they are called, which parts and commands they name."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

CONFIGS = Path("configs")
#: what opens a line of a header that is no description, ``train:`` for example
LABEL = re.compile(r"(?P<label>[A-Za-z][A-Za-z0-9 -]*):\s+(?P<text>.*)")
#: what may follow a command, in parentheses
REMARK = re.compile(r"\s{2,}\((.+)\)$")
COMMAND = ("python ", "tools/", "reidzoo ")


class ShippedConfig:
    """A config file as a reader sees it: its header, and the types that it names. It is parsed and not run.

    Attributes:
        path: relative to the repository.
    """

    def __init__(self, path: Path):
        self.path = path
        self._text = path.read_text(encoding="utf-8")

    @cached_property
    def header(self) -> list[str]:
        """The comment lines at the head of the file, without their marks."""
        lines = self._text.splitlines()
        count = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
        return [line.removeprefix("#").strip() for line in lines[:count]]

    @cached_property
    def description(self) -> str:
        """What the config is: the header's first line, and the next ones where it does not end a sentence."""
        words: list[str] = []
        for line in self.header:
            if words and (words[-1].endswith(".") or LABEL.fullmatch(line)):
                break
            words.append(line)
        return " ".join(words)

    @cached_property
    def commands(self) -> list[tuple[str, str]]:
        """Label and command of the header's lines that hold one; what ends with a backslash goes on in the next."""
        found: list[tuple[str, str]] = []
        for line in self.header:
            labelled = LABEL.fullmatch(line)
            if found and found[-1][1].endswith("\\"):
                found[-1] = (found[-1][0], f"{found[-1][1]}\n    {line}")
            elif labelled and labelled["text"].startswith(COMMAND):
                found.append((labelled["label"], REMARK.sub(r"  # \1", labelled["text"])))
        return found

    @cached_property
    def types(self) -> list[str]:
        """Every ``type="..."`` of the file, in order, each once."""
        found = [_type(node) for node in ast.walk(self._tree) if isinstance(node, ast.Call)]
        return list(dict.fromkeys(name for name in found if name))

    @cached_property
    def method(self) -> str | None:
        """The type of ``model``: what the config trains."""
        for node in self._tree.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "model":
                return _type(node.value) if isinstance(node.value, ast.Call) else None
        return None

    @property
    def on_synthped(self) -> bool:
        """Whether it is of the built-in benchmark, and not of the size of the papers."""
        return "_synthped" in self.path.stem

    @cached_property
    def _tree(self) -> ast.Module:
        return ast.parse(self._text)


class MethodConfigs(NamedTuple):
    """The configs of a method, and the folder that is its own, if there is one."""

    folder: Path | None
    configs: list[ShippedConfig]


def shipped_configs() -> list[ShippedConfig]:
    """All configs under ``configs/`` but the pieces that they are made of."""
    return [ShippedConfig(path) for path in sorted(CONFIGS.glob("[!_]*/*.py"))]


def configs_of(stem: str, names: set[str], others: set[str], shipped: list[ShippedConfig]) -> MethodConfigs:
    """The configs of a method.

    They are those of the folder that is called as its file; or of the one folder, no other method's, that has all
    which train it, or else all which name it; or, where there is no such folder, the configs that name it.

    Args:
        stem: of the method's file.
        names: of its classes.
        others: stems of the files of all methods.
        shipped: what :func:`shipped_configs` gives.
    """
    naming = [config for config in shipped if names & set(config.types)]
    training = [config for config in naming if config.method in names]
    folders = {config.path.parent for config in training or naming}
    if any(config.path.parent.name == stem for config in shipped):
        folders = {CONFIGS / stem}
    if len(folders) != 1 or {folder.name for folder in folders} & (others - {stem}):
        return MethodConfigs(None, naming)
    return MethodConfigs(*folders, [config for config in shipped if config.path.parent in folders])


def plainest(configs: list[ShippedConfig], published: set[str]) -> ShippedConfig | None:
    """The config on SynthPed that shows a method without its variants: one with commands, of a name in ``published``
    if there is any, and of those the shortest."""
    found = [config for config in configs if config.on_synthped and config.commands]
    found = [config for config in found if config.path.stem in published] or found
    return min(found, key=lambda config: (len(config.path.stem), config.path), default=None)


def _type(call: ast.Call) -> str | None:
    """``X`` of ``dict(type="X", ...)``."""
    for keyword in call.keywords:
        if keyword.arg == "type" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
            return keyword.value.value
    return None
