"""Images drawn from noise: names, manifest, one image for each number; taken up after a kill; strangers refused."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from toy_sampling import write_toy_sampler
from toy_translation import write_toy_translation

from reidzoo.apis import drawing
from reidzoo.apis.drawing import DrawnFolder
from reidzoo.apis.sampling import noise_of, sample_images
from reidzoo.apis.translating import translate_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets import SampledFolder
from reidzoo.data.datasets.reading import decode
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.registry import METHODS


@pytest.fixture(scope="module")
def saved(toy_market, tmp_path_factory):
    """Config and checkpoint of a DCGAN whose weights were drawn at random."""
    folder = tmp_path_factory.mktemp("sampling")
    config = write_toy_sampler(folder, "toy_gan", toy_market)
    torch.manual_seed(0)
    method = METHODS.build(Config.fromfile(config).model)
    for parameter in method.parameters():
        torch.nn.init.normal_(parameter, std=0.4)  # far from the start, where images come out grey
    meta = {"dataset_meta": {"name": "Market1501 train, a share of 0.25"}}
    torch.save({"state_dict": method.state_dict(), "meta": meta}, folder / "toy_gan.pth")
    return config, folder / "toy_gan.pth"


def loaded(saved):
    """The method of config and checkpoint, built without what is under test."""
    method = METHODS.build(Config.fromfile(saved[0]).model)
    method.load_state_dict(torch.load(saved[1], weights_only=True)["state_dict"])
    return method


def draw(saved, out, count=20, **options):
    return sample_images(*saved, out, count=count, device="cpu", **options)


def contents(folder):
    """Every file under a folder by its name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def header(folder):
    return {key: value for key, value in json.loads((folder / "manifest.json").read_text()).items() if key != "images"}


class Killed(Exception):
    pass


@pytest.fixture
def killed_after(monkeypatch):
    """Lets ``n`` batches through, then the network dies as a killed process does: without a word."""

    def set_up(batches):
        calls, sample = [], SamplingMethod.sample

        def counted(self, noise):
            calls.append(len(noise))
            if len(calls) > batches:
                raise Killed
            return sample(self, noise)

        monkeypatch.setattr(SamplingMethod, "sample", counted)
        return lambda: monkeypatch.setattr(SamplingMethod, "sample", sample)

    return set_up


def test_the_folder_is_a_data_set_without_persons(saved, tmp_path):
    lines = []
    done = draw(saved, tmp_path / "out", report=lines.append)
    assert done == DrawnFolder(tmp_path / "out", written=20, kept=0)
    dataset = SampledFolder(str(tmp_path / "out"))
    assert [path.name for path in dataset.files] == [f"{number:06d}.jpg" for number in range(20)]
    assert dataset[19]["images"].shape == (3, 32, 16)
    assert dataset.title == "20 samples of DCGAN trained on Market1501 train, a share of 0.25"
    assert not (tmp_path / "out" / "sampling.json").exists()
    assert [line.rpartition(": ")[2] for line in lines] == ["20 of 20 images to sample", "complete, 20 images"]


@pytest.mark.parametrize("size", [None, [64, 48], (8, 12)])
def test_images_are_those_of_the_method_resized_as_asked(saved, tmp_path, size):
    method = loaded(saved)
    draw(saved, tmp_path, count=3, quality=100, seed=4, size=size)
    noise = torch.cat([noise_of(method, 4, number) for number in range(3)])
    assert noise.shape == (3, 6)
    assert noise.unique().numel() == 18
    for number, image in enumerate(method.sample(noise).permute(0, 2, 3, 1).numpy()):
        assert image.std() > 10
        if size is not None:
            shrunk = size[0] < 32
            image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrunk else cv2.INTER_LINEAR)
        lossy = cv2.imdecode(cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1], 1)
        drawn = decode(tmp_path / f"{number:06d}.jpg").astype(int)
        assert drawn.shape == (*(size or (32, 16)), 3)
        assert np.abs(drawn - lossy[:, :, ::-1]).max() <= 6  # JPEG spreads a grey level of rounding


