"""One person in one pose: where poses come from, what is drawn and written, and poses that cannot be drawn."""

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

from reidzoo.apis.pose_input import find_pose
from reidzoo.apis.reposing import repose
from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINT_INDEX, MISSING
from reidzoo.data.poses.annotations import write_annotations
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.registry import METHODS

TOOL = Path(__file__).resolve().parents[2] / "tools" / "repose.py"
ONE, OTHER = "0001_c1s1_000000_01.jpg", "0003_c2s1_000001_01.jpg"


@pytest.fixture
def market(tmp_path):
    return write_posed_market(tmp_path / "market", train_pids=3, test_pids=2)


@pytest.fixture
def images(market):
    """Paths of two images of different persons."""
    return market / "bounding_box_train" / ONE, market / "bounding_box_train" / OTHER


@pytest.fixture
def saved(market, tmp_path):
    """Config and checkpoint of an untrained method."""
    config = write_toy_transfer(tmp_path, "transfer", market)
    torch.manual_seed(0)
    return config, write_weights(tmp_path / "transfer.pth", METHODS.build(Config.fromfile(config).model))


@pytest.fixture
def method(saved):
    built = METHODS.build(Config.fromfile(saved[0]).model)
    built.load_state_dict(torch.load(saved[1], weights_only=True)["state_dict"])
    return built


@pytest.fixture
def asked(monkeypatch):
    """What the method is asked to draw: image and both poses, a batch of one each."""
    made, original = [], PoseTransferMethod.repose

    def recorded(self, *arguments):
        made.append([argument[0].numpy() for argument in arguments])
        return original(self, *arguments)

    monkeypatch.setattr(PoseTransferMethod, "repose", recorded)
    return made


def write_openpose(path, points):
    """OpenPose's file of one person with these points, all found; missing ones are zero."""
    there = (points != MISSING).all(axis=1)
    rows = np.where(there[:, None], np.column_stack([points[:, ::-1], there]), 0)
    path.write_text(json.dumps({"people": [{"pose_keypoints_2d": rows.ravel().tolist()}]}))
    return path


def test_what_is_drawn_is_what_the_method_draws(saved, images, method, tmp_path):
    out, sheet = tmp_path / "made" / "out.png", tmp_path / "sheet.png"
    drawn = repose(*saved, images[0], images[1], out, sheet=sheet, device="cpu")
    source = torch.from_numpy(cv2.imread(str(images[0]))[:, :, ::-1].transpose(2, 0, 1).copy())[None]
    poses = (torch.from_numpy(pose_of(image.name)).float()[None] for image in images)
    assert np.array_equal(drawn, method.repose(source, *poses)[0].permute(1, 2, 0).numpy())
    assert drawn.shape == (32, 16, 3)
    assert np.array_equal(cv2.imread(str(out))[:, :, ::-1], drawn)
    assert cv2.imread(str(sheet)).shape[0] > 256  # the three beside each other, enlarged
    assert repose(*saved, images[0], images[0], device="cpu").tolist() != drawn.tolist()  # the pose matters


def test_poses_of_rows_and_of_openpose_are_those_of_images(saved, images, market, tmp_path, asked):
    rows = [f"{market / 'keypoints-train.csv'}:{image.name}" for image in images]
    files = [write_openpose(tmp_path / f"{image.stem}.json", pose_of(image.name)) for image in images]
    drawn = [
        repose(*saved, images[0], images[1], device="cpu"),
        repose(*saved, images[0], rows[1], source_pose=rows[0], device="cpu"),
        repose(*saved, images[0], files[1], source_pose=files[0], device="cpu"),
    ]
    assert all(np.array_equal(drawn[0], other) for other in drawn[1:])
    for _, source, target in asked:
        assert np.array_equal(source, pose_of(ONE))
        assert np.array_equal(target, pose_of(OTHER))


def test_images_and_poses_come_to_the_size_of_training(images, market, tmp_path, asked):
    generator = {"type": "PG2Generator", "width": 2, "bottleneck": 3, "image_size": (64, 32)}
    model = {"type": "PG2StageOne", "generator": generator}
    transforms = [{"type": "Resize", "height": 64, "width": 32}]
    config = write_toy_transfer(tmp_path, "large", market, transforms=transforms, model=model)
    checkpoint = write_weights(tmp_path / "large.pth", METHODS.build(model))
    row = f"{market / 'keypoints-train.csv'}:{OTHER}"
    assert repose(config, checkpoint, images[0], images[1], device="cpu").shape == (64, 32, 3)
    repose(config, checkpoint, images[0], row, pose_size=(32, 16), device="cpu")
    repose(config, checkpoint, images[0], row, device="cpu")  # taken for a pose in 64 x 32
    for image, source, _ in asked:
        assert image.shape == (3, 64, 32)
        assert np.array_equal(source, 2 * pose_of(ONE) + 0.5)
    assert np.array_equal(asked[0][2], 2 * pose_of(OTHER) + 0.5)
    assert np.array_equal(asked[1][2], asked[0][2])
    assert np.array_equal(asked[2][2], pose_of(OTHER))


