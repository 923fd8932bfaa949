"""Poses and masks of a folder: what is written, counted, warned of and refused; taken up after a kill."""

import json
import runpy
import shutil
import sys

import cv2
import numpy as np
import pytest

from reidzoo.apis import pose_extraction
from reidzoo.apis.pose_extraction import extract_poses
from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINT_INDEX, JOINTS, MISSING
from reidzoo.data.datasets.pose_pairs import PosePairs
from reidzoo.data.poses.annotations import read_annotations, write_annotations
from reidzoo.registry import POSE_ESTIMATORS

SIZE = (20, 12)
NOBODY = 0


class ToyPose:
    """Sees in the first pixel where the nose is; 0 is nobody. The right ear is always hidden, the left one unsure."""

    calls = 0

    def __call__(self, image):
        type(self).calls += 1
        number = int(image[0, 0, 0])
        points = np.stack([np.arange(18) + number / 10, np.full(18, 3.0)], axis=1)
        points[JOINT_INDEX["right_ear"]] = MISSING
        points[JOINT_INDEX["right_elbow"]] = -7, 300
        confidence = np.full(18, 0.3)
        confidence[JOINT_INDEX["left_ear"]] = 0.29
        if number == NOBODY:
            points[:] = MISSING
        mask = np.zeros(image.shape[:2], np.uint8)
        mask[:number] = 255
        return points, confidence, mask


class Killed(Exception):
    pass


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    """The toy estimator on its shelf, and what a test registers besides only for the test."""
    held = {**POSE_ESTIMATORS.module_dict, "ToyPose": ToyPose}
    monkeypatch.setattr(POSE_ESTIMATORS, "_module_dict", held)
    monkeypatch.setattr(ToyPose, "calls", 0)


@pytest.fixture
def gives(monkeypatch):
    """``gives(function)``: the toy estimator answers otherwise."""
    return lambda function: monkeypatch.setattr(ToyPose, "__call__", lambda self, image: function(image))


def fill(root, **numbers):
    """PNG images by the path in ``root``, ``__`` between folders, each with its number in the first pixel."""
    for name, number in numbers.items():
        path = root / f"{name.replace('__', '/')}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = np.zeros((*SIZE, 3), np.uint8)
        image[0, 0, 2] = number  # OpenCV writes blue first
        assert cv2.imwrite(str(path), image)
    return root


def toy_pose(number):
    pose = np.array([[round(joint + number / 10), 3] for joint in range(18)])
    pose[[JOINT_INDEX["right_ear"], JOINT_INDEX["left_ear"]]] = MISSING
    pose[JOINT_INDEX["right_elbow"]] = 0, SIZE[1] - 1
    return pose


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_file_is_that_of_the_writer_and_masks_have_the_paths_of_the_images(tmp_path):
    images = fill(tmp_path / "in", a=4, deep__er__b=9, deep__c=13)
    found = extract_poses(images, tmp_path / "out", "ToyPose")
    expected = {"a.png": toy_pose(4), "b.png": toy_pose(9), "c.png": toy_pose(13)}
    write_annotations(tmp_path / "expected.csv", expected)
    assert found.annotations == tmp_path / "out" / "keypoints.csv"
    assert found.annotations.read_bytes() == (tmp_path / "expected.csv").read_bytes()
    assert set(contents(tmp_path / "out")) == {
        *("extraction.json", "keypoints.csv"),
        *("masks/a.png", "masks/deep/er/b.png", "masks/deep/c.png"),
    }
    mask = cv2.imread(str(tmp_path / "out" / "masks/deep/er/b.png"), cv2.IMREAD_UNCHANGED)
    assert mask.shape == SIZE
    assert (mask[:9] == 255).all()
    assert not mask[9:].any()