def test_manifest_says_what_made_the_images_and_names_no_folder(saved, tmp_path):
    draw(saved, tmp_path / "out", count=2, size=(16, 24), quality=80, seed=3)
    found = header(tmp_path / "out")
    assert found.pop("commit")
    assert found == {
        "made_by": "reidzoo sample",
        "kind": "samples",
        "method": "DCGAN",
        "generator": "DCGANGenerator",
        "config": "toy_gan.py",
        "checkpoint_sha256": sha256(saved[1]),
        "source": "Market1501 train, a share of 0.25",
        "count": 2,
        "size": [16, 24],
        "quality": 80,
        "seed": 3,
    }
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["images"] == [
        {"file": "000000.jpg"},
        {"file": "000001.jpg"},
    ]
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


def test_an_image_is_a_function_of_seed_and_number(saved, tmp_path):
    draw(saved, tmp_path / "whole", count=20, batch_size=20)
    draw(saved, tmp_path / "few", count=7, batch_size=3)
    draw(saved, tmp_path / "other", count=7, batch_size=3, seed=1)
    pictures = []
    for number in range(7):
        name = f"{number:06d}.jpg"
        whole, few, other = (decode(tmp_path / folder / name).astype(int) for folder in ("whole", "few", "other"))
        assert np.abs(whole - few).max() <= 8  # a grey level of rounding, spread by JPEG
        assert np.abs(whole - other).mean() > 1
        pictures.append(whole)
    assert all(np.abs(picture - pictures[0]).mean() > 1 for picture in pictures[1:])


def test_what_the_network_draws_hardly_depends_on_the_batch(saved):
    method = loaded(saved)
    noise = torch.cat([noise_of(method, 0, number) for number in range(9)])
    together = method.sample(noise).int()
    alone = torch.cat([method.sample(row[None]) for row in noise]).int()
    assert (together - alone).abs().max() <= 1


@pytest.mark.parametrize("batches", [0, 2])
def test_a_killed_call_goes_on_and_ends_in_the_same_bytes(saved, tmp_path, killed_after, batches):
    draw(saved, tmp_path / "whole", batch_size=6)
    revive = killed_after(batches)
    with pytest.raises(Killed):
        draw(saved, tmp_path / "parts", batch_size=6)
    revive()
    left = contents(tmp_path / "parts")
    kept = 6 * batches
    assert len(left) == kept + 1
    assert "sampling.json" in left
    with pytest.raises(UserError, match="manifest"):
        SampledFolder(str(tmp_path / "parts"))  # half a folder is none
    assert draw(saved, tmp_path / "parts", batch_size=6) == DrawnFolder(
        tmp_path / "parts", written=20 - kept, kept=kept
    )
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_a_finished_folder_is_left_alone_and_a_lost_image_comes_back(saved, tmp_path, killed_after):
    draw(saved, tmp_path, batch_size=6)
    before = contents(tmp_path)
    (tmp_path / "000013.jpg").unlink()
    assert draw(saved, tmp_path, batch_size=6) == DrawnFolder(tmp_path, written=1, kept=19)
    killed_after(0)  # no batch is drawn
    assert draw(saved, tmp_path, batch_size=6) == DrawnFolder(tmp_path, written=0, kept=20)
    assert contents(tmp_path) == before


