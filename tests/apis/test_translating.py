"""A data set translated: names, labels and manifest; taken up after a kill; refused where another run's images lie."""

import json
import runpy
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from reidzoo.apis import drawing
from reidzoo.apis.drawing import DrawnFolder
from reidzoo.apis.translating import translate_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.generated_folder import GeneratedFolder, read_manifest
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.reading import decode
from reidzoo.methods.translation import TranslationMethod
from reidzoo.registry import METHODS

RESIZE = {"type": "Resize", "height": 32, "width": 16}


@pytest.fixture(scope="module")
def saved(toy_market, tmp_path_factory):
    """Writes config and checkpoint of an untrained CycleGAN between the toy data and itself."""
    folder = tmp_path_factory.mktemp("translation")

    def write(name="toy_gan", source=None, target=None, transforms=(RESIZE, {"type": "RandomFlip"}), **model):
        side = {"type": "Market1501", "root": str(toy_market), "split": "train", "transforms": list(transforms)}
        generator = {"type": "ResNetGenerator", "width": 4, "blocks": 1, **model.pop("generator", {})}
        cfg = Config(
            {
                "default_scope": "reidzoo",
                "model": {
                    "type": "CycleGAN",
                    "generator": generator,
                    "discriminator": {"type": "PatchDiscriminator", "width": 4, "layers": 1},
                    **model,
                },
                "train_dataloader": {
                    "dataset": {
                        "type": "UnpairedImages",
                        "source": {**side, **(source or {})},
                        "target": {**side, **(target or {})},
                    }
                },
            }
        )
        cfg.dump(str(folder / f"{name}.py"))
        torch.manual_seed(0)
        method = METHODS.build(cfg.model)
        for parameter in method.parameters():
            torch.nn.init.normal_(parameter, std=0.1)  # far from the start, where images come out grey
        torch.save({"state_dict": method.state_dict(), "meta": {}}, folder / f"{name}.pth")
        return folder / f"{name}.py", folder / f"{name}.pth"

    return write


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
        calls, translate = [], TranslationMethod.translate

        def counted(self, images, direction="s2t"):
            calls.append(len(images))
            if len(calls) > batches:
                raise Killed
            return translate(self, images, direction)

        monkeypatch.setattr(TranslationMethod, "translate", counted)
        return lambda: monkeypatch.setattr(TranslationMethod, "translate", translate)

    return set_up


def test_the_folder_is_a_data_set_with_the_labels_and_names_of_the_source(saved, toy_market, tmp_path):
    lines = []
    done = translate_dataset(*saved(), toy_market, tmp_path / "out", device="cpu", report=lines.append)
    assert done == DrawnFolder(tmp_path / "out", written=24, kept=0)
    entries = read_manifest(tmp_path / "out")
    names = sorted(f"bounding_box_train/{path.name}" for path in image_files(toy_market / "bounding_box_train"))
    assert [entry.file for entry in entries] == [entry.source_file for entry in entries] == names
    dataset = GeneratedFolder(str(tmp_path / "out"))
    for record in dataset.records:
        assert record.path.name.startswith(f"{record.pid:04d}_c{record.camid + 1}")
        assert dataset.read_image(record).shape == (32, 16, 3)
    assert not (tmp_path / "out" / "translation.json").exists()
    assert [line.rpartition(": ")[2] for line in lines] == ["24 of 24 images to translate", "complete, 24 images"]