def test_points_are_counted_by_joint_and_images_without_any_are_named(tmp_path):
    numbers = {f"p{number:02d}": number for number in range(1, 13)}
    images = fill(tmp_path / "in", **numbers, none1=NOBODY, none2=NOBODY, none3=NOBODY, none4=NOBODY)
    lines = []
    found = extract_poses(images, tmp_path / "out", "ToyPose", report=lines.append)
    assert found.images == 16
    assert found.missing == {joint: 16 if joint.endswith("ear") else 4 for joint in JOINTS}
    assert found.empty == ("none1.png", "none2.png", "none3.png", "none4.png")
    said = "\n".join(lines)
    assert "| nose           | 4                    | 25.0 %  |" in said
    assert "| left_ear       | 16                   | 100.0 % |" in said
    assert "warning: no point in 4 ('none1.png', 'none2.png', 'none3.png', ...) of 16 images" in lines
    assert (read_annotations(found.annotations)["none3.png"] == MISSING).all()
    record = json.loads((tmp_path / "out" / "extraction.json").read_text())
    assert record.pop("commit")
    assert record == {
        "made_by": "reidzoo extract_pose",
        "backend": {"type": "ToyPose"},
        "min_confidence": 0.3,
        "masks": True,
        "images": 16,
        "without_point": 4,
        "missing": found.missing,
    }


def test_no_warning_where_every_image_has_a_point(tmp_path):
    lines = []
    extract_poses(fill(tmp_path / "in", a=1), tmp_path / "out", "ToyPose", report=lines.append)
    assert not [line for line in lines if line.startswith("warning")]


def test_min_confidence_decides_what_is_missing(tmp_path):
    images = fill(tmp_path / "in", a=4)
    everything = extract_poses(images, tmp_path / "low", "ToyPose", min_confidence=0.2).missing
    assert [joint for joint, count in everything.items() if count] == ["right_ear"]
    with pytest.raises(UserError, match="no point in most images"):
        extract_poses(images, tmp_path / "high", "ToyPose", min_confidence=0.31)


def test_most_images_without_a_point_fail_as_soon_as_it_is_certain(tmp_path):
    numbers = {f"none{number}": NOBODY for number in range(4)}
    images = fill(tmp_path / "in", a=3, b=4, **numbers, z=5)
    said = r"no point in most images, so far in 4 \('none0.png', 'none1.png', 'none2.png', ...\) of 7 .*partial.csv"
    for calls in (6, 6):  # the second call knows without looking
        with pytest.raises(UserError, match=said):
            extract_poses(images, tmp_path / "out", "ToyPose")
        assert ToyPose.calls == calls
    assert not (tmp_path / "out" / "keypoints.csv").exists()
    kept = read_annotations(tmp_path / "out" / "keypoints.partial.csv")
    assert list(kept) == ["a.png", "b.png", "none0.png", "none1.png", "none2.png", "none3.png"]
    np.testing.assert_array_equal(kept["b.png"], toy_pose(4))


def test_half_of_the_images_without_a_point_are_not_most(tmp_path):
    images = fill(tmp_path / "in", a=3, none=NOBODY)
    assert extract_poses(images, tmp_path / "out", "ToyPose").empty == ("none.png",)


@pytest.mark.parametrize("kept_to_the_end", [True, False], ids=["interrupted", "killed"])
def test_a_killed_call_is_taken_up_by_the_same_call(tmp_path, monkeypatch, kept_to_the_end):
    images = fill(tmp_path / "in", **{f"p{number}": number for number in range(1, 8)})
    extract_poses(images, tmp_path / "whole", "ToyPose")
    look, write = ToyPose.__call__, write_annotations
    monkeypatch.setattr(pose_extraction, "INTERVAL", 2)

    def dies(self, image):
        if image[0, 0, 0] == 6:
            if not kept_to_the_end:  # a killed process does not tidy up
                monkeypatch.setattr(pose_extraction, "write_annotations", lambda path, poses: None)
            raise Killed
        return look(self, image)

    monkeypatch.setattr(ToyPose, "__call__", dies)
    with pytest.raises(Killed):
        extract_poses(images, tmp_path / "out", "ToyPose")
    assert not (tmp_path / "out" / "keypoints.csv").exists()
    monkeypatch.setattr(ToyPose, "__call__", look)
    monkeypatch.setattr(pose_extraction, "write_annotations", write)
    ToyPose.calls = 0
    extract_poses(images, tmp_path / "out", "ToyPose")
    assert ToyPose.calls == (2 if kept_to_the_end else 3)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_finished_folder_is_left_alone_and_added_images_are_looked_at(tmp_path):
    images = fill(tmp_path / "in", a=4, b=9)
    before = extract_poses(images, tmp_path / "out", "ToyPose")
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    assert extract_poses(images, tmp_path / "out", "ToyPose") == before
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == files
    assert ToyPose.calls == 2
    fill(images, c=13)
    assert extract_poses(images, tmp_path / "out", "ToyPose").images == 3
    assert ToyPose.calls == 3
    extract_poses(images, tmp_path / "new", "ToyPose")
    assert contents(tmp_path / "out") == contents(tmp_path / "new")


