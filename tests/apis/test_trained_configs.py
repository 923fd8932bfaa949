"""Shipped configs that learn beside a network of an earlier stage: the same network, and its last checkpoint."""

import math
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest

from reidzoo.apis.configs import read_config
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_smoke import write_smoke_configs
from reidzoo.apis.stage_weights import watched_stages
from reidzoo.apis.trained_weights import run_of, trained_weights
from reidzoo.base.errors import UserError
from reidzoo.registry import METHODS

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = {path.stem: path.relative_to(ROOT) for path in sorted((ROOT / "configs").glob("*/*_*_*.py"))}
LEARNERS = [path for path in CONFIGS.values() if '_weights="work_dirs/' in path.read_text()]


def without_weights(node):
    """A network as it is built, whatever it starts from."""
    if not isinstance(node, dict):
        return node
    return {key: without_weights(value) for key, value in node.items() if key != "weights"}


def test_there_are_some():
    assert Path("configs/dgnet/dgnet_resnet50_market1501.py") in LEARNERS


@pytest.mark.parametrize("path", LEARNERS, ids=str)
def test_a_config_names_the_last_checkpoint_of_the_network_that_it_describes(path):
    cfg = read_config(path)
    for option, file in trained_weights(cfg).items():
        earlier = read_config(CONFIGS[run_of(file)])
        assert file == f"work_dirs/{run_of(file)}/seed0/epoch_{earlier.train_cfg.max_epochs}.pth"
        network = without_weights(reduce(getitem, option.removesuffix("_weights").split("."), cfg.to_dict()))
        trained = without_weights(earlier.model.to_dict())
        assert network == {key: trained[key] for key in network}, "whatever it describes of it: no losses, say"
        assert watched_stages([earlier, cfg]) == [{}, {option: 0}]
        command = next(line for line in path.read_text().splitlines() if "tools/run_stages.py" in line)
        assert 0 < command.find(f" {CONFIGS[run_of(file)]} ") < command.find(f" {path}"), "one command for all stages"


@pytest.mark.slow
def test_both_stages_in_small(tmp_path):
    teacher, student = (CONFIGS[f"{name}_osnet-x0-25_synthped-day"] for name in ("dgnet-teacher", "dgnet"))
    lines = []
    copies = write_smoke_configs([teacher, student], tmp_path / "smoke")
    checkpoint = train_stages(copies, seed=1, work_dir=tmp_path / "smoke", report=lines.append)
    assert checkpoint.is_file()
    (tested,) = [line for line in lines if "mAP_step" in line]
    assert "dgnet-teacher" in tested


def test_a_config_can_ask_for_the_fine_view_alone(tmp_path):
    cfg = read_config(CONFIGS["dgnet-fine_osnet-x0-25_synthped-day"])
    cfg.dump(str(tmp_path / "left.py"))  # as a run does
    model = read_config(tmp_path / "left.py").model
    model.backbone.weights = None
    assert METHODS.build({**model, "num_pids": 3}).alpha == math.inf
    with pytest.raises(UserError, match=r"alpha weighs the second half of a feature and is at least 0 .*, got fine"):
        METHODS.build({**model, "num_pids": 3, "alpha": "fine"})
