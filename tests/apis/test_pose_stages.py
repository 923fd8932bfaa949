"""PG2's stages and what trains on their images: joined, drawn with the seed, refused where unfit, smoke copies."""

import json

import pytest
import torch
from mmengine.config import Config
from toy_poses import write_posed_market, write_toy_transfer
from toy_sampling import write_toy_sampler
from toy_stages import record_stages
from toy_translation import write_toy_reid

from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_smoke import write_smoke_configs
from reidzoo.apis.stage_weights import starting_stages, weights_from
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.generated_folder import GeneratedFolder

ROOT = "work_dirs/stage2/seed0/reposed-3"
OPTION = "train_dataloader.dataset.generated.root"


@pytest.fixture
def market(tmp_path):
    return write_posed_market(tmp_path / "market", train_pids=3, test_pids=2)


@pytest.fixture
def pg2(market, tmp_path):
    """Paths of the configs of both stages."""
    second = {"method": "PG2StageTwo", "allow_partial_load": ["g2.", "d."]}
    return [write_toy_transfer(tmp_path, "stage1", market), write_toy_transfer(tmp_path, "stage2", market, **second)]


@pytest.fixture
def mixed(toy_config, market):
    """Writes a config that trains CamStyle's network on real images and on those under ``root``."""

    def write(name, root=ROOT, reader="GeneratedFolder"):
        part = {"type": "Market1501", "root": str(market)}
        dataset = {"type": "RealAndGenerated", "real": part, "generated": {"type": reader, "root": root}}
        changes = {"model.type": "CamStyle", "train_dataloader.dataset": {**dataset, "_delete_": True}}
        return write_toy_reid(toy_config, name, **changes)

    return write


@pytest.fixture
def calls(monkeypatch):
    return record_stages(monkeypatch, "repose_dataset", "poses")


def test_the_second_stage_inherits_weights_and_re_id_gets_its_images(pg2, mixed, market, tmp_path, calls):
    runs, lines = tmp_path / "runs", []
    configs = [*pg2, mixed("reid")]
    train_stages(configs, seed=2, work_dir=runs, report=lines.append)
    folder = str(runs / "stage2" / "seed2" / "reposed-3")
    assert calls == [
        ("stage1", {}),
        ("stage2", {"load_from": str(runs / "stage1" / "seed2" / "epoch_1.pth")}),
        ("3 of 2 of seed 2", {"root": str(market), "out": folder, "seed": 2}),
        ("reid", {OPTION: folder}),  # and no load_from
    ]
    record = json.loads((runs / "reid" / "seed2" / "stage.json").read_text())
    assert record["images_from"] == [sha256(runs / "stage2" / "seed2" / "epoch_1.pth")]
    assert any(f"{market} is drawn in 3 poses each into" in line for line in lines)
    assert weights_from(configs) == []
    calls.clear()
    train_stages(configs, seed=2, work_dir=runs)
    assert calls == []


def test_weights_go_between_pose_transfers_only(pg2, mixed, market, tmp_path):
    sampling = write_toy_sampler(tmp_path, "gan", market)
    first, second, gan, reid = (Config.fromfile(path) for path in (*pg2, sampling, mixed("reid")))
    for before, after, inherits in ((first, second, True), (gan, first, False), (second, gan, False)):
        assert starting_stages([before, after]) == [None, 0 if inherits else None]
    assert starting_stages([first, second, reid, reid]) == [None, 0, None, 2]


@pytest.mark.parametrize(
    ("root", "reader", "got"),
    [
        ("work_dirs/stage2/seed0/translated-s2t", "GeneratedFolder", "'work_dirs/stage2/seed0/translated-s2t'"),
        ("work_dirs/stage2/seed0/reposed-0", "GeneratedFolder", "'work_dirs/stage2/seed0/reposed-0'"),
        ("work_dirs/stage1/seed0/reposed-2", "GeneratedFolder", "'work_dirs/stage1/seed0/reposed-2'"),
        (ROOT, "SampledFolder", f"SampledFolder with '{ROOT}'"),
    ],
)
def test_a_stage_that_does_not_read_the_images_is_refused(pg2, mixed, tmp_path, calls, root, reader, got):
    said = (
        f"reads a GeneratedFolder with the root 'work_dirs/stage2/seed0/' and then reposed-<number of poses>, got {got}"
    )
    with pytest.raises(UserError, match=f"{said}: correct its root"):
        train_stages([*pg2, mixed("reid", root, reader)], work_dir=tmp_path / "runs")
    assert calls == []


def test_smoke_copies_stay_joined(pg2, mixed, tmp_path):
    copies = [Config.fromfile(copy) for copy in write_smoke_configs([*pg2, mixed("reid")], tmp_path / "smoke")]
    assert copies[1].allow_partial_load == ["g2.", "d."]
    assert copies[1].train_dataloader.dataset.dataset.type == "SynthPed"
    assert copies[2].train_dataloader.dataset.generated == {"type": "GeneratedFolder", "root": ROOT}
    assert copies[2].train_dataloader.dataset.real.type == "SynthPed"


@pytest.mark.slow
def test_three_stages(pg2, mixed, tmp_path):
    last = train_stages([*pg2, mixed("reid")], work_dir=tmp_path / "runs")
    reposed = GeneratedFolder(str(tmp_path / "runs" / "stage2" / "seed0" / "reposed-3"))
    assert reposed.title == "Market1501, in other poses (3 each) by PG2StageTwo"
    assert len(reposed) == 36
    first, second = (
        torch.load(tmp_path / "runs" / name / "seed0" / "epoch_1.pth", weights_only=True)["state_dict"]
        for name in ("stage1", "stage2")
    )
    assert all(torch.equal(second[name], value) for name, value in first.items() if name.startswith("g1."))
    meta = torch.load(last, weights_only=True)["meta"]
    assert meta["dataset_meta"]["num_pids"] == 3
