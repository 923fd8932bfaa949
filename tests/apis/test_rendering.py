"""Persons rendered into contexts: which contexts, whose labels, what the manifest says, and calls taken up again."""

import json
import re
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from toy_market import write_toy_market
from toy_renderings import ELLIPSE, ToyRenderer, write_toy_rendering, write_weights
from toy_swaps import write_toy_swap

from reidzoo.apis import redrawing
from reidzoo.apis.drawing import DrawnFolder
from reidzoo.apis.rendering import context_rows, render_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.generated_folder import GeneratedFolder
from reidzoo.data.ellipse_mask import EllipseMask

TOOLS = Path(__file__).resolve().parents[2] / "tools"
FOLDER = "bounding_box_train"


class Killed(Exception):
    pass


@pytest.fixture
def source(tmp_path):
    """8 training images of 2 persons, 2 cameras."""
    return write_toy_market(tmp_path / "source", train_pids=2, test_pids=2)


@pytest.fixture
def target(tmp_path):
    """12 training images of 2 persons, 3 cameras, none of them in the source."""
    root = write_toy_market(tmp_path / "target", train_pids=2, test_pids=2, cameras=3)
    for path in sorted((root / FOLDER).iterdir()):
        cv2.imwrite(str(path), 255 - cv2.imread(str(path)))
    return root


@pytest.fixture
def saved(source, target, tmp_path):
    return write_toy_rendering(tmp_path, "render", source, target), write_weights(tmp_path / "render.pth")


def picture(path):
    return cv2.imread(str(path))[:, :, ::-1]


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_persons_keep_their_identity_and_take_the_camera_of_their_context(saved, source, target, tmp_path):
    lines = []
    done = render_dataset(*saved, source, tmp_path / "out", contexts=2, device="cpu", report=lines.append)
    assert done == DrawnFolder(tmp_path / "out", written=16, kept=0)
    entries = manifest(tmp_path / "out")["images"]
    names = sorted(path.name for path in (source / FOLDER).iterdir())
    assert [entry["file"] for entry in entries] == [f"{FOLDER}/{name[:-4]}r{n}.jpg" for name in names for n in (1, 2)]
    for entry in entries:
        own, context = Path(entry["source_file"]).name, Path(entry["context_file"]).name
        assert (entry["pid"], entry["source_camid"]) == (int(own[:4]), int(own[6]) - 1)
        assert entry["style_camid"] == int(context[6]) - 1
        person, behind = picture(source / FOLDER / own), picture(target / FOLDER / context)
        mask = EllipseMask()({"image": person})["mask"][..., None]
        drawn = picture(tmp_path / "out" / entry["file"]).astype(int)
        assert abs(drawn - np.where(mask, person, behind)).mean() < 12  # but for JPEG, whose colours cross an edge
    assert {entry["style_camid"] for entry in entries} == {0, 1, 2}
    assert [line.rpartition(": ")[2] for line in lines] == ["16 of 16 images to render", "complete, 16 images"]
    dataset = GeneratedFolder(str(tmp_path / "out"))
    assert dataset.title == "Market1501, in other contexts (2 each) by ToyRenderer"
    assert dataset.metainfo["num_pids"] == 2


def test_the_manifest_says_what_made_the_images_and_names_no_folder(saved, source, tmp_path):
    render_dataset(*saved, source, tmp_path / "out", seed=4, quality=80, device="cpu")
    found = manifest(tmp_path / "out")
    assert found.pop("commit")
    assert len(found.pop("images")) == 8
    cameras = found["counts"].pop("cameras")
    assert 1 <= cameras <= 3
    assert found == {
        "made_by": "reidzoo render",
        "method": "ToyRenderer",
        "generator": None,
        "config": "render.py",
        "checkpoint_sha256": sha256(saved[1]),
        "source": "Market1501",
        "target": "Market1501",
        "counts": {"images": 8, "pids": 2},
        "size": None,
        "quality": 80,
        "contexts": 1,
        "seed": 4,
    }
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


def test_contexts_of_a_person_differ_and_follow_from_seed_and_row():
    rows = [context_rows(100, 10, seed=0, row=row) for row in range(300)]
    assert all(len(set(each)) == 10 for each in rows)
    assert [context_rows(100, 3, seed=0, row=row) for row in range(300)] == [each[:3] for each in rows]
    assert context_rows(100, 10, seed=1, row=0) != rows[0] != rows[1]
    counts = np.bincount(np.concatenate(rows), minlength=100)  # 30 each on average, binomial
    assert abs(counts - 30).max() < 25
    assert sorted(context_rows(5, 5, seed=0, row=0)) == [0, 1, 2, 3, 4]
    with pytest.raises(UserError, match="in different contexts, and 6 were asked for of 5 images"):
        context_rows(5, 6, seed=0, row=0)


def test_more_contexts_leave_the_first_ones(saved, source, tmp_path):
    for name, contexts in (("one", 1), ("three", 3)):
        render_dataset(*saved, source, tmp_path / name, contexts=contexts, batch_size=3, device="cpu")
    one, three = contents(tmp_path / "one"), contents(tmp_path / "three")
    assert {name: three[name] for name in one if name.endswith("r1.jpg")} == {
        name: content for name, content in one.items() if name.endswith("r1.jpg")
    }
    assert len(three) == 24 + 1


