"""The tools as a person meets them: help, lists, and one sentence with a non-zero status."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = sorted(path.relative_to(ROOT) for path in (ROOT / "tools").glob("*.py"))


def run(*arguments):
    return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("tool", TOOLS, ids=str)
def test_every_tool_parses_arguments_and_little_else(tool):
    source = (ROOT / tool).read_text()
    assert source.startswith('"""')
    assert source.count("\n") <= 70, f"{tool}: logic belongs into the package"


@pytest.mark.slow
@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.name != "check_environment.py"], ids=str)
def test_help_has_an_example(tool):
    result = run(tool, "--help")
    assert result.returncode == 0
    assert "example" in result.stdout


def test_list_names_shelf_and_address():
    result = run("-m", "reidzoo.cli", "list", "backbones")
    assert result.returncode == 0
    assert "OSNet" in result.stdout
    assert "reidzoo/models/backbones/osnet.py:" in result.stdout


def test_mistakes_end_in_one_sentence_and_status_2(tmp_path):
    result = run("-m", "reidzoo.cli", "check", tmp_path / "absent.py")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("error: no config file")
    assert run("-m", "reidzoo.cli", "list", "bakbones").stderr.startswith("error: no shelf 'bakbones', did you mean")
