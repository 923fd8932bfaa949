"""A data set translated: names, labels and manifest; taken up after a kill; refused where another run's images lie."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from reidzoo.apis.translating import Translated, translate_dataset
from reidzoo.base.files import sha256
from reidzoo.data.datasets.base import decode
from reidzoo.data.datasets.generated_folder import GeneratedFolder, read_manifest
from reidzoo.data.datasets.listing import image_files
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
    assert done == Translated(tmp_path / "out", written=24, kept=0)
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
        "options": {},
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
