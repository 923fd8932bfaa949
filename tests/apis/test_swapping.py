"""Appearances swapped: the grid of two lists of pictures, and a data set drawn in the structures of others."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from toy_market import write_toy_market
from toy_poses import write_toy_transfer
from toy_swaps import ToySwap, write_toy_swap, write_weights

from reidzoo.apis import swapping
from reidzoo.apis.drawing import DrawnFolder
from reidzoo.apis.redrawing import redraw_dataset
from reidzoo.apis.swapping import swap, swap_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.generated_folder import GeneratedFolder, read_manifest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
FOLDER = "bounding_box_train"


class Killed(Exception):
    pass


@pytest.fixture
def market(tmp_path):
    """12 training images of 3 persons, 2 cameras."""
    return write_toy_market(tmp_path / "market", train_pids=3, test_pids=2)


@pytest.fixture
def saved(market, tmp_path):
    return write_toy_swap(tmp_path, "swap", market), write_weights(tmp_path / "swap.pth")


def names(market):
    return sorted(path.name for path in (market / FOLDER).iterdir())


def pictures(market, count=12):
    return [cv2.imread(str(market / FOLDER / name))[:, :, ::-1] for name in names(market)[:count]]


def expected(appearance, structure, truncate=False):
    images = [torch.from_numpy(image.transpose(2, 0, 1).copy())[None] for image in (appearance, structure)]
    return ToySwap().swap(*images, truncate=truncate)[0].permute(1, 2, 0).numpy()


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_appearance_has_a_row_and_each_structure_a_column(saved, market):
    images = [pictures(market)[index] for index in (0, 4, 8, 1, 5)]  # the first two are of different persons
    drawn = swap(*saved, images[:2], images[2:], batch_size=4, device="cpu")
    assert drawn.shape == (2, 3, 32, 16, 3)
    assert drawn.dtype == np.uint8
    for row in range(2):
        for column in range(3):
            assert abs(drawn[row, column].astype(int) - expected(images[row], images[2 + column])).max() <= 1
    assert abs(drawn[0, 0].astype(int) - drawn[1, 0]).max() > 3


def test_files_folders_and_sizes_are_free_where_training_resizes(market, tmp_path):
    resize = {"type": "Resize", "height": 48, "width": 24}
    config = write_toy_swap(tmp_path, "large", market, [resize, {"type": "RandomFlip", "prob": 1.0}])
    first = market / FOLDER / names(market)[0]
    drawn = swap(config, write_weights(tmp_path / "x.pth"), first, market / FOLDER, device="cpu")
    assert drawn.shape == (1, 12, 48, 24, 3)
    image = cv2.resize(pictures(market)[0], (24, 48), interpolation=cv2.INTER_LINEAR)
    assert abs(drawn[0, 0].astype(int) - expected(image, image)).max() <= 1  # and no flip


def test_the_grid_and_single_images_are_written(saved, market, tmp_path, monkeypatch):
    grids = []
    monkeypatch.setattr("reidzoo.visualization.image_grid.draw_image_grid", lambda path, rows: grids.append(rows))
    images = pictures(market, 3)
    drawn = swap(*saved, images[:1], images[1:], tmp_path / "grid.png", images=tmp_path / "single", device="cpu")
    (rows,) = grids
    assert [len(row) for row in rows] == [3, 3]
    corner, *structures = rows[0]
    owner, *swapped = rows[1]
    assert (corner == 255).all()
    for shown, given in zip([*structures, owner, *swapped], [*images[1:], images[0], *drawn[0]], strict=True):
        assert np.array_equal(shown, given)
    assert sorted(path.name for path in (tmp_path / "single").iterdir()) == ["1_1.png", "1_2.png"]
    assert np.array_equal(cv2.imread(str(tmp_path / "single" / "1_2.png"))[:, :, ::-1], drawn[0, 1])


def test_what_is_not_swapped(saved, market, tmp_path):
    image = pictures(market)[0]
    with pytest.raises(UserError, match=r"the grid is written as \.png, got the name 'grid\.jpg'"):
        swap(*saved, image, image, "grid.jpg")
    with pytest.raises(UserError, match="batch_size is a whole number of at least 1, got 0"):
        swap(*saved, image, image, batch_size=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="found no picture to swap in the folder"):
        swap(*saved, image, tmp_path / "empty", device="cpu")
    with pytest.raises(UserError, match="swap takes an appearance for each structure, all of one size"):
        swap(*saved, image, image[:20], device="cpu")
    transfer = write_toy_transfer(tmp_path, "transfer", market)
    with pytest.raises(UserError, match="PG2StageOne swaps no appearances: name the model or config of a method that"):
        swap(transfer, saved[1], image, image)
    plain = write_toy_swap(tmp_path, "plain", market, train_dataloader={"dataset": {"type": "Market1501"}})
    with pytest.raises(UserError, match=r"train_dataloader\.dataset is PositivePairs, got Market1501"):
        swap(plain, saved[1], image, image)


def test_labels_are_those_of_the_appearance_and_structures_a_shuffle(saved, market, tmp_path):
    lines = []
    done = swap_dataset(*saved, market, tmp_path / "out", structures=2, device="cpu", report=lines.append)
    assert done == DrawnFolder(tmp_path / "out", written=24, kept=0)
    entries = manifest(tmp_path / "out")["images"]
    sources = names(market)
    assert [entry["file"] for entry in entries] == [f"{FOLDER}/{name[:-4]}s{n}.jpg" for name in sources for n in (1, 2)]
    for entry in entries:
        own, other = Path(entry["source_file"]).name, Path(entry["structure_file"]).name
        assert Path(entry["file"]).name.startswith(own[:-4])
        assert (entry["pid"], entry["structure_pid"]) == (int(own[:4]), int(other[:4]))
        assert entry["source_camid"] == entry["style_camid"] == int(own[6]) - 1
        images = [cv2.imread(str(market / FOLDER / name))[:, :, ::-1] for name in (own, other)]
        drawn = cv2.imread(str(tmp_path / "out" / entry["file"]))[:, :, ::-1]
        assert abs(drawn.astype(int) - expected(*images)).mean() < 3  # but for JPEG
    for number in (1, 2):
        of_pass = [entry["structure_file"] for entry in entries if entry["file"].endswith(f"s{number}.jpg")]
        assert sorted(of_pass) == [f"{FOLDER}/{name}" for name in sources]
        assert of_pass != sorted(of_pass)
    assert [line.rpartition(": ")[2] for line in lines] == ["24 of 24 images to swap", "complete, 24 images"]
    dataset = GeneratedFolder(str(tmp_path / "out"))
    assert dataset.title == "Market1501, in other structures (2 each) by ToySwap"
    assert len(read_manifest(tmp_path / "out")) == len(dataset) == 24


def test_the_manifest_says_what_made_the_images_and_names_no_folder(saved, market, tmp_path):
    swap_dataset(*saved, market, tmp_path / "out", seed=4, quality=80, truncate=True, device="cpu")
    found = manifest(tmp_path / "out")
    assert found.pop("commit")
    assert len(found.pop("images")) == 12
    assert found == {
        "made_by": "reidzoo swap",
        "method": "ToySwap",
        "generator": None,
        "config": "swap.py",
        "checkpoint_sha256": sha256(saved[1]),
        "source": "Market1501",
        "counts": {"images": 12, "pids": 3, "cameras": 2},
        "size": None,
        "quality": 80,
        "truncated": True,
        "structures": 1,
        "seed": 4,
    }
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


def test_grey_levels_are_rounded_or_cut_off(saved, market, tmp_path, monkeypatch):
    asked, own = [], ToySwap.swap
    monkeypatch.setattr(ToySwap, "swap", lambda self, *images, truncate: asked.append(truncate) or own(self, *images))
    for truncate in (False, True):
        swap_dataset(*saved, market, tmp_path / str(truncate), truncate=truncate, batch_size=12, device="cpu")
    assert asked == [False, True]


def test_structures_are_a_function_of_the_seed(saved, market, tmp_path):
    def drawn(name, **changes):
        swap_dataset(*saved, market, tmp_path / name, device="cpu", **changes)
        return {entry["file"]: entry["structure_file"] for entry in manifest(tmp_path / name)["images"]}

    one, three, other = drawn("one"), drawn("three", structures=3), drawn("other", seed=1)
    assert {file: three[file] for file in one} == one
    assert other != one
    passes = [[file for name, file in three.items() if name.endswith(f"s{n}.jpg")] for n in (1, 2, 3)]
    assert len({tuple(each) for each in passes}) == 3


def test_a_killed_call_is_taken_up(saved, market, tmp_path, monkeypatch):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    swap_dataset(*saved, market, whole, batch_size=4, device="cpu")
    own, calls = ToySwap.swap, []

    def killed(self, *images, truncate):
        calls.append(len(images[0]))
        if len(calls) == 3:
            raise Killed
        return own(self, *images, truncate=truncate)

    monkeypatch.setattr(ToySwap, "swap", killed)
    with pytest.raises(Killed):
        swap_dataset(*saved, market, parts, batch_size=4, device="cpu")
    assert (parts / "swapping.json").is_file()
    assert not (parts / "manifest.json").exists()
    done = swap_dataset(*saved, market, parts, batch_size=4, device="cpu")
    assert done.kept >= 4
    assert done.written + done.kept == 12
    assert contents(parts) == contents(whole)
    with pytest.raises(UserError, match=r"holds images of another run \(seed: 0 there, 1 here\)"):
        swap_dataset(*saved, market, parts, seed=1, device="cpu")


def test_mistakes_in_a_set(saved, market, tmp_path):
    with pytest.raises(UserError, match="structures is a whole number of at least 1, got 0"):
        swap_dataset(*saved, market, tmp_path / "out", structures=0)
    path = market / FOLDER / names(market)[3]
    cv2.imwrite(str(path), np.zeros((40, 24, 3), np.uint8))
    with pytest.raises(UserError, match=r"2 sizes .first: 32 x 16 and 40 x 24.: draw with batch_size 1"):
        swap_dataset(*saved, market, tmp_path / "out", device="cpu")
    path.write_bytes(b"no picture")
    with pytest.raises(UserError, match="1 of 12 images cannot be decoded"):
        swap_dataset(*saved, market, tmp_path / "out", device="cpu")


def test_options_of_other_methods_are_refused(saved, market, tmp_path):
    with pytest.raises(UserError, match=r"poses is an option of a pose transfer, and ToySwap .* is none: .*structures"):
        redraw_dataset(*saved, market, tmp_path / "out", {"poses": 2})
    transfer = write_toy_transfer(tmp_path, "transfer", market)
    with pytest.raises(UserError, match="structures is an option of a method that swaps appearances, and PG2StageOne"):
        redraw_dataset(transfer, saved[1], market, tmp_path / "out", {"structures": 2})
    redraw_dataset(*saved, market, tmp_path / "out", {"structures": 2, "device": "cpu"})
    assert manifest(tmp_path / "out")["structures"] == 2


def test_the_tool_draws_the_grid(saved, market, tmp_path, monkeypatch, capsys):
    files = [str(market / FOLDER / name) for name in names(market)]
    out, images = tmp_path / "grid.png", tmp_path / "images"
    options = ["--appearance", *files[:2], "--structure", *files[2:5], "--out", str(out), "--images", str(images)]
    monkeypatch.setattr(sys, "argv", ["swap.py", *saved, *options, "--device", "cpu"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(TOOLS / "swap.py"), run_name="__main__")
    assert cv2.imread(str(out)).shape[2] == 3
    assert len(list(images.iterdir())) == 6
    assert f"written: {out}" in capsys.readouterr().out


def test_the_tool_takes_a_folder(saved, market, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(swapping, "swap", lambda *arguments, **options: given.append(arguments))
    folder = str(market / FOLDER)
    monkeypatch.setattr(sys, "argv", ["swap.py", *saved, "--appearance", folder, "--structure", folder])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(TOOLS / "swap.py"), run_name="__main__")
    assert given == [(*saved, folder, folder, "swapped.png")]
