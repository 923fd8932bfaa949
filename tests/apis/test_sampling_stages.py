"""A GAN and what trains on its images: joined, skipped, noticed when it changes, refused where unfit, in a table."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from toy_sampling import write_toy_sampler
from toy_stages import record_training
from toy_translation import write_toy_reid, write_toy_translation

from reidzoo.apis import generator_stages
from reidzoo.apis.results import read_row
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_smoke import SAMPLES, write_smoke_configs
from reidzoo.apis.stage_weights import starting_stages, weights_from
from reidzoo.apis.table_runs import run_table
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets import SampledFolder

ROOT = "work_dirs/gan/seed0/sampled-7"


@pytest.fixture
def gan(toy_market, tmp_path):
    """Path of a config of a GAN that learns the toy data."""
    return write_toy_sampler(tmp_path, "gan", toy_market)


@pytest.fixture
def mixed(toy_config, toy_market):
    """Writes a config that trains LSRO, or another method, on the toy data beside the samples under ``root``."""

    def write(name, root=ROOT, reader="SampledFolder", method="LSRO"):
        resize = {"type": "Resize", "height": 32, "width": 16}
        dataset = {
            "type": "RealAndGenerated",
            "real": {"type": "Market1501", "root": str(toy_market), "transforms": [resize]},
            "generated": {"type": reader, "root": root, "transforms": [resize]},
            "_delete_": True,
        }
        changes = {"model.type": method, "train_dataloader.dataset": dataset}
        return write_toy_reid(toy_config, name, **changes)

    return write


@pytest.fixture
def calls(monkeypatch):
    """What is trained and sampled, in order, with nothing done but a checkpoint written: ``(what, options)``."""
    made = record_training(monkeypatch)

    def sample(config, checkpoint, out, *, count, seed, report):
        made.append((f"{count} of {Path(checkpoint).read_text()}", {"out": str(out), "seed": seed}))

    monkeypatch.setattr(generator_stages, "sample_images", sample)
    return made


def test_the_stage_after_a_gan_trains_on_its_images(gan, mixed, tmp_path, calls):
    runs, lines = tmp_path / "runs", []
    train_stages([gan, mixed("lsro")], seed=2, work_dir=runs, report=lines.append)
    folder = str(runs / "gan" / "seed2" / "sampled-7")
    assert calls == [
        ("gan", {}),
        ("7 of 1 of seed 2", {"out": folder, "seed": 2}),
        ("lsro", {"train_dataloader.dataset.generated.root": folder}),  # and no load_from
    ]
    record = json.loads((runs / "lsro" / "seed2" / "stage.json").read_text())
    assert record["started_from"] is None
    assert record["images_from"] == [sha256(runs / "gan" / "seed2" / "epoch_1.pth")]
    assert record["training"]["train_dataloader"]["dataset"]["generated"]["root"] == ROOT, "as it is written"
    assert any("7 images are sampled into" in line for line in lines)


def test_what_is_done_is_not_sampled_again(gan, mixed, tmp_path, calls):
    configs, runs = [gan, mixed("lsro")], tmp_path / "runs"
    last = train_stages(configs, work_dir=runs)
    calls.clear()
    assert train_stages(configs, work_dir=runs) == last
    (runs / "gan" / "seed0" / "epoch_1.pth").write_text("trained anew")
    with pytest.raises(UserError, match="were drawn by other checkpoints than today's"):
        train_stages(configs, work_dir=runs)
    shutil.rmtree(runs / "gan")
    assert train_stages(configs, work_dir=runs) == last
    assert calls == []


def test_each_later_stage_gets_as_many_images_as_it_names(gan, mixed, tmp_path, calls):
    second = mixed("second")
    configs = [gan, second, mixed("third", ROOT.replace("-7", "-9"))]
    train_stages(configs, work_dir=tmp_path)
    assert [what for what, _ in calls] == ["gan", "7 of 1 of seed 0", "9 of 1 of seed 0", "second", "third"]
    assert calls[-1][1] == {
        "train_dataloader.dataset.generated.root": str(tmp_path / "gan" / "seed0" / "sampled-9"),
        "load_from": str(tmp_path / "second" / "seed0" / "epoch_1.pth"),
    }
    assert weights_from(configs) == [second]
    assert weights_from(configs[:2]) == []


def test_weights_go_from_a_generator_to_its_like_only(gan, mixed, toy_market, tmp_path):
    paths = [gan, write_toy_translation(tmp_path, "cyclegan", toy_market, toy_market), mixed("lsro")]
    sampling, translation, reid = (Config.fromfile(path) for path in paths)
    for before, after, inherits in (
        (sampling, sampling, True),
        (translation, translation, True),
        (reid, reid, True),
        (sampling, translation, False),
        (translation, sampling, False),
        (sampling, reid, False),
        (translation, reid, False),
    ):
        assert starting_stages([before, after]) == [None, 0 if inherits else None]


@pytest.mark.parametrize(
    ("root", "reader", "got"),
    [
        ("work_dirs/gan/seed0/translated-s2t", "SampledFolder", "got 'work_dirs/gan/seed0/translated-s2t'"),
        ("work_dirs/gan/seed0/sampled-0", "SampledFolder", "got 'work_dirs/gan/seed0/sampled-0'"),
        ("work_dirs/gan/seed0/sampled-many", "SampledFolder", "got 'work_dirs/gan/seed0/sampled-many'"),
        ("work_dirs/other/seed0/sampled-7", "SampledFolder", "got 'work_dirs/other/seed0/sampled-7'"),
        ("sampled-7", "SampledFolder", "got 'sampled-7'"),
        (ROOT, "GeneratedFolder", f"got GeneratedFolder with '{ROOT}'"),
        ("data/real", "Market1501", "got none"),
    ],
)
def test_a_stage_that_does_not_read_the_samples_is_refused(gan, mixed, tmp_path, calls, root, reader, got):
    said = f"it reads a SampledFolder with the root 'work_dirs/gan/seed0/' and then sampled-<number of images>, {got}"
    with pytest.raises(UserError, match=f"{said}: correct its root"):
        train_stages([gan, mixed("lsro", root, reader)], work_dir=tmp_path / "runs")
    assert calls == []


def test_a_stage_after_a_translation_reads_no_samples(toy_market, mixed, tmp_path, calls):
    cyclegan = write_toy_translation(tmp_path, "gan", toy_market, toy_market)
    with pytest.raises(
        UserError, match=r"reads a GeneratedFolder .* got SampledFolder with 'work_dirs/gan/seed0/trans"
    ):
        train_stages([cyclegan, mixed("lsro", "work_dirs/gan/seed0/translated-s2t")], work_dir=tmp_path / "runs")
    assert calls == []


def test_a_smoke_copy_draws_a_few_images(gan, mixed, tmp_path):
    copies = [Config.fromfile(copy) for copy in write_smoke_configs([gan, mixed("lsro")], tmp_path / "smoke")]
    generated = copies[1].train_dataloader.dataset.generated
    assert generated.root == f"work_dirs/gan/seed0/sampled-{SAMPLES}"
    assert generated.type == "SampledFolder"
    assert generated.get("first") is None
    assert copies[1].train_dataloader.dataset.real.type == "SynthPed"


@pytest.mark.slow
def test_two_stages_and_their_row_in_a_table(gan, mixed, tmp_path):
    lsro = mixed("lsro_net_toy")
    table = tmp_path / "table.toml"
    table.write_text(f'title = "T"\n[columns]\n"toy" = "toy"\n[[runs]]\nrow = "LSRO"\nstages = ["{gan}", "{lsro}"]\n')
    (file,) = run_table(table, work_dir=tmp_path / "runs", results=tmp_path / "results")
    samples = SampledFolder(str(tmp_path / "runs" / "gan" / "seed0" / "sampled-7"))
    assert samples.title == "7 samples of DCGAN trained on Market1501 train"
    row = read_row(file)
    assert row["stages"] == [gan, lsro]
    assert "gan" not in row["init"]
    assert row["train_split"] == f"Market1501 train and {samples.title}"
    weights = torch.load(tmp_path / "runs" / "lsro_net_toy" / "seed0" / "epoch_1.pth", weights_only=True)
    assert weights["meta"]["dataset_meta"]["num_pids"] == 6
    assert run_table(table, work_dir=tmp_path / "runs", results=tmp_path / "results") == []