def test_a_file_of_poses_is_found_beside_or_given(images, market, tmp_path):
    assert np.array_equal(find_pose(images[0]).points, pose_of(ONE))  # in the folder above
    given = tmp_path / "given.csv"
    write_annotations(given, {ONE: pose_of("another")})
    assert np.array_equal(find_pose(images[0], given).points, pose_of("another"))
    assert np.array_equal(find_pose(images[1], given).points, pose_of(OTHER))  # which is not in it
    (market / "keypoints-train.csv").rename(images[0].parent / "market-annotation-train.csv")
    assert np.array_equal(find_pose(images[0]).points, pose_of(ONE))


@pytest.mark.parametrize(
    ("pose", "said"),
    [
        ("nowhere.png", "there is no image 'nowhere.png'"),
        ("nowhere.csv:one", r"no file of poses 'nowhere\.csv'"),
        ("nowhere.json", "'nowhere.json' is no pose file of OpenPose"),
        ("nowhere.csv", r"has the poses of many images: say of which, as 'nowhere\.csv:NAME'"),
        ("FILE:0003_c2s1_000001.jpg", rf"no pose of '0003_c2s1_000001\.jpg' among its 12: did you mean .*'{OTHER}'"),
        ("FILE:me", f"no pose of 'me' among its 12: its first name is '{ONE}'"),
        ("FILE:empty", "the pose of 'empty' has no point at all"),
        ("FILE:legless", "the pose of 'legless' lacks right_hip and left_hip"),
    ],
)
def test_poses_that_are_not_there(saved, images, market, pose, said):
    poses = {path.name: pose_of(path.name) for path in images[0].parent.iterdir()}
    if pose.endswith(("empty", "legless")):
        poses["empty"] = np.full((18, 2), MISSING)
        poses["legless"] = pose_of("legless")
        poses["legless"][[JOINT_INDEX["right_hip"], JOINT_INDEX["left_hip"], 4]] = MISSING
    write_annotations(market / "keypoints-train.csv", poses)
    with pytest.raises(UserError, match=said):
        repose(*saved, images[0], pose.replace("FILE", str(market / "keypoints-train.csv")), device="cpu")


def test_images_without_a_pose(saved, images, market, tmp_path):
    write_annotations(market / "keypoints-train.csv", {ONE: pose_of(ONE)})
    (market / "keypoints-test.csv").unlink()
    with pytest.raises(UserError, match=rf"there are 1 file\(s\) of poses, none with its pose, beside '.*{OTHER}'"):
        repose(*saved, images[0], images[1], device="cpu")
    (market / "keypoints-train.csv").unlink()
    with pytest.raises(UserError, match=rf"there is no file of poses beside '.*{ONE}' .* tools/extract_pose.py"):
        repose(*saved, images[0], images[1], device="cpu")
    write_annotations(tmp_path / "given.csv", {"0003_c2s1_000001_02.jpg": pose_of(ONE)})
    with pytest.raises(UserError, match=rf"given.csv' has no pose of '{OTHER}' among its 1: did you mean '0003_"):
        find_pose(images[1], tmp_path / "given.csv")


def test_poses_of_pictures_of_another_size(saved, images, market, tmp_path):
    points = pose_of(ONE)
    points[0] = (40, 3)
    write_annotations(tmp_path / "large.csv", {"large": points})
    row = f"{tmp_path / 'large.csv'}:large"
    with pytest.raises(
        UserError, match="1 of the points of 'large' lie outside its 32 x 16 pixels, first nose at y = 40"
    ):
        repose(*saved, images[0], row, device="cpu")
    with pytest.raises(UserError, match="points of 'large' lie outside its 32 x 16 pixels"):
        repose(*saved, images[0], images[1], source_pose=row, device="cpu")
    repose(*saved, images[0], row, pose_size=(64, 16), device="cpu")


def test_an_image_much_larger_than_those_whose_poses_the_file_has(images, market):
    poses = {f"{number}.jpg": pose_of(str(number)) for number in range(20)}
    write_annotations(market / "keypoints-train.csv", {ONE: pose_of(ONE), **poses})
    find_pose(images[0])
    picture = cv2.imread(str(images[0]))
    cv2.imwrite(str(images[0]), cv2.resize(picture, None, fx=3, fy=3))
    with pytest.raises(UserError, match=r"no point of the 21 poses .* give the image in the size in which"):
        find_pose(images[0])


def test_wrong_values(saved, images, tmp_path):
    for changes, said in (
        ({"out": tmp_path / "out.gif"}, r"written as \.png or \.jpg or \.jpeg, got the name '.*out\.gif'"),
        ({"sheet": tmp_path / "out.jpg"}, r"written as \.png, got the name '.*out\.jpg'"),
        ({"pose_size": (32, 16)}, "is a picture and says its size itself: leave pose_size out"),
        ({"pose_size": (32, 0)}, r"pose_size is height and width in pixels, two whole numbers .* got \(32, 0\)"),
        ({"device": "gpu3"}, "no device 'gpu3' here"),
    ):
        with pytest.raises(UserError, match=said):
            repose(*saved, *images, **{"device": "cpu", **changes})
    assert not list(tmp_path.glob("*.gif"))


def test_the_tool_draws(saved, images, tmp_path, monkeypatch, capsys):
    out, sheet = tmp_path / "out.jpg", tmp_path / "sheet.png"
    arguments = [*saved, images[0], "--pose", images[1], "--out", out, "--sheet", sheet, "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["repose.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(TOOL), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.endswith(f"written: {out}\n")
    assert cv2.imread(str(out)).shape == (32, 16, 3)
    assert sheet.is_file()