def test_a_data_set_gets_a_file_a_part_that_its_own_readers_find(toy_market, tmp_path, gives):
    root = shutil.copytree(toy_market, tmp_path / "market")
    gives(lambda image: (np.full((18, 2), 5.0), np.ones(18), np.full(image.shape[:2], 255, np.uint8)))
    train = extract_poses(root, root, "ToyPose")
    test = extract_poses(root, root, "ToyPose", part="test")
    query = extract_poses(root, tmp_path / "query", "ToyPose", part="query")
    assert [found.annotations.name for found in (train, test, query)] == [
        f"keypoints-{part}.csv" for part in ("train", "test", "query")
    ]
    assert [found.images for found in (train, test, query)] == [24, 12, 6]
    for split in ("train", "test"):
        dataset = {"type": "Market1501", "root": str(root), "split": split, "transforms": [{"type": "LoadMask"}]}
        item = PosePairs(dataset, annotations=f"keypoints-{split}.csv")[0]
        assert (item["target_points"] == 5).all()
        assert (item["target_masks"] == 255).all()


def test_own_masks_are_no_images(tmp_path):
    images = fill(tmp_path, a=4, b=9)
    for _ in range(2):
        assert extract_poses(images, images, "ToyPose").images == 2


def test_without_masks(tmp_path):
    lines = []
    extract_poses(fill(tmp_path / "in", a=4), tmp_path / "out", "ToyPose", masks=False, report=lines.append)
    assert not (tmp_path / "out" / "masks").exists()
    assert not [line for line in lines if line.startswith("warning")]


def test_an_estimator_without_masks_is_told(tmp_path, gives):
    gives(lambda image: (np.zeros((18, 2)), np.ones(18), None))
    lines = []
    extract_poses(fill(tmp_path / "in", a=4), tmp_path / "out", "ToyPose", report=lines.append)
    assert "warning: the estimator made no mask of 1 ('a.png') of 1 images" in lines
    assert not (tmp_path / "out" / "masks").exists()


def test_one_name_in_several_folders_is_refused(tmp_path):
    images = fill(tmp_path / "in", one__a=1, two__a=2, two__b=3)
    with pytest.raises(UserError, match=r"1 name\(s\) stand for several .* 'a.png' in 'one' and 'two': name one of"):
        extract_poses(images, tmp_path / "out", "ToyPose")
    assert not (tmp_path / "out").exists()


def test_names_that_differ_in_their_suffix_would_share_a_mask(tmp_path):
    images = fill(tmp_path / "in", a=1)
    shutil.copy(images / "a.png", images / "a.bmp")
    with pytest.raises(UserError, match="differ in their suffix only"):
        extract_poses(images, tmp_path / "out", "ToyPose")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_confidence": 0.5}, r"holds other poses \(min_confidence: 0.3 there, 0.5 here\): name another folder"),
        ({"backend": {"type": "OtherPose"}}, r"holds other poses \(backend: .*ToyPose.* there, .*OtherPose.* here\)"),
        ({"masks": False}, r"holds other poses \(masks: true there, false here\)"),
    ],
)
def test_poses_of_other_settings_are_not_mixed(tmp_path, options, said):
    images = fill(tmp_path / "in", a=4)
    extract_poses(images, tmp_path / "out", "ToyPose")
    before = contents(tmp_path / "out")
    with pytest.raises(UserError, match=said):
        extract_poses(images, tmp_path / "out", **{"backend": "ToyPose", **options})
    assert contents(tmp_path / "out") == before


def test_poses_of_other_images_are_not_mixed(tmp_path):
    extract_poses(fill(tmp_path / "in", a=4, b=4), tmp_path / "out", "ToyPose")
    with pytest.raises(UserError, match=r"keypoints.csv' has poses of other images, 2 \('a.png', 'b.png'\)"):
        extract_poses(fill(tmp_path / "other", c=4), tmp_path / "out", "ToyPose")