def test_images_are_those_of_the_method(saved, toy_market, tmp_path):
    config, checkpoint = saved()
    method = METHODS.build(Config.fromfile(config).model)
    method.load_state_dict(torch.load(checkpoint, weights_only=True)["state_dict"])
    for direction in ("s2t", "t2s"):
        out = tmp_path / direction
        translate_dataset(config, checkpoint, toy_market, out, direction=direction, quality=100, device="cpu")
        source = decode(image_files(toy_market / "bounding_box_train")[0])
        drawn = decode(image_files(out / "bounding_box_train")[0])
        expected = method.translate(torch.from_numpy(source.transpose(2, 0, 1).copy())[None], direction)[0]
        expected = expected.permute(1, 2, 0).numpy()
        lossy = cv2.imdecode(cv2.imencode(".jpg", expected[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1], 1)
        assert np.abs(drawn.astype(int) - lossy[:, :, ::-1]).max() <= 6  # JPEG spreads a grey level of rounding
        assert np.abs(drawn.astype(int) - source).mean() > 10


def test_manifest_says_what_made_the_images_and_names_no_folder(saved, toy_market, tmp_path):
    config, checkpoint = saved()
    translate_dataset(config, checkpoint, toy_market, tmp_path / "out", direction="t2s", quality=80, device="cpu")
    found = header(tmp_path / "out")
    assert found.pop("commit")
    assert found == {
        "made_by": "reidzoo translate",
        "method": "CycleGAN",
        "generator": "ResNetGenerator",
        "config": "toy_gan.py",
        "checkpoint_sha256": sha256(checkpoint),
        "direction": "t2s",
        "source": "Market1501",
        "source_cameras": [0, 1],
        "counts": {"images": 24, "pids": 6, "cameras": 2},
        "size": [32, 16],
        "quality": 80,
        "copies": 1,
        "seed": 0,
    }
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


@pytest.mark.parametrize("batches", [0, 2])
def test_a_killed_call_goes_on_and_ends_in_the_same_bytes(saved, toy_market, tmp_path, killed_after, batches):
    config, checkpoint = saved()

    def translate(name):
        return translate_dataset(config, checkpoint, toy_market, tmp_path / name, batch_size=5, device="cpu")

    translate("whole")
    revive = killed_after(batches)
    with pytest.raises(Killed):
        translate("parts")
    revive()
    left = contents(tmp_path / "parts")
    kept = 5 * batches
    assert len(left) == kept + 1
    assert "translation.json" in left
    assert "manifest.json" not in left
    with pytest.raises(UserError, match="manifest"):
        GeneratedFolder(str(tmp_path / "parts"))  # half a data set is none
    assert translate("parts") == DrawnFolder(tmp_path / "parts", written=24 - kept, kept=kept)
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_a_batch_of_which_half_was_written_is_drawn_as_it_was(saved, toy_market, tmp_path, monkeypatch):
    """Rounding may depend on the batch, so the network sees the same batches; what is there is not written again."""
    config, checkpoint = saved()
    out = tmp_path / "out"
    translate_dataset(config, checkpoint, toy_market, out, batch_size=5, device="cpu")
    whole = contents(out)
    files = image_files(out / "bounding_box_train")
    for number in (6, 8):
        files[number].unlink()
    times = {path: path.stat().st_mtime_ns for path in files if path.exists()}
    sizes, translate = [], TranslationMethod.translate
    monkeypatch.setattr(
        TranslationMethod,
        "translate",
        lambda self, images, way: sizes.append(len(images)) or translate(self, images, way),
    )
    assert translate_dataset(config, checkpoint, toy_market, out, batch_size=5, device="cpu").written == 2
    assert sizes == [5]
    assert contents(out) == whole
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_a_finished_folder_is_left_alone(saved, toy_market, tmp_path, killed_after):
    config, checkpoint = saved()
    translate_dataset(config, checkpoint, toy_market, tmp_path / "out", device="cpu")
    before = contents(tmp_path / "out")
    killed_after(0)  # no batch is drawn
    done = translate_dataset(config, checkpoint, toy_market, tmp_path / "out", device="cpu")
    assert done == DrawnFolder(tmp_path / "out", written=0, kept=24)
    assert contents(tmp_path / "out") == before


def test_images_hardly_depend_on_the_batch_size(saved, toy_market, tmp_path):
    for batch_size in (1, 7, 24):
        translate_dataset(*saved(), toy_market, tmp_path / str(batch_size), batch_size=batch_size, device="cpu")
    for path in image_files(tmp_path / "1", recursive=True):
        for other in ("7", "24"):
            again = decode(tmp_path / other / path.relative_to(tmp_path / "1"))
            assert np.abs(decode(path).astype(int) - again).max() <= 8  # a grey level of rounding, spread by JPEG


def test_one_style_camera_names_images_as_camstyle_does(saved, toy_market, tmp_path):
    pair = saved("pair", source={"cameras": [0]}, target={"cameras": [1]})
    translate_dataset(*pair, toy_market, tmp_path / "1to2", device="cpu")
    translate_dataset(*pair, toy_market, tmp_path / "2to1", direction="t2s", device="cpu")
    for name, source, style in (("1to2", 0, 1), ("2to1", 1, 0)):
        entries = read_manifest(tmp_path / name)
        assert len(entries) == 12
        for entry in entries:
            assert (entry.source_camid, entry.style_camid) == (source, style)
            assert entry.file == entry.source_file.replace(".jpg", f"_fake_{name}.jpg")
    assert {record.camid for record in GeneratedFolder(str(tmp_path / "1to2")).records} == {1}


def test_cameras_can_be_chosen(saved, toy_market, tmp_path):
    pair = saved("pair", source={"cameras": [0]}, target={"cameras": [1]})
    everything = translate_dataset(*pair, toy_market, tmp_path / "all", camera="all", device="cpu")
    assert everything.written == 24
    translate_dataset(*saved(), toy_market, tmp_path / "second", camera=1, device="cpu")
    assert {entry.source_camid for entry in read_manifest(tmp_path / "second")} == {1}
    assert header(tmp_path / "second")["source_cameras"] == [1]
    with pytest.raises(UserError, match=r"no image of camera 7 .*its cameras are 0, 1"):
        translate_dataset(*saved(), toy_market, tmp_path / "none", camera=7, device="cpu")
    with pytest.raises(UserError, match="counts from 0, or 'all', got 'one'"):
        translate_dataset(*saved(), toy_market, tmp_path / "none", camera="one", device="cpu")
    assert not (tmp_path / "none").exists()


def test_copies_differ_and_each_is_a_function_of_seed_file_and_copy(saved, toy_market, tmp_path):
    chance = saved("chance", stochastic=True, generator={"dropout": 0.5})
    translate_dataset(*chance, toy_market, tmp_path / "two", copies=2, batch_size=8, device="cpu")
    two = contents(tmp_path / "two")
    first = [content for name, content in two.items() if name.endswith("_copy1.jpg")]
    second = [content for name, content in two.items() if name.endswith("_copy2.jpg")]
    assert len(first) == len(second) == 24
    assert len({*first, *second}) == 48
    translate_dataset(*chance, toy_market, tmp_path / "three", copies=3, batch_size=3, device="cpu")
    three = contents(tmp_path / "three")
    assert all(three[name] == content for name, content in two.items() if name.endswith(".jpg"))
    translate_dataset(*chance, toy_market, tmp_path / "other", copies=2, seed=1, device="cpu")
    other = contents(tmp_path / "other")
    assert all(other[name] != content for name, content in two.items() if name.endswith(".jpg"))


def test_images_keep_their_size_where_training_keeps_it(saved, tmp_path):
    shapes = {"a": (32, 16), "b": (40, 24)}
    for person, size in shapes.items():
        (tmp_path / "own" / "train" / person).mkdir(parents=True)
        image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        assert cv2.imwrite(str(tmp_path / "own" / "train" / person / "1.png"), image)
    own = {"type": "ImageFolder", "root": str(tmp_path / "own")}
    free = saved("free", source=own, target=own, transforms=({"type": "RandomFlip"},))
    with pytest.raises(UserError, match=r"2 sizes .first: 32 x 16 and 40 x 24.: draw with batch_size 1"):
        translate_dataset(*free, tmp_path / "own", tmp_path / "out", device="cpu")
    translate_dataset(*free, tmp_path / "own", tmp_path / "out", batch_size=1, device="cpu")
    for person, size in shapes.items():
        assert decode(tmp_path / "out" / "train" / person / "1.jpg").shape[:2] == size
    assert header(tmp_path / "out")["size"] is None


def test_a_folder_of_another_run_is_refused_and_stays_as_it_is(saved, toy_market, tmp_path):
    config, checkpoint = saved()
    out = tmp_path / "out"
    translate_dataset(config, checkpoint, toy_market, out, device="cpu")
    before = contents(out)
    other = saved("other")
    for changes, said in (
        ({"quality": 90}, "quality: 95 there, 90 here"),
        ({"direction": "t2s"}, 'direction: "s2t" there, "t2s" here'),
        ({"camera": 0}, r"source_cameras: \[0, 1\] there, \[0\] here"),
        ({"config": other[0]}, 'config: "toy_gan.py" there, "other.py" here'),
    ):
        call = {"config": config, "checkpoint": checkpoint, "source_root": toy_market, "out": out, **changes}
        with pytest.raises(UserError, match=f"holds images of another run .{said}.: name another folder"):
            translate_dataset(**call, device="cpu")
    (out / "bounding_box_train" / "0001_c1s1_000009_01.jpg").write_bytes(b"a stranger")
    with pytest.raises(UserError, match=r"1 image.s. that this translation does not make, first .*_000009_01\.jpg"):
        translate_dataset(config, checkpoint, toy_market, out, device="cpu")
    (out / "bounding_box_train" / "0001_c1s1_000009_01.jpg").unlink()
    assert contents(out) == before
    (out / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"neither manifest\.json nor translation\.json says of what run"):
        translate_dataset(config, checkpoint, toy_market, out, device="cpu")
    with pytest.raises(UserError, match="holds images, and neither"):
        translate_dataset(config, checkpoint, toy_market, toy_market, device="cpu")


def test_headers_and_folders_that_are_none(saved, toy_market, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file, and translated images need a folder"):
        translate_dataset(*saved(), toy_market, tmp_path / "file", device="cpu")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "translation.json").write_text("{")
    with pytest.raises(UserError, match="is no header of translated images"):
        translate_dataset(*saved(), toy_market, tmp_path / "out", device="cpu")


def test_a_claim_without_images_and_another_commit_are_no_obstacle(saved, toy_market, tmp_path, monkeypatch):
    config, checkpoint = saved()
    out = tmp_path / "out"
    out.mkdir()
    (out / "translation.json").write_text('{"quality": 3}')
    monkeypatch.setattr(drawing, "commit", lambda: "one")
    translate_dataset(config, checkpoint, toy_market, out, device="cpu")
    image_files(out / "bounding_box_train")[3].unlink()
    monkeypatch.setattr(drawing, "commit", lambda: "two")
    assert translate_dataset(config, checkpoint, toy_market, out, device="cpu").written == 1
    assert header(out)["commit"] == "one, two"


def test_broken_and_ambiguous_sources_are_named(saved, toy_market, tmp_path):
    root = shutil.copytree(toy_market, tmp_path / "broken")
    broken = image_files(root / "bounding_box_train")[20]
    broken.write_bytes(b"no image")
    with pytest.raises(UserError, match=rf"1 of 24 images cannot be decoded .first: .*{broken.name}"):
        translate_dataset(*saved(), root, tmp_path / "out", batch_size=5, device="cpu")
    image = np.zeros((32, 16, 3), np.uint8)
    (tmp_path / "own" / "train" / "a").mkdir(parents=True)
    for name in ("1.png", "1.jpg"):
        assert cv2.imwrite(str(tmp_path / "own" / "train" / "a" / name), image)
    own = {"type": "ImageFolder", "root": str(tmp_path / "own")}
    with pytest.raises(UserError, match=r"'train/a/1\.jpg' and 'train/a/1\.png' would both become 'train/a/1\.jpg'"):
        translate_dataset(*saved("own", source=own, target=own), tmp_path / "own", tmp_path / "out2", device="cpu")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"copies": 2}, "draws nothing by chance, so 2 copies would be equal"),
        ({"copies": 0}, "copies is a whole number of at least 1, got 0"),
        ({"batch_size": 0}, "batch_size is a whole number of at least 1, got 0"),
        ({"quality": 101}, "1 to 100, got 101"),
        ({"direction": "a2b"}, "direction is 's2t' .* got 'a2b'"),
        ({"device": "gpu3"}, "no device 'gpu3' here"),
        ({"checkpoint": "nowhere.pth"}, "nowhere.pth"),
        ({"source_root": "nowhere"}, "'nowhere', which does not exist"),
    ],
)
def test_wrong_values(saved, toy_market, tmp_path, changes, said):
    config, checkpoint = saved()
    call = {"config": config, "checkpoint": checkpoint, "source_root": toy_market, "out": tmp_path / "out"}
    with pytest.raises(UserError, match=said):
        translate_dataset(**{**call, "device": "cpu", **changes})