def test_other_contexts_may_be_named(saved, source, tmp_path):
    other = write_toy_market(tmp_path / "other", train_pids=1, test_pids=1, cameras=1, shots=1)
    render_dataset(*saved, source, tmp_path / "out", context_root=other, device="cpu")
    assert {entry["context_file"] for entry in manifest(tmp_path / "out")["images"]} == {
        f"{FOLDER}/0001_c1s1_000000_01.jpg"
    }


def test_images_have_the_size_of_the_training_and_masks_move_along(source, target, tmp_path):
    transforms = [ELLIPSE, {"type": "Resize", "height": 48, "width": 24}, {"type": "RandomFlip", "prob": 1.0}]
    config = write_toy_rendering(tmp_path, "large", source, target, transforms=transforms)
    render_dataset(config, write_weights(tmp_path / "x.pth"), source, tmp_path / "out", device="cpu")
    entry = manifest(tmp_path / "out")["images"][0]
    assert manifest(tmp_path / "out")["size"] == [48, 24]
    drawn, person = picture(tmp_path / "out" / entry["file"]).astype(int), picture(source / entry["source_file"])
    resized = cv2.resize(person, (24, 48), interpolation=cv2.INTER_LINEAR)
    assert abs(drawn[20:28, 10:14] - resized[20:28, 10:14]).mean() < 6  # inside the person, and no flip


def test_a_killed_call_is_taken_up(saved, source, tmp_path, monkeypatch):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    render_dataset(*saved, source, whole, batch_size=2, device="cpu")
    own, calls = ToyRenderer.render, []

    def killed(self, *pairs):
        calls.append(len(pairs[0]))
        if len(calls) == 3:
            raise Killed
        return own(self, *pairs)

    monkeypatch.setattr(ToyRenderer, "render", killed)
    with pytest.raises(Killed):
        render_dataset(*saved, source, parts, batch_size=2, device="cpu")
    assert (parts / "rendering.json").is_file()
    assert not (parts / "manifest.json").exists()
    done = render_dataset(*saved, source, parts, batch_size=2, device="cpu")
    assert done.kept >= 2
    assert done.written + done.kept == 8
    assert contents(parts) == contents(whole)
    with pytest.raises(UserError, match="holds images of another run"):
        render_dataset(*saved, source, parts, contexts=2, device="cpu")


def test_what_is_not_rendered(saved, source, target, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UserError, match="contexts is a whole number of at least 1, got 0"):
        render_dataset(*saved, source, out, contexts=0)
    with pytest.raises(UserError, match="13 were asked for of 12 images"):
        render_dataset(*saved, source, out, contexts=13)
    unmasked = write_toy_rendering(tmp_path, "unmasked", source, target, transforms=[{"type": "RandomFlip"}])
    with pytest.raises(UserError, match="no transform that gives them to its source: begin the transforms there with"):
        render_dataset(unmasked, saved[1], source, out)
    loading = write_toy_rendering(tmp_path, "loading", source, target, transforms=[{"type": "LoadMask"}])
    with pytest.raises(UserError, match=r"LoadMask expects the mask of '.*' in '.*', which does not exist"):
        render_dataset(loading, saved[1], source, out, device="cpu")
    swap = write_toy_swap(tmp_path, "swap", source)
    with pytest.raises(UserError, match="ToySwap renders no persons into contexts: name the model or config of a"):
        render_dataset(swap, saved[1], source, out)


def test_a_target_of_another_size_is_refused(saved, source, tmp_path):
    other = write_toy_market(tmp_path / "other", train_pids=1, test_pids=1, size=(40, 24))
    with pytest.raises(UserError, match=r"takes target_images as a 8 x 3 x 32 x 16 .*: resize images and masks"):
        render_dataset(*saved, source, tmp_path / "out", context_root=other, device="cpu")


def test_options_of_other_methods_are_refused(saved, source, target, tmp_path):
    with pytest.raises(
        UserError, match=r"structures is an option of a method that swaps .* set contexts, context_root"
    ):
        redrawing.redraw_dataset(*saved, source, tmp_path / "out", {"structures": 2})
    swap = write_toy_swap(tmp_path, "swap", source)
    with pytest.raises(UserError, match="contexts is an option of a method that renders persons into contexts, and"):
        redrawing.redraw_dataset(swap, saved[1], source, tmp_path / "out", {"contexts": 2})


def test_the_tool_renders(saved, source, target, tmp_path, monkeypatch, capsys):
    options = ["--contexts", "2", "--context-root", str(target), "--seed", "1", "--device", "cpu"]
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["translate.py", *saved, "--in", str(source), "--out", str(out), *options])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(TOOLS / "translate.py"), run_name="__main__")
    assert (manifest(out)["contexts"], manifest(out)["seed"]) == (2, 1)
    assert re.search("complete, 16 images", capsys.readouterr().out)