def test_a_folder_of_another_run_is_refused_and_stays_as_it_is(saved, toy_market, tmp_path):
    out = tmp_path / "out"
    draw(saved, out)
    before = contents(out)
    for changes, said in (
        ({"count": 21}, "count: 20 there, 21 here"),
        ({"seed": 1}, "seed: 0 there, 1 here"),
        ({"size": (8, 8)}, r"size: \[32, 16\] there, \[8, 8\] here"),
        ({"quality": 90}, "quality: 95 there, 90 here"),
    ):
        with pytest.raises(UserError, match=f"holds images of another run .{said}.: name another folder"):
            draw(saved, out, **changes)
    (out / "stranger.jpg").write_bytes(b"a stranger")
    with pytest.raises(UserError, match=r"1 image.s. that this sampling does not make, first 'stranger\.jpg'"):
        draw(saved, out)
    (out / "stranger.jpg").unlink()
    assert contents(out) == before
    (out / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"neither manifest\.json nor sampling\.json says of what run"):
        draw(saved, out)
    with pytest.raises(UserError, match="holds images, and neither"):
        draw(saved, toy_market)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file, and sampled images need a folder"):
        draw(saved, tmp_path / "file")


def test_samples_and_translations_do_not_mix(saved, toy_market, tmp_path):
    cyclegan = write_toy_translation(tmp_path, "cyclegan", toy_market, toy_market)
    torch.save({"state_dict": METHODS.build(Config.fromfile(cyclegan).model).state_dict()}, tmp_path / "cyclegan.pth")
    translation = (cyclegan, tmp_path / "cyclegan.pth", toy_market)
    translate_dataset(*translation, tmp_path / "translated", device="cpu")
    draw(saved, tmp_path / "sampled")
    with pytest.raises(UserError, match=r'another run .made_by: "reidzoo translate" there, "reidzoo sample" here'):
        draw(saved, tmp_path / "translated")
    with pytest.raises(UserError, match=r'another run .made_by: "reidzoo sample" there, "reidzoo translate" here'):
        translate_dataset(*translation, tmp_path / "sampled", device="cpu")


def test_another_commit_is_no_obstacle(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "commit", lambda: "one")
    draw(saved, tmp_path)
    (tmp_path / "000003.jpg").unlink()
    monkeypatch.setattr(drawing, "commit", lambda: "two")
    assert draw(saved, tmp_path).written == 1
    assert header(tmp_path)["commit"] == "one, two"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"count": 0}, "count is a whole number of at least 1, got 0"),
        ({"count": 1_000_001}, "at most 1,000,000, got 1,000,001"),
        ({"batch_size": 0}, "batch_size is a whole number of at least 1, got 0"),
        ({"quality": 101}, "1 to 100, got 101"),
        ({"size": (64,)}, r"size is height and width in pixels, .* got \(64,\)"),
        ({"size": (64, 0)}, "size is height and width in pixels"),
        ({"size": "64"}, "size is height and width in pixels"),
        ({"device": "gpu3"}, "no device 'gpu3' here"),
        ({"checkpoint": "nowhere.pth"}, r"nowhere\.pth"),
    ],
)
def test_wrong_values(saved, tmp_path, changes, said):
    config, checkpoint = saved
    call = {"name_or_config": config, "checkpoint": checkpoint, "out": tmp_path / "out", "count": 2, "device": "cpu"}
    with pytest.raises(UserError, match=said):
        sample_images(**{**call, **changes})


def test_methods_that_draw_nothing_from_noise_are_refused(toy_config, tmp_path):
    cfg = Config.fromfile(toy_config())
    cfg.model.num_pids = 6
    cfg.dump(str(tmp_path / "ide.py"))
    torch.save({"state_dict": METHODS.build(cfg.model).state_dict()}, tmp_path / "ide.pth")
    with pytest.raises(UserError, match="IDE draws nothing from noise: name the config of a method that does"):
        draw((tmp_path / "ide.py", tmp_path / "ide.pth"), tmp_path / "out")


def test_the_tool_samples(saved, tmp_path, monkeypatch, capsys):
    tool = Path(__file__).resolve().parents[2] / "tools" / "sample.py"
    arguments = [*saved, "--out", tmp_path / "out", "--count", "3", "--size", "20", "10", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["sample.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(tool), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.endswith(f"{tmp_path / 'out'}: complete, 3 images\n")
    assert decode(tmp_path / "out" / "000002.jpg").shape == (20, 10, 3)