def test_configs_that_translate_nothing(saved, toy_config, toy_market, tmp_path):
    config, checkpoint = saved("odd", transforms=({"type": "Resize", "height": 30, "width": 16},))
    with pytest.raises(UserError, match=r"divisible by 4.* got 30 x 16"):
        translate_dataset(config, checkpoint, toy_market, tmp_path / "out", device="cpu")
    cfg = Config.fromfile(config)
    cfg.train_dataloader.dataset = cfg.train_dataloader.dataset.source
    cfg.dump(str(tmp_path / "single.py"))
    with pytest.raises(UserError, match=r"dataset has source and target .UnpairedImages., got Market1501"):
        translate_dataset(tmp_path / "single.py", checkpoint, toy_market, tmp_path / "out", device="cpu")
    cfg = Config.fromfile(toy_config())
    cfg.model.num_pids = 6
    cfg.dump(str(tmp_path / "ide.py"))
    torch.save({"state_dict": METHODS.build(cfg.model).state_dict()}, tmp_path / "ide.pth")
    with pytest.raises(UserError, match="IDE translates no pictures"):
        translate_dataset(tmp_path / "ide.py", tmp_path / "ide.pth", toy_market, tmp_path / "out", device="cpu")


def test_the_tool_translates(saved, toy_market, tmp_path, monkeypatch, capsys):
    tool = Path(__file__).resolve().parents[2] / "tools" / "translate.py"
    out = tmp_path / "out"
    arguments = [*saved(), "--in", toy_market, "--out", out, "--camera", "1", "--quality", "90", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["translate.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(tool), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.endswith(f"{out}: complete, 12 images\n")
    assert header(out)["quality"] == 90
