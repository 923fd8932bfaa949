"""The tools as a person meets them: help, lists, and one sentence with a non-zero status."""

import subprocess
import sys
from pathlib import Path

import pytest

from reidzoo import cli

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


def test_list_shows_what_a_module_of_ones_own_registers(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{tmp_path}")
    code = "from reidzoo.registry import LOSSES\n\n\n@LOSSES.register\nclass Mine:\n    pass\n"
    (tmp_path / "mine.py").write_text(code)
    assert "mine.py:4" in run("-m", "reidzoo.cli", "list", "losses", "--import", "mine").stdout
    assert run("-m", "reidzoo.cli", "list", "--import", "absent").stderr.startswith("error: ")


def test_mistakes_end_in_one_sentence_and_status_2(tmp_path):
    result = run("-m", "reidzoo.cli", "check", tmp_path / "absent.py")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("error: no config file")
    assert run("-m", "reidzoo.cli", "list", "bakbones").stderr.startswith("error: no shelf 'bakbones', did you mean")


@pytest.fixture
def reidzoo(monkeypatch, capsys, tmp_path):
    """Run the command in this process: status, stdout, stderr."""
    monkeypatch.setenv("REIDZOO_HOME", str(tmp_path / "home"))

    def run_here(*arguments):
        monkeypatch.setattr(sys, "argv", ["reidzoo", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.console()
        return ended.value.code, *capsys.readouterr()

    return run_here


STUDIO = "osnet-x0-25_synthped-studio"


def test_info_prints_the_card(reidzoo):
    status, out, _ = reidzoo("info", STUDIO)
    assert status == 0
    for part in (STUDIO, "471,696 bytes", "51b9de34aa08", "as the repository", f'weights="zoo://{STUDIO}"'):
        assert part in out


def test_models_are_listed_by_pattern(reidzoo):
    _, everything, _ = reidzoo("list", "--models")
    status, some, _ = reidzoo("list", "--models", "osnet*studio")
    assert status == 0
    assert STUDIO in some
    assert "resnet18_synthped-studio" in everything
    assert "resnet18_synthped-studio" not in some


def test_download_needs_no_option_in_a_checkout(reidzoo, tmp_path):
    status, out, err = reidzoo("download", STUDIO)
    file = tmp_path / "home" / "checkpoints" / f"{STUDIO}.safetensors"
    assert (status, out, err) == (0, f"{STUDIO}: {file}\n", "")
    assert file.stat().st_size == 471696


def test_download_of_all_tells_which_mirror_failed(reidzoo, tmp_path):
    (tmp_path / "empty").mkdir()
    status, out, err = reidzoo("download", "all", "--mirror", tmp_path / "empty", "--to", tmp_path / "weights")
    assert status == 0
    assert (tmp_path / "weights" / f"{STUDIO}.safetensors").is_file()
    assert out.count("\n") == err.count("\n") == len(list((tmp_path / "weights").iterdir()))
    assert all(line.startswith(f"{tmp_path / 'empty'}: no '") for line in err.splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("info", "osnet-x0-25_synthped-stdo"), "error: no model 'osnet-x0-25_synthped-stdo' in the zoo, did you mean"),
        (("download", "resnet_studio"), "error: no model 'resnet_studio' in the zoo, "),
        (("download", STUDIO, "--mirror", "ftp://x"), "error: a mirror is a folder or a URL with file, http or https"),
        (("list", "--models", "zzz"), "error: no model matches 'zzz', known: "),
        (("list", "losses", "--models"), "error: list shows either a shelf or --models"),
    ],
)
def test_mistakes_about_models(reidzoo, arguments, said):
    status, out, err = reidzoo(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(said)
