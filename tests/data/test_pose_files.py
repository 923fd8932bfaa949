"""Files of poses and of pairs: what is written is read, and what cannot be read is told."""

import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import MISSING
from reidzoo.data.poses.annotations import HEADER, read_annotations, write_annotations
from reidzoo.data.poses.pairs import draw_test_pairs, has_torso, read_pairs, valid_pairs, write_pairs

NUMBERS = list(range(18))
ROW = f"0002_c1s1_000451_03.jpg: {NUMBERS}: {NUMBERS}"


def pose_file(tmp_path, *rows, header=HEADER):
    path = tmp_path / "poses.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def whole_pose(value=5):
    return np.full((18, 2), value)


# --- poses


def test_poses_are_read_y_before_x(tmp_path):
    poses = read_annotations(pose_file(tmp_path, f"a.jpg: {NUMBERS}: {[-1, *range(101, 118)]}", ROW))
    assert list(poses) == ["a.jpg", "0002_c1s1_000451_03.jpg"]
    assert poses["a.jpg"].shape == (18, 2)
    assert poses["a.jpg"].dtype == np.int64
    assert poses["a.jpg"][17].tolist() == [17, 117]
    assert poses["a.jpg"][0].tolist() == [MISSING, MISSING]  # one half of a point is none


def test_poses_that_are_written_are_read_again(tmp_path):
    rng = np.random.default_rng(0)
    poses = {f"{name}.jpg": rng.integers(-1, 60, (18, 2)).clip(0) for name in "cab"}
    poses["a.jpg"][3] = MISSING
    write_annotations(tmp_path / "poses.csv", poses)
    again = read_annotations(tmp_path / "poses.csv")
    assert list(again) == ["a.jpg", "b.jpg", "c.jpg"]
    for name, pose in poses.items():
        np.testing.assert_array_equal(again[name], pose)


def test_the_written_text_is_that_of_the_literature(tmp_path):
    pose = np.stack((np.arange(18) + 0.4, np.arange(18) - 0.4), axis=1)
    pose[0] = MISSING
    write_annotations(tmp_path / "poses.csv", {"a.jpg": pose})
    numbers = [-1, *NUMBERS[1:]]
    assert (tmp_path / "poses.csv").read_text() == f"name:keypoints_y:keypoints_x\na.jpg: {numbers}: {numbers}\n"


@pytest.mark.parametrize(
    "row",
    [
        "a.jpg",
        f"a.jpg: {NUMBERS}",
        f"a.jpg: {NUMBERS}: {NUMBERS[:-1]}",
        f"a.jpg: {NUMBERS}: {[*NUMBERS[:-1], 1.5]}",
        f"a.jpg: {NUMBERS}: {[*NUMBERS[:-1], -2]}",
        f"a.jpg: {NUMBERS}: 18",
        f": {NUMBERS}: {NUMBERS}",
        "",
    ],
)
def test_rows_that_cannot_be_read_are_counted(row, tmp_path):
    with pytest.raises(
        UserError, match=r"poses\.csv': 2 of 3 rows cannot be read, first line 3: each needs a name and"
    ):
        read_annotations(pose_file(tmp_path, ROW, row, row))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"there is no file of poses '.*nowhere\.csv'"):
        read_annotations(tmp_path / "nowhere.csv")
    with pytest.raises(UserError, match=r"begins with 'name:keypoints_y:keypoints_x', '.*' begins with 'from,to'"):
        read_annotations(pose_file(tmp_path, "a,b", header="from,to"))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(UserError, match="begins with ''"):
        read_annotations(tmp_path / "empty.csv")


def test_an_image_has_one_pose(tmp_path):
    with pytest.raises(UserError, match=r"names 1 image\(s\) twice, first '0002_c1s1_000451_03.jpg'"):
        read_annotations(pose_file(tmp_path, ROW, ROW))


# --- pairs


def test_pairs_that_are_written_are_read_again(tmp_path):
    pairs = [("b.jpg", "a.jpg"), ("a.jpg", "with, comma.jpg")]
    write_pairs(tmp_path / "pairs.csv", pairs)
    assert (tmp_path / "pairs.csv").read_text().startswith("from,to\nb.jpg,a.jpg\n")
    assert read_pairs(tmp_path / "pairs.csv") == pairs


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a.jpg,b.jpg\n", "begins with 'from,to', .* begins with 'a.jpg,b.jpg'"),
        ("", "begins with ''"),
        ("from,to\na.jpg,b.jpg\na.jpg\n,b.jpg\n", "2 of 3 rows cannot be read, first line 3"),
        ("from,to\n", "has no pair behind its first row"),
    ],
)
def test_other_files_are_no_pairs(text, sentence, tmp_path):
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(UserError, match=sentence):
        read_pairs(tmp_path / "pairs.csv")


def test_an_absent_file_of_pairs_is_told(tmp_path):
    with pytest.raises(UserError, match=r"there is no file of pairs '.*pairs\.csv'"):
        read_pairs(tmp_path / "pairs.csv")


def test_valid_pairs_are_all_ordered_pairs_of_an_identity_with_torso():
    legless = whole_pose()
    legless[[9, 10, 12, 13]] = MISSING
    poses = {
        "0007_c1s1_1.jpg": whole_pose(),
        "0002_c1s1_1.jpg": legless,
        "-1_c1s1_1.jpg": whole_pose(),
        "-1_c1s1_2.jpg": whole_pose(),
        "0000_c1s1_1.jpg": whole_pose(),
        "0000_c1s1_2.jpg": whole_pose(),
        "0007_c3s1_1.jpg": whole_pose(),
        "0002_c2s1_1.jpg": whole_pose(),
        "0007_c2s1_1.jpg": whole_pose(),
    }
    for joint in (2, 5, 8, 11):
        poses[f"0002_c{joint}s2_1.jpg"] = whole_pose()
        poses[f"0002_c{joint}s2_1.jpg"][joint] = MISSING
        assert not has_torso(poses[f"0002_c{joint}s2_1.jpg"])
    seven = [f"0007_c{camera}s1_1.jpg" for camera in (1, 3, 2)]
    two = [f"0002_c{camera}s1_1.jpg" for camera in (1, 2)]
    assert valid_pairs(poses) == [
        *((seven[first], seven[second]) for first, second in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))),
        (two[0], two[1]),
        (two[1], two[0]),
    ]


def test_test_pairs_are_always_the_same():
    pairs = [(str(row), str(row + 1)) for row in range(20)]
    # the first of RandomState(0).permutation(20)
    assert [int(source) for source, _ in draw_test_pairs(pairs, 5)] == [18, 1, 19, 8, 10]
    assert len(set(draw_test_pairs(pairs, 19))) == 19


def test_few_test_pairs_are_all_taken_in_order():
    pairs = [("a", "b"), ("b", "a")]
    assert draw_test_pairs(pairs, 2) == draw_test_pairs(pairs) == pairs
