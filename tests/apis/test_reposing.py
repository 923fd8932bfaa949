"""A data set drawn in other poses: names, labels, poses and manifest; who is left out; taken up after a kill."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from toy_poses import pose_of, write_posed_market, write_toy_transfer, write_weights
from toy_translation import write_toy_translation

from reidzoo.apis.redrawing import redraw_dataset
from reidzoo.apis.reposing import Reposed, repose_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.skeletons import JOINT_INDEX, MISSING
from reidzoo.data.datasets.generated_folder import GeneratedFolder, read_manifest
from reidzoo.data.poses.annotations import read_annotations, write_annotations
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.registry import METHODS

TOOL = Path(__file__).resolve().parents[2] / "tools" / "translate.py"


class Killed(Exception):
    pass


@pytest.fixture
def market(tmp_path):
    """12 training images of 3 persons, 2 cameras, with poses."""
    return write_posed_market(tmp_path / "market", train_pids=3, test_pids=2)


@pytest.fixture
def saved(market, tmp_path):
    """Config and checkpoint of an untrained method that draws the toy data in other poses."""
    config = write_toy_transfer(tmp_path, "transfer", market)
    torch.manual_seed(0)
    return config, write_weights(tmp_path / "transfer.pth", METHODS.build(Config.fromfile(config).model))


@pytest.fixture
def asked(monkeypatch):
    """What the method is asked to draw, image by image: ``(image, source points, target points)``."""
    made, repose = [], PoseTransferMethod.repose

    def recorded(self, images, source_points, target_points):
        made.extend(zip(images, source_points.numpy(), target_points.numpy(), strict=True))
        return repose(self, images, source_points, target_points)

    monkeypatch.setattr(PoseTransferMethod, "repose", recorded)
    return made


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def header(folder):
    return {key: value for key, value in json.loads((folder / "manifest.json").read_text()).items() if key != "images"}


def change_poses(root, change):
    poses = read_annotations(root / "keypoints-train.csv")
    change(poses)
    write_annotations(root / "keypoints-train.csv", poses)


def test_names_labels_and_cameras_are_those_of_the_source(saved, market, tmp_path):
    lines = []
    done = repose_dataset(*saved, market, tmp_path / "out", poses=3, device="cpu", report=lines.append)
    assert done == Reposed(tmp_path / "out", written=36, kept=0, excluded=0)
    sources = sorted(path.name for path in (market / "bounding_box_train").iterdir())
    entries = read_manifest(tmp_path / "out")
    folder = "bounding_box_train/"
    assert [entry.file for entry in entries] == [f"{folder}{name[:-4]}g{n}.jpg" for name in sources for n in (1, 2, 3)]
    assert [entry.source_file for entry in entries] == [f"{folder}{name}" for name in sources for _ in range(3)]
    for entry in entries:
        assert Path(entry.file).name.startswith(f"{entry.pid:04d}_c{entry.source_camid + 1}")
        assert entry.style_camid == entry.source_camid
    dataset = GeneratedFolder(str(tmp_path / "out"))
    assert dataset.title == "Market1501, in other poses (3 each) by PG2StageOne"
    assert dataset.read_image(dataset.records[0]).shape == (32, 16, 3)
    assert not (tmp_path / "out" / "reposing.json").exists()
    assert [line.rpartition(": ")[2] for line in lines] == ["36 of 36 images to repose", "complete, 36 images"]


def test_the_manifest_says_what_made_the_images_and_names_no_folder(saved, market, tmp_path):
    repose_dataset(*saved, market, tmp_path / "out", seed=4, quality=80, device="cpu")
    found = header(tmp_path / "out")
    assert found.pop("commit")
    assert found == {
        "made_by": "reidzoo repose",
        "method": "PG2StageOne",
        "generator": "PG2Generator",
        "config": "transfer.py",
        "checkpoint_sha256": sha256(saved[1]),
        "source": "Market1501",
        "annotations_sha256": sha256(market / "keypoints-train.csv"),
        "counts": {"images": 24, "pids": 3, "cameras": 2, "excluded": 0},
        "size": None,
        "quality": 80,
        "poses": 2,
        "seed": 4,
    }
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


def test_each_image_is_drawn_from_its_pose_in_different_poses_of_the_set(saved, market, tmp_path, asked):
    repose_dataset(*saved, market, tmp_path / "out", poses=12, device="cpu")
    names = sorted(path.name for path in (market / "bounding_box_train").iterdir())
    for number, name in enumerate(names):
        own = asked[12 * number : 12 * (number + 1)]
        image = cv2.imread(str(market / "bounding_box_train" / name))[:, :, ::-1]
        for drawn, source, _ in own:
            assert np.array_equal(drawn.permute(1, 2, 0), image)
            assert np.array_equal(source, pose_of(name))
        targets = {target.tobytes() for _, _, target in own}
        assert targets == {pose_of(each).astype(np.float32).tobytes() for each in names}  # all persons', and its own


def test_poses_are_a_function_of_seed_and_image(saved, market, tmp_path):
    def drawn(name, **changes):
        repose_dataset(*saved, market, tmp_path / name, device="cpu", **changes)
        return {file: content for file, content in contents(tmp_path / name).items() if file != "manifest.json"}

    two = drawn("two", poses=2)
    five = drawn("five", poses=5)
    assert {file: five[file] for file in two} == two
    other = drawn("other", poses=2, seed=1)
    assert sum(other[file] != two[file] for file in two) > len(two) / 2
    first = [read_manifest(tmp_path / "two")[0].file, read_manifest(tmp_path / "two")[2].file]
    assert len({two[file] for file in first}) == 2


def test_points_come_in_pixels_of_resized_images(saved, market, tmp_path, asked):
    transforms = [{"type": "Resize", "height": 64, "width": 32}, {"type": "RandomFlip", "prob": 1.0}]
    small = {"type": "PG2Generator", "width": 2, "bottleneck": 3, "image_size": (64, 32)}
    model = {"type": "PG2StageOne", "generator": small}
    config = write_toy_transfer(tmp_path, "large", market, transforms=transforms, model=model)
    checkpoint = write_weights(tmp_path / "large.pth", METHODS.build(model))
    repose_dataset(config, checkpoint, market, tmp_path / "out", device="cpu")
    assert header(tmp_path / "out")["size"] == [64, 32]
    name = sorted(path.name for path in (market / "bounding_box_train").iterdir())[0]
    for image, source, target in asked[:2]:
        assert image.shape == (3, 64, 32)
        assert np.array_equal(source, 2 * pose_of(name) + 0.5)  # and not mirrored
        assert ((target - 0.5) % 2 == 0).all()


def test_images_without_shoulders_and_hips_are_left_out_and_counted(saved, market, tmp_path, asked):
    names = sorted(path.name for path in (market / "bounding_box_train").iterdir())

    def change(poses):
        poses[names[0]][JOINT_INDEX["left_hip"]] = MISSING
        poses[names[5]][:] = MISSING
        poses[names[6]][JOINT_INDEX["nose"]] = MISSING  # no matter

    change_poses(market, change)
    lines = []
    done = repose_dataset(*saved, market, tmp_path / "out", poses=10, device="cpu", report=lines.append)
    assert (done.written, done.excluded) == (100, 2)
    assert lines[0] == "2 of 12 images are left out: their shoulders and hips are not all visible"
    assert header(tmp_path / "out")["counts"] == {"images": 100, "pids": 3, "cameras": 2, "excluded": 2}
    left_out = {f"bounding_box_train/{name}" for name in (names[0], names[5])}
    assert not left_out & {entry.source_file for entry in read_manifest(tmp_path / "out")}
    torso = [JOINT_INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("hip", "shoulder")]
    assert all((target[torso] != MISSING).all() for _, _, target in asked)


@pytest.mark.parametrize("batches", [0, 2])
def test_a_killed_call_goes_on_and_ends_in_the_same_bytes(saved, market, tmp_path, monkeypatch, batches):
    def draw(name):
        return repose_dataset(*saved, market, tmp_path / name, batch_size=5, device="cpu")

    draw("whole")
    calls, repose = [], PoseTransferMethod.repose

    def dies(self, *arguments):
        calls.append(arguments)
        if len(calls) > batches:
            raise Killed
        return repose(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(PoseTransferMethod, "repose", dies)
        with pytest.raises(Killed):
            draw("parts")
    left = contents(tmp_path / "parts")
    assert "reposing.json" in left
    assert len(left) == 5 * batches + 1
    assert draw("parts") == Reposed(tmp_path / "parts", written=24 - 5 * batches, kept=5 * batches, excluded=0)
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")
    assert draw("parts").written == 0


def test_a_folder_of_other_poses_is_refused(saved, market, tmp_path):
    repose_dataset(*saved, market, tmp_path / "out", device="cpu")
    before = contents(tmp_path / "out")
    for changes, said in (({"seed": 1}, "seed: 0 there, 1 here"), ({"poses": 3}, "counts: .* there")):
        with pytest.raises(UserError, match=f"holds images of another run .{said}"):
            repose_dataset(*saved, market, tmp_path / "out", device="cpu", **changes)
    change_poses(market, lambda poses: poses[min(poses)].__setitem__(0, (1, 1)))
    with pytest.raises(UserError, match=r"annotations_sha256: .* there"):
        repose_dataset(*saved, market, tmp_path / "out", device="cpu")
    assert contents(tmp_path / "out") == before


def test_poses_that_do_not_fit_the_images(saved, market, tmp_path):
    def refused(said):
        with pytest.raises(UserError, match=said):
            repose_dataset(*saved, market, tmp_path / "out", device="cpu")

    names = sorted(path.name for path in (market / "bounding_box_train").iterdir())
    whole = (market / "keypoints-train.csv").read_text()
    change_poses(market, lambda poses: poses[names[3]].__setitem__(4, (31, 40)))
    refused(rf"1 of the points of '.*{names[3]}' lie outside its 32 x 16 pixels, first right_wrist at y = 31, x = 40")
    (market / "keypoints-train.csv").write_text(whole)
    change_poses(market, lambda poses: [poses.pop(name) for name in names[2:7]])
    refused(rf"has no pose of 5 \('{names[2]}', '{names[3]}', '{names[4]}', \.\.\.\) of the 12 images")
    (market / "keypoints-train.csv").write_text(whole)
    change_poses(market, lambda poses: [pose.fill(MISSING) for pose in poses.values()])
    refused("has no visible point in any of the 12 images: the pose estimator found nobody")
    (market / "keypoints-train.csv").unlink()
    refused("there is no file of poses '.*keypoints-train.csv'")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"poses": 0}, "poses is a whole number of at least 1, got 0"),
        ({"poses": 13}, "at most the 12 that images here have, got 13"),
        ({"batch_size": 0}, "batch_size is a whole number of at least 1, got 0"),
        ({"quality": 101}, "1 to 100, got 101"),
        ({"checkpoint": "nowhere.pth"}, "nowhere.pth"),
        ({"source_root": "nowhere"}, "'nowhere', which does not exist"),
    ],
)
def test_wrong_values(saved, market, tmp_path, changes, said):
    call = {"config": saved[0], "checkpoint": saved[1], "source_root": market, "out": tmp_path / "out"}
    with pytest.raises(UserError, match=said):
        repose_dataset(**{**call, "device": "cpu", **changes})


def test_broken_and_ambiguous_images_are_named(saved, market, tmp_path):
    broken = sorted((market / "bounding_box_train").iterdir())[7]
    broken.write_bytes(b"no image")
    with pytest.raises(UserError, match=rf"1 of 12 images cannot be decoded .first: .*{broken.name}"):
        repose_dataset(*saved, market, tmp_path / "out", device="cpu")


def test_configs_that_repose_nobody(saved, market, tmp_path):
    cfg = Config.fromfile(saved[0])
    cfg.train_dataloader.dataset = cfg.train_dataloader.dataset.dataset
    cfg.dump(str(tmp_path / "single.py"))
    with pytest.raises(UserError, match=r"train_dataloader.dataset is PosePairs, got Market1501"):
        repose_dataset(tmp_path / "single.py", saved[1], market, tmp_path / "out", device="cpu")
    gan = write_toy_translation(tmp_path, "gan", market, market)
    weights = write_weights(tmp_path / "gan.pth", METHODS.build(Config.fromfile(gan).model))
    with pytest.raises(UserError, match="CycleGAN draws nobody in other poses"):
        repose_dataset(gan, weights, market, tmp_path / "out", device="cpu")


# --- one tool for every kind of method


def test_options_of_the_other_kind_are_refused(saved, market, tmp_path):
    with pytest.raises(UserError, match=r"camera is an option of a translation, and PG2StageOne in .* set poses"):
        redraw_dataset(*saved, market, tmp_path / "out", {"camera": 1, "poses": 2})
    gan = write_toy_translation(tmp_path, "gan", market, market)
    with pytest.raises(
        UserError, match=r"poses is an option of a pose transfer, and CycleGAN in .* set direction, cam"
    ):
        redraw_dataset(gan, "nowhere.pth", market, tmp_path / "out", {"poses": 2})
    assert not (tmp_path / "out").exists()


def test_the_tool_reposes(saved, market, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    arguments = [*saved, "--in", market, "--out", out, "--poses", "3", "--seed", "5", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["translate.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(TOOL), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.endswith(f"{out}: complete, 36 images\n")
    assert (header(out)["poses"], header(out)["seed"]) == (3, 5)
