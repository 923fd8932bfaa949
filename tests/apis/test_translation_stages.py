"""A translation and what trains on its images: joined, skipped, noticed when it changes, refused where unfit."""

import json
import shutil
from pathlib import Path

import pytest
from mmengine.config import Config
from toy_stages import record_training
from toy_translation import write_toy_reid, write_toy_translation

from reidzoo.apis import generator_stages
from reidzoo.apis.results import side_by_side_table
from reidzoo.apis.side_by_side import run_side_by_side
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_smoke import write_smoke_configs
from reidzoo.apis.stage_weights import weights_from
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256

ROOT = "work_dirs/gan/seed0/translated-s2t"


@pytest.fixture
def gan(toy_market, tmp_path):
    """Path of a config of a translation between the toy data and itself."""
    return write_toy_translation(tmp_path, "gan", toy_market, toy_market)


@pytest.fixture
def calls(monkeypatch):
    """What is trained and translated, in order, with nothing done but a checkpoint written: ``(what, options)``."""
    made = record_training(monkeypatch)

    def translate(config, checkpoint, source_root, out, *, direction, report):
        made.append((f"{direction} of {Path(checkpoint).read_text()}", {"in": source_root, "out": str(out)}))

    monkeypatch.setattr(generator_stages, "translate_dataset", translate)
    return made


def test_the_stage_after_a_translation_trains_on_its_images(gan, toy_config, toy_market, tmp_path, calls):
    runs, lines = tmp_path / "runs", []
    configs = [gan, write_toy_reid(toy_config, "reid", ROOT)]
    train_stages(configs, seed=2, work_dir=runs, report=lines.append)
    folder = str(runs / "gan" / "seed2" / "translated-s2t")
    assert calls == [
        ("gan", {}),
        ("s2t of 1 of seed 2", {"in": str(toy_market), "out": folder}),
        ("reid", {"train_dataloader.dataset.root": folder}),  # and no load_from
    ]
    record = json.loads((runs / "reid" / "seed2" / "stage.json").read_text())
    assert record["started_from"] is None
    assert record["images_from"] == [sha256(runs / "gan" / "seed2" / "epoch_1.pth")]
    assert record["training"]["train_dataloader"]["dataset"]["root"] == ROOT, "as it is written"
    assert any("is translated into" in line for line in lines)


def test_what_is_done_is_not_translated_again(gan, toy_config, tmp_path, calls):
    configs, runs = [gan, write_toy_reid(toy_config, "reid", ROOT)], tmp_path / "runs"
    last = train_stages(configs, work_dir=runs)
    calls.clear()
    assert train_stages(configs, work_dir=runs) == last
    (runs / "gan" / "seed0" / "epoch_1.pth").rename(tmp_path / "kept.pth")
    (runs / "gan" / "seed0" / "epoch_1.pth").write_text("trained anew")
    with pytest.raises(UserError, match="were drawn by other checkpoints than today's"):
        train_stages(configs, work_dir=runs)
    shutil.rmtree(runs / "gan")
    assert train_stages(configs, work_dir=runs) == last
    assert calls == []


def test_a_third_stage_goes_on_from_the_second_with_the_images_of_the_first(
    gan, toy_config, toy_market, tmp_path, calls
):
    both = {
        "type": "RealAndGenerated",
        "real": {"type": "Market1501", "root": str(toy_market)},
        "generated": {"type": "GeneratedFolder", "root": ROOT},
        "_delete_": True,
    }
    third = write_toy_reid(toy_config, "third", **{"train_dataloader.dataset": both})
    configs = [gan, write_toy_reid(toy_config, "second", ROOT), third]
    train_stages(configs[:2], work_dir=tmp_path)
    calls.clear()
    shutil.rmtree(tmp_path / "gan")
    train_stages(configs, work_dir=tmp_path)  # the third needs the images, and therefore the first again
    assert [what for what, _ in calls] == ["gan", "s2t of 1 of seed 0", "third"]
    assert calls[-1][1] == {
        "train_dataloader.dataset.generated.root": str(tmp_path / "gan" / "seed0" / "translated-s2t"),
        "load_from": str(tmp_path / "second" / "seed0" / "epoch_1.pth"),
    }
    assert weights_from(configs) == [configs[1]]
    assert weights_from(configs[:2]) == []
    assert weights_from([configs[1], configs[2]]) == [configs[1]]


@pytest.mark.parametrize(
    ("root", "got"),
    [
        (None, "got none"),
        ("work_dirs/gan/seed0/translated-s2s", "got 'work_dirs/gan/seed0/translated-s2s'"),
        ("work_dirs/other/seed0/translated-s2t", "got 'work_dirs/other/seed0/translated-s2t'"),
        ("data/translated", "got 'data/translated'"),
    ],
)
def test_a_stage_that_does_not_read_the_images_is_refused(gan, toy_config, tmp_path, calls, root, got):
    configs = [gan, write_toy_reid(toy_config, "reid", root)]
    with pytest.raises(UserError, match=f"'work_dirs/gan/seed0/' and then translated-s2t, translated-t2s or .*{got}"):
        train_stages(configs, work_dir=tmp_path / "runs")
    assert calls == []


def test_the_other_direction_translates_the_target(toy_config, toy_market, tmp_path, calls):
    configs = [
        write_toy_translation(tmp_path, "gan", "nowhere", toy_market),
        write_toy_reid(toy_config, "reid", ROOT.replace("s2t", "t2s")),
    ]
    train_stages(configs, work_dir=tmp_path / "runs")
    assert calls[1][0].startswith("t2s")
    assert calls[1][1]["in"] == str(toy_market)


def test_a_smoke_copy_keeps_its_folder_of_images(gan, toy_config, tmp_path):
    reid = write_toy_reid(toy_config, "reid", ROOT, allow_partial_load=["head."])
    left = tmp_path / "smoke" / "reid" / "seed0"
    left.mkdir(parents=True)
    copies = [Config.fromfile(copy) for copy in write_smoke_configs([gan, reid], tmp_path / "smoke")]
    assert not left.exists()
    assert [copy.train_dataloader.num_batch_per_epoch for copy in copies] == [2, 2]
    assert copies[1].train_dataloader.dataset.root == ROOT
    assert copies[1].allow_partial_load == ["head."]


@pytest.mark.slow
def test_both_stages_beside_direct_transfer(gan, toy_config, tmp_path):
    configs = [gan, write_toy_reid(toy_config, "reid", ROOT)]
    rows = run_side_by_side(configs, [write_toy_reid(toy_config, "direct")], work_dir=tmp_path / "runs")
    assert [Path(row["config"]).stem for row in rows] == ["reid", "direct"]
    manifest = json.loads((tmp_path / "runs" / "gan" / "seed0" / "translated-s2t" / "manifest.json").read_text())
    assert len(manifest["images"]) == 24
    heading, *lines = [line for line in side_by_side_table(rows).splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in heading.split("|")[3:-1]] == [
        "mAP (step)",
        "mAP (official)",
        "rank-1",
        "rank-5",
        "rank-10",
    ]
    assert [line.split()[1] for line in lines] == ["reid", "direct"]