@pytest.mark.parametrize("name", ["keypoints.csv", "masks/a.png"])
def test_files_of_others_are_not_replaced(tmp_path, name):
    foreign = tmp_path / "out" / name
    foreign.parent.mkdir(parents=True)
    foreign.write_text("precious")
    with pytest.raises(UserError, match=rf"{name}' was not written by an extraction, which would replace it"):
        extract_poses(fill(tmp_path / "in", a=4), tmp_path / "out", "ToyPose")
    assert contents(tmp_path / "out") == {name: b"precious"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((np.zeros((18, 2)), np.ones(18)), "ToyPose gives points, confidence and mask .or None., got tuple"),
        ((np.zeros((17, 2)), np.ones(17), None), r"18 x 2 finite points and 18 confidences, got \(17, 2\) and \(17,\)"),
        ((np.full((18, 2), np.nan), np.ones(18), None), "18 x 2 finite points"),
        ((np.zeros((18, 2)), np.ones(18), np.zeros((12, 20), np.uint8)), "masks of 255 .* 20 x 12 uint8: mend it"),
        ((np.zeros((18, 2)), np.ones(18), np.ones(SIZE, np.uint8)), "masks of 255"),
    ],
)
def test_an_estimator_that_gives_something_else(tmp_path, gives, answer, said):
    gives(lambda image: answer)
    with pytest.raises(UserError, match=said):
        extract_poses(fill(tmp_path / "in", a=4), tmp_path / "out", "ToyPose")


def test_bad_input(tmp_path):
    out = tmp_path / "out"
    images = fill(tmp_path / "in", a=4, b=5)
    (tmp_path / "empty").mkdir()
    for arguments, options, said in (
        ((tmp_path / "absent", out), {}, "absent', which does not exist"),
        ((tmp_path / "empty", out), {}, "found no image in the folder"),
        ((images, out), {"part": "tran"}, "no part 'tran', did you mean 'train'"),
        ((images, out), {"min_confidence": 30}, "min_confidence lies between 0 and 1, got 30"),
        ((images, out, "ToyPos"), {}, "no 'ToyPos' on shelf pose_estimators: did you mean 'ToyPose'"),
        ((images, images / "a.png", "ToyPose"), {}, "a.png' is a file, and poses need a folder"),
    ):
        with pytest.raises(UserError, match=said):
            extract_poses(*arguments, **options)
    assert not out.exists()


def test_mediapipe_is_the_default_and_refuses_before_anything_is_written(tmp_path, monkeypatch):
    images = fill(tmp_path / "in", a=4)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"there is no '.venv-pose/bin/python': make it with `make pose-env`"):
        extract_poses(images, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_image_that_does_not_decode_is_named_and_what_was_found_before_is_kept(tmp_path):
    images = fill(tmp_path / "in", a=4)
    (images / "b.jpg").write_text("no image")
    with pytest.raises(UserError, match=r"b.jpg' is not an image"):
        extract_poses(images, tmp_path / "out", "ToyPose")
    assert list(read_annotations(tmp_path / "out" / "keypoints.partial.csv")) == ["a.png"]


def test_the_tool_takes_an_estimator_of_the_users(tmp_path, monkeypatch, capsys):
    (tmp_path / "fake_estimator.py").write_text(
        "import numpy as np\nfrom reidzoo.registry import POSE_ESTIMATORS\n"
        "@POSE_ESTIMATORS.register\nclass CornerPose:\n    '''Everything lies in the corner.'''\n"
        "    def __call__(self, image):\n        return np.zeros((18, 2)), np.ones(18), None\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    images = fill(tmp_path / "in", a=4)
    call = ["extract_pose.py", str(images), "--out", str(tmp_path / "out"), "--backend", "CornerPose", "--no-masks"]
    monkeypatch.setattr(sys, "argv", [*call, "--import", "fake_estimator"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path("tools/extract_pose.py", run_name="__main__")
    assert left.value.code == 0
    assert "poses of 1 images" in capsys.readouterr().out
    assert not read_annotations(tmp_path / "out" / "keypoints.csv")["a.png"].any()
    fill(images, b=0, c=0)
    monkeypatch.setattr(sys, "argv", [*call[:4], "--backend", "CornerPose", "--min-confidence", "2"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path("tools/extract_pose.py", run_name="__main__")
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("error: min_confidence lies between 0 and 1")
