"""The shape of the code: floors, names, sizes. A refusal names file and line."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "reidzoo"

FLOORS = [
    {"base"},
    {"registry"},
    {"data", "models", "losses", "evaluation", "visualization"},
    {"methods"},
    {"engine", "zoo"},
    {"apis"},
    {"cli"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
#: stricter than the floors: hooks meet a method through the Runner only, a method neither opens files nor scores itself
NEVER = {
    "engine": {"methods", "models", "losses", "data"},
    "zoo": {"methods", "models", "losses", "data"},
    "methods": {"data", "evaluation", "visualization"},
    "models": {"losses"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The room that a file belongs to: its first folder, or its own name at the top of the package."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[tuple[int, str]]:
    """Line and dotted name of every import of the package."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import, write reidzoo.<room>"
            assert node.names[0].name != "*", f"{path}:{node.lineno}: star import, name what you use"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return [(line, name) for line, name in found if name.split(".")[0] == "reidzoo"]


def refusals(path: Path) -> list[str]:
    """Every import of a file that goes up, sideways, or where the room must not look."""
    room, refused = room_of(path), []
    if room == "__init__":
        return []
    for line, name in imports(path):
        target = name.split(".")[1]
        if target in ("__version__", room):
            continue
        if FLOOR[target] >= FLOOR[room] or target in NEVER.get(room, set()):
            refused.append(f"{path.relative_to(ROOT)}:{line}: {room} must not import {target}")
    return refused


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    assert refusals(path) == []


def test_the_walk_refuses_an_upward_import(tmp_path, monkeypatch):
    bad = tmp_path / "reidzoo" / "models" / "bad.py"
    bad.parent.mkdir(parents=True)
    bad.write_text("from reidzoo.losses import CrossEntropy\nfrom reidzoo.base.errors import UserError\n")
    here = sys.modules[__name__]
    monkeypatch.setattr(here, "PACKAGE", tmp_path / "reidzoo")
    monkeypatch.setattr(here, "ROOT", tmp_path)
    assert refusals(bad) == ["reidzoo/models/bad.py:1: models must not import losses"]


def test_every_room_has_a_floor():
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms <= set(FLOOR), f"a new room is a decision: give {rooms - set(FLOOR)} a floor here and in docs"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_small_and_documented(path):
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert ast.get_docstring(tree), f"{path}: say in a module docstring what the file is"
    assert source.count("\n") <= 400, f"{path}: {source.count(chr(10))} lines, cut it where a reader would"
    assert path.stem not in {"utils", "util", "misc", "common", "helpers"}, f"{path}: a name that says nothing"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = node.end_lineno - node.lineno + 1
            body = length - (ast.get_docstring(node) or "").count("\n")
            assert body <= 60, f"{path}:{node.lineno}: {node.name} has {body} lines without its docstring"


def test_losses_own_no_parameter():
    for path in (PACKAGE / "losses").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"Parameter", "Linear", "Conv2d", "Embedding"}:
                pytest.fail(f"{path}:{node.lineno}: what has a parameter is a head")


def test_importing_the_package_is_free():
    code = "import sys, reidzoo; assert 'torch' not in sys.modules and 'cv2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
