"""Stages on toy data: chained, skipped, resumed, and refused where a folder holds something else."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from reidzoo.apis import stages
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stages import first_difference, require_alike, stage_of
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.weights import read_checkpoint


@pytest.fixture
def named(toy_config):
    """Write a toy config of one epoch under a name of its own."""

    def write(name, **changes):
        path = toy_config(**{"train_cfg.max_epochs": 1, **changes})
        return str(shutil.copy(path, path.with_name(f"{name}.py")))

    return write


def tensors(checkpoint):
    return read_checkpoint(checkpoint)["state_dict"]


def test_a_stage_starts_from_the_one_before(named, tmp_path):
    still = {"optim_wrapper.optimizer.lr": 0.0}
    lines = []
    last = train_stages([named("one"), named("two", **still)], seed=1, work_dir=tmp_path / "runs", report=lines.append)
    assert last == tmp_path / "runs" / "two" / "seed1" / "epoch_1.pth"
    first, second = tensors(tmp_path / "runs" / "one" / "seed1" / "epoch_1.pth"), tensors(last)
    weights = [name for name in first if name.endswith(("weight", "bias"))]
    assert all(torch.equal(first[name], second[name]) for name in weights)
    assert "one/seed1/epoch_1.pth" in lines[1]
    assert json.loads((tmp_path / "runs" / "one" / "seed1" / "run.json").read_text())["seed"] == 1


def test_what_is_done_is_skipped_and_needs_no_earlier_stage(named, tmp_path, monkeypatch):
    configs = [named("one"), named("two")]
    last = train_stages(configs, work_dir=tmp_path / "runs")
    monkeypatch.setattr(stages, "train", lambda *arguments, **settings: pytest.fail("nothing is left to train"))
    lines = []
    assert train_stages(configs, work_dir=tmp_path / "runs", report=lines.append) == last
    assert all("skipped" in line for line in lines)
    shutil.rmtree(tmp_path / "runs" / "one")
    assert train_stages(configs, work_dir=tmp_path / "runs") == last


def test_an_interrupted_stage_is_resumed_from_itself(named, tmp_path):
    configs = [named("one"), named("two", **{"train_cfg.max_epochs": 2})]
    whole = tensors(train_stages(configs, work_dir=tmp_path / "runs"))
    folder = tmp_path / "runs" / "two" / "seed0"
    (folder / "epoch_2.pth").unlink()
    (folder / "last_checkpoint").write_text(str(folder / "epoch_1.pth"))
    lines = []
    resumed = tensors(train_stages(configs, work_dir=tmp_path / "runs", report=lines.append))
    assert "resumed from epoch_1.pth" in lines[1]
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_folder_of_another_run_is_refused(named, tmp_path):
    work_dir = tmp_path / "runs"
    configs = [named("one"), named("two")]
    train_stages(configs, work_dir=work_dir)
    named("two", **{"optim_wrapper.optimizer.lr": 0.5})
    with pytest.raises(UserError, match=r"two.py' has changed .*optim_wrapper.optimizer.lr: 0.01 and 0.5.*move"):
        train_stages(configs, work_dir=work_dir)
    named("two")
    (work_dir / "one" / "seed0" / "stage.json").rename(tmp_path / "kept.json")
    with pytest.raises(UserError, match=r"no stage\.json"):
        train_stages(configs[:1], work_dir=work_dir)
    (tmp_path / "kept.json").rename(work_dir / "one" / "seed0" / "stage.json")
    (work_dir / "one" / "seed0" / "epoch_1.pth").write_bytes(b"trained anew")
    with pytest.raises(UserError, match="did not start from today's"):
        train_stages(configs, work_dir=work_dir)


def test_the_first_stage_keeps_its_own_start(named, tmp_path):
    start = train_stages([named("one")], work_dir=tmp_path / "runs")
    config = named("two", load_from=str(start), **{"train_cfg.max_epochs": 2})
    whole = tensors(train_stages([config], work_dir=tmp_path / "whole"))
    folder = tmp_path / "whole" / "two" / "seed0"
    (folder / "epoch_2.pth").unlink()
    (folder / "last_checkpoint").write_text(str(folder / "epoch_1.pth"))
    resumed = tensors(train_stages([config], work_dir=tmp_path / "whole"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole), "resumed from its own, not from load_from"
    assert json.loads((folder / "stage.json").read_text())["started_from"] == sha256(start)


def test_mistakes(named, tmp_path):
    config = named("one")
    for configs in ([], [config, config]):
        with pytest.raises(UserError, match="different names"):
            train_stages(configs, work_dir=tmp_path / "runs")
    text = (
        Path(config).read_text().replace("max_epochs=1", "max_iters=1").replace("SeededEpochLoop", "IterBasedTrainLoop")
    )
    Path(config).write_text(text)
    with pytest.raises(UserError, match="trains no epochs"):
        train_stages([config], work_dir=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_configs_that_train_alike(named):
    plain = named("plain")
    require_alike(plain, named("elsewhere", **{"test_dataloader.batch_size": 3}))
    with pytest.raises(UserError, match=r"train differently \(model.head.hidden: 16 and 8\)"):
        require_alike(plain, named("other", **{"model.head.hidden": 8}))
    require_alike("configs/ide/ide_osnet-x0-25_synthped-day.py", "configs/ide/ide_osnet-x0-25_synthped-day2dusk.py")
    with pytest.raises(UserError, match=r"dataset\.root: 'data/synthped-day' and 'data/synthped-dusk'"):
        require_alike("configs/ide/ide_osnet-x0-25_synthped-day.py", "configs/ide/ide_osnet-x0-25_synthped-dusk.py")


def test_the_first_difference():
    assert first_difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) is None
    assert first_difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == "a.1.b: 2 and 3"
    assert first_difference({"a": [1]}, {"a": [1, 2]}) == "a: [1] and [1, 2]"
    assert first_difference({}, {"a": 0}) == "a: None and 0"


def test_the_folder_of_a_stage(tmp_path):
    stage = stage_of("configs/x/x_net_data.py", 2, tmp_path)
    assert stage.folder == tmp_path / "x_net_data" / "seed2"
    assert stage.checkpoint is None
