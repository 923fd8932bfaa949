"""A method that swaps appearances and what trains on its images: joined, drawn with the seed, refused where unfit."""

import json

import pytest
from mmengine.config import Config
from toy_market import write_toy_market
from toy_stages import record_stages
from toy_swaps import write_toy_swap
from toy_translation import write_toy_reid

from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_weights import starting_stages
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.generated_folder import GeneratedFolder

ROOT = "work_dirs/swap/seed0/swapped-2"


@pytest.fixture
def market(tmp_path):
    return write_toy_market(tmp_path / "market", train_pids=3, test_pids=2)


@pytest.fixture
def calls(monkeypatch):
    return record_stages(monkeypatch, "swap_dataset", "structures")


def test_re_id_trains_on_the_swaps_of_the_same_seed(market, toy_config, tmp_path, calls):
    runs, lines = tmp_path / "runs", []
    configs = [write_toy_swap(tmp_path, "swap", market), write_toy_reid(toy_config, "reid", ROOT)]
    train_stages(configs, seed=2, work_dir=runs, report=lines.append)
    folder = str(runs / "swap" / "seed2" / "swapped-2")
    assert calls == [
        ("swap", {}),
        ("2 of 1 of seed 2", {"root": str(market), "out": folder, "seed": 2}),
        ("reid", {"train_dataloader.dataset.root": folder}),  # and no load_from
    ]
    record = json.loads((runs / "reid" / "seed2" / "stage.json").read_text())
    assert record["images_from"] == [sha256(runs / "swap" / "seed2" / "epoch_1.pth")]
    assert any(f"{market} is drawn in 2 structures each into" in line for line in lines)


def test_weights_do_not_go_between_a_swap_and_other_re_id(market, toy_config, tmp_path):
    swap = Config.fromfile(write_toy_swap(tmp_path, "swap", market))
    reid = Config.fromfile(write_toy_reid(toy_config, "reid", ROOT))
    assert starting_stages([reid, swap, reid, reid]) == [None, None, None, 2]


@pytest.mark.parametrize("name", ["swapped-0", "swapped", "reposed-2"])
def test_a_stage_that_does_not_read_the_images_is_refused(market, toy_config, tmp_path, calls, name):
    root = f"work_dirs/swap/seed0/{name}"
    configs = [write_toy_swap(tmp_path, "swap", market), write_toy_reid(toy_config, "reid", root)]
    with pytest.raises(UserError, match=f"and then swapped-<number of structures>, got '{root}': correct its root"):
        train_stages(configs, work_dir=tmp_path / "runs")
    assert calls == []


@pytest.mark.slow
def test_both_stages(market, toy_config, tmp_path):
    sgd = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.01}}
    swap = write_toy_swap(tmp_path, "swap", market, optim_wrapper=sgd)
    train_stages([swap, write_toy_reid(toy_config, "reid", ROOT)], work_dir=tmp_path / "runs")
    swapped = GeneratedFolder(str(tmp_path / "runs" / "swap" / "seed0" / "swapped-2"))
    assert len(swapped) == 24
