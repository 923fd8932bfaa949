"""Names from outside: installed packages through the entry-point group, modules through ``custom_imports``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reidzoo import registry
from reidzoo.apis.configs import read_config
from reidzoo.base.errors import UserError
from reidzoo.registry import BACKBONES, LOSSES, SHELVES, address, all_shelves, import_modules_of_user

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "plugin"
CONFIG = EXAMPLE / "configs" / "relight_convnet_synthped-day.py"

LOSS = """
from torch import nn
from reidzoo.registry import LOSSES

@LOSSES.register
class {name}(nn.Module):
    '''Nothing is lost.'''
"""


@pytest.fixture(autouse=True)
def _shelves_before_plugins(monkeypatch):
    """Every test fills the shelves anew and leaves them as they were."""
    all_shelves()
    held = {kind: dict(shelf.module_dict) for kind, shelf in SHELVES.items()}
    modules = set(sys.modules)
    monkeypatch.setattr(registry, "_unloaded", None)
    yield
    for kind, shelf in SHELVES.items():
        shelf.module_dict.clear()
        shelf.module_dict.update(held[kind])
    for name in set(sys.modules) - modules:
        if name.startswith("fake_"):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """``install(package, source)``: a package of one module, laid out as pip leaves it."""

    def add(package, source):
        site = tmp_path / package  # a folder of the package's own name, as a checkout has it
        (site / package).mkdir(parents=True)
        (site / package / "__init__.py").write_text(source)
        metadata = site / f"{package}-1.2.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (metadata / "entry_points.txt").write_text(f"[reidzoo.plugins]\nparts = {package}\n")
        monkeypatch.syspath_prepend(site)

    return add


def test_an_installed_package_stands_on_the_shelves_with_its_address(install):
    install("fake_losses", LOSS.format(name="FakeLoss"))
    assert address(LOSSES.get("FakeLoss")) == "fake_losses/__init__.py:5"
    assert "FakeLoss" in all_shelves()["losses"].module_dict


def test_plugins_are_loaded_once_and_may_look_at_shelves_meanwhile(install, tmp_path):
    log = tmp_path / "log"
    install(
        "fake_curious",
        f"from reidzoo.registry import BACKBONES\nBACKBONES.get('OSNet')\nopen({str(log)!r}, 'a').write('loaded')\n",
    )
    for _ in range(2):
        all_shelves()
    assert log.read_text() == "loaded"


def test_a_plugin_that_fails_is_warned_of_and_takes_nothing_down(install):
    install("fake_broken", LOSS.format(name="FakeHalf") + "raise RuntimeError('no\\nluck')\n")
    install("fake_losses", LOSS.format(name="FakeLoss"))
    said = r"plugin 'parts' of package fake_broken 1.2 did not load \(RuntimeError: no luck\)"
    with pytest.warns(RuntimeWarning, match=said):
        all_shelves()
    assert LOSSES.get("FakeLoss")
    with pytest.raises(UserError, match=f"no 'FakeHalf' on shelf losses: .*; {said}"):
        LOSSES.get("FakeHalf")


def test_a_config_that_needs_a_broken_plugin_says_so(install, toy_config):
    install("fake_broken", "import absent_module\n")
    with pytest.warns(RuntimeWarning, match="fake_broken"):
        read_config(toy_config())  # needs nothing of it
    config = toy_config(**{"model.loss": {"type": "FakeLoss"}})
    with pytest.raises(
        UserError, match=r"no 'FakeLoss' on shelf losses.*fake_broken 1.2 .*No module named 'absent_mod"
    ):
        read_config(config)


def test_a_name_of_reidzoo_cannot_be_taken(install):
    install("fake_impostor", LOSS.format(name="OSNet"))
    said = r"fake_impostor 1.2 .*'OSNet' \(fake_impostor/__init__.py:5\) is taken on shelf backbones by reidzoo/models/"
    with pytest.warns(RuntimeWarning, match=said):
        assert address(BACKBONES.get("OSNet")).startswith("reidzoo/")


def test_custom_imports_come_after_the_names_of_reidzoo(tmp_path, monkeypatch):
    (tmp_path / "fake_custom.py").write_text(LOSS.format(name="OSNet"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"'OSNet' \(fake_custom.py:5\) is taken on shelf backbones by reidzoo/models"):
        import_modules_of_user({"imports": ["fake_custom"]})


@pytest.mark.parametrize(
    ("custom_imports", "said"),
    [
        ({"imports": ["fake_absent"]}, "Python finds no module 'fake_absent': put its folder on PYTHONPATH"),
        ({"imports": ["fake_wrong"]}, r"'fake_wrong', which does not load \(ZeroDivisionError: .*python -c"),
        ({"imports": "fake_wrong"}, r"custom_imports is dict\(imports=\[MODULE, ...\]\) and nothing else"),
        ({"imports": ["math"], "allow_failed_imports": True}, "and nothing else, got .*allow_failed_imports"),
        (["math"], r"nothing else, got \['math'\]"),
    ],
)
def test_wrong_custom_imports(tmp_path, monkeypatch, custom_imports, said):
    (tmp_path / "fake_wrong.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=said):
        import_modules_of_user(custom_imports)


@pytest.fixture(scope="module")
def run_with_example(tmp_path_factory):
    """``run_with_example(*arguments)``: python in an environment where pip has installed the example."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, folder / "source")  # building leaves files beside the sources
    command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    command += ["--no-build-isolation", "--target", folder / "site", folder / "source"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder / "site")}

    def run(*arguments):
        result = subprocess.run(
            [sys.executable, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, env=environment
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    run(*command)
    return run


@pytest.mark.slow
def test_the_example_is_listed_with_its_files(run_with_example):
    listed = run_with_example("-m", "reidzoo.cli", "list")
    for name, file in (
        ("RelightConvNet", "backbone"),
        ("ColourGenerator", "generator"),
        ("LightPatchDiscriminator", "discriminator"),
        ("LeastSquaresScore", "loss"),
        ("RelitImagesHook", "hook"),
        ("Relight", "method"),
    ):
        line = next(line for line in listed.splitlines() if line.startswith(f"| {name} "))
        assert f"reidzoo_relight/{file}.py:" in line


@pytest.mark.slow
def test_the_example_trains_two_steps_and_is_tested(run_with_example, tmp_path):
    run_with_example("tools/train.py", CONFIG, "--smoke", "--work-dir", tmp_path)
    assert (tmp_path / "relit_epoch_1.png").is_file()  # its hook
    assert "mAP_step" in run_with_example("tools/test.py", CONFIG, tmp_path / "epoch_1.pth", "--smoke")


@pytest.mark.slow
def test_the_tests_of_the_example_pass(run_with_example):
    assert "passed" in run_with_example("-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests")


@pytest.mark.slow
def test_the_example_trains_on_two_processes_as_one_method(run_with_example, tmp_path):
    """Each process has its own images; what they learn of them is exchanged, for each network."""
    script = tmp_path / "train_two.py"
    script.write_text(
        "import hashlib, os, sys\n"
        "from reidzoo.apis.training import train\n"
        "model = train(sys.argv[1], work_dir=sys.argv[2], launcher='pytorch', smoke=True).model\n"
        "digest = hashlib.sha256()\n"
        "for _, parameter in sorted(model.module.named_parameters()):\n"
        "    digest.update(parameter.detach().numpy().tobytes())\n"
        "rank = os.environ['RANK']\n"
        "open(f'{sys.argv[2]}/digest-{rank}', 'w').write(f'{type(model).__name__} {digest.hexdigest()}')\n"
    )
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run_with_example(*launch, script, CONFIG, tmp_path / "run")
    digests = [(tmp_path / "run" / f"digest-{rank}").read_text() for rank in (0, 1)]
    assert digests[0] == digests[1]
    assert digests[0].startswith("SeparateDistributedDataParallel ")
    run_with_example("tools/test.py", CONFIG, tmp_path / "run" / "epoch_1.pth", "--smoke")
