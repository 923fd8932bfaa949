"""A method that renders and what trains on its folder: joined, drawn with the seed, refused where unfit."""

import json

import pytest
from mmengine.config import Config
from toy_market import write_toy_market
from toy_renderings import write_toy_rendering
from toy_stages import record_stages
from toy_translation import write_toy_reid

from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_weights import starting_stages
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.generated_folder import GeneratedFolder

ROOT = "work_dirs/render/seed0/rendered-2"


@pytest.fixture
def roots(tmp_path):
    return [write_toy_market(tmp_path / name, train_pids=2, test_pids=2) for name in ("source", "target")]


@pytest.fixture
def calls(monkeypatch):
    return record_stages(monkeypatch, "render_dataset", "contexts")


def test_re_id_trains_on_the_renderings_of_the_same_seed(roots, toy_config, tmp_path, calls):
    runs, lines = tmp_path / "runs", []
    configs = [write_toy_rendering(tmp_path, "render", *roots), write_toy_reid(toy_config, "reid", ROOT)]
    train_stages(configs, seed=2, work_dir=runs, report=lines.append)
    folder = str(runs / "render" / "seed2" / "rendered-2")
    assert calls == [
        ("render", {}),
        ("2 of 1 of seed 2", {"root": str(roots[0]), "out": folder, "seed": 2}),
        ("reid", {"train_dataloader.dataset.root": folder}),  # and no load_from
    ]
    record = json.loads((runs / "reid" / "seed2" / "stage.json").read_text())
    assert record["images_from"] == [sha256(runs / "render" / "seed2" / "epoch_1.pth")]
    assert any(f"persons of {roots[0]} are rendered in 2 contexts each into" in line for line in lines)


def test_weights_do_not_go_between_a_renderer_and_re_id(roots, toy_config, tmp_path):
    render = Config.fromfile(write_toy_rendering(tmp_path, "render", *roots))
    reid = Config.fromfile(write_toy_reid(toy_config, "reid", ROOT))
    assert starting_stages([reid, render, reid, reid]) == [None, None, None, 2]


@pytest.mark.parametrize("name", ["rendered-0", "rendered", "reposed-2"])
def test_a_stage_that_does_not_read_the_images_is_refused(roots, toy_config, tmp_path, calls, name):
    root = f"work_dirs/render/seed0/{name}"
    configs = [write_toy_rendering(tmp_path, "render", *roots), write_toy_reid(toy_config, "reid", root)]
    with pytest.raises(UserError, match=f"and then rendered-<number of contexts>, got '{root}': correct its root"):
        train_stages(configs, work_dir=tmp_path / "runs")
    assert calls == []


@pytest.mark.slow
def test_both_stages(roots, toy_config, tmp_path):
    reid = write_toy_reid(toy_config, "reid", ROOT)
    train_stages([write_toy_rendering(tmp_path, "render", *roots), reid], work_dir=tmp_path / "runs")
    rendered = GeneratedFolder(str(tmp_path / "runs" / "render" / "seed0" / "rendered-2"))
    assert len(rendered) == 16
    assert rendered.title == "Market1501, in other contexts (2 each) by ToyRenderer"
