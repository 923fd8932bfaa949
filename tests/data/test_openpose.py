"""Points of other programs and other skeletons."""

import json

import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINT_INDEX, JOINTS, MISSING
from reidzoo.data.poses.openpose import read_openpose
from reidzoo.data.poses.skeleton_conversion import coco17_to_18, mediapipe33_to_18

BODY25 = [
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("middle_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
    *("left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel"),
]
COCO17 = ["nose"] + [
    f"{side}_{joint}"
    for joint in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
]


def place(name):
    """Another (y, x) for each point of any skeleton."""
    number = sorted({*BODY25, *JOINTS}).index(name)
    return 3 * number + 1, 2 * number + 2


def person(names=JOINTS, confidence=0.9, shift=0.0):
    return [value for y, x in map(place, names) for value in (x + shift, y + shift, confidence)]


def written(tmp_path, *people):
    path = tmp_path / "a_keypoints.json"
    path.write_text(json.dumps({"version": 1.3, "people": [{"pose_keypoints_2d": points} for points in people]}))
    return path


@pytest.mark.parametrize("names", [JOINTS, BODY25], ids=["COCO_18", "BODY_25"])
def test_points_are_found_by_their_names(names, tmp_path):
    pose = read_openpose(written(tmp_path, person(names, shift=0.3)))
    assert pose.dtype == np.int64
    assert [tuple(point) for point in pose.tolist()] == [place(name) for name in JOINTS]


def test_unsure_and_unfound_points_are_missing(tmp_path):
    points = person()
    points[3 * 4 : 3 * 5] = 0, 0, 0
    points[3 * 7 + 2] = 0.29
    pose = read_openpose(written(tmp_path, points))
    assert np.flatnonzero((pose == MISSING).all(axis=1)).tolist() == [4, 7]
    assert np.flatnonzero((pose == MISSING).any(axis=1)).tolist() == [4, 7]
    assert (read_openpose(written(tmp_path, points), min_confidence=0.2)[7] > MISSING).all()


def test_the_most_confident_person_is_taken_and_of_equal_ones_the_larger(tmp_path):
    unsure, sure = person(confidence=0.5), person(confidence=0.8, shift=20)
    small = [value / 2 if index % 3 < 2 else value for index, value in enumerate(person(confidence=0.8))]
    nose = np.array(place("nose"))
    for people in ([unsure, sure, small], [small, sure, unsure]):
        assert read_openpose(written(tmp_path, *people))[0].tolist() == (nose + 20).tolist()


def test_an_image_of_nobody_has_no_point(tmp_path):
    pose = read_openpose(written(tmp_path))
    assert pose.shape == (18, 2)
    assert (pose == MISSING).all()
    assert (read_openpose(written(tmp_path, [0.0] * 54)) == MISSING).all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no json", "is no pose file of OpenPose"),
        ("{}", r"is no pose file of OpenPose \(KeyError"),
        ("[]", r"is no pose file of OpenPose \(TypeError"),
        ('{"people": [{"pose_keypoints_2d": [1, 2]}]}', r"is no pose file of OpenPose \(ValueError"),
        (
            '{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}',
            "has a person of 1 points: run OpenPose with its model COCO",
        ),
    ],
)
def test_other_files_are_refused(text, sentence, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(UserError, match=sentence):
        read_openpose(path)


def test_an_absent_file_is_told(tmp_path):
    with pytest.raises(UserError, match="is no pose file of OpenPose"):
        read_openpose(tmp_path / "a.json")


def test_coco17_gets_a_neck_between_its_shoulders():
    points = np.array([[place(name) for name in COCO17]] * 2, np.float32)
    scores = np.linspace(0.1, 0.9, 34).reshape(2, 17).astype(np.float32)
    converted, converted_scores = coco17_to_18(points, scores)
    assert converted.shape == (2, 18, 2)
    assert converted.dtype == converted_scores.dtype == np.float32
    for name in COCO17:
        np.testing.assert_array_equal(converted[:, JOINT_INDEX[name]], points[:, COCO17.index(name)])
        np.testing.assert_array_equal(converted_scores[:, JOINT_INDEX[name]], scores[:, COCO17.index(name)])
    shoulders = np.array([place("left_shoulder"), place("right_shoulder")])
    np.testing.assert_allclose(converted[0, JOINT_INDEX["neck"]], shoulders.mean(axis=0))
    np.testing.assert_array_equal(converted_scores[:, 1], scores[:, 5])


@pytest.mark.parametrize("shoulder", ["left_shoulder", "right_shoulder"])
def test_the_neck_is_missing_where_a_shoulder_is(shoulder):
    points = np.full((1, 17, 2), 7.0)
    points[0, COCO17.index(shoulder)] = MISSING
    converted, _ = coco17_to_18(points, np.ones((1, 17)))
    missing = np.flatnonzero((converted[0] == MISSING).all(axis=1)).tolist()
    assert missing == [JOINT_INDEX["neck"], JOINT_INDEX[shoulder]]


def test_other_skeletons_are_refused():
    with pytest.raises(UserError, match=r"N x 17 x 2 points and N x 17 scores, got \(1, 18, 2\) and \(1, 17\)"):
        coco17_to_18(np.zeros((1, 18, 2)), np.zeros((1, 17)))


MEDIAPIPE33 = [
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "mouth_left", "mouth_right"),
    *(f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist") for side in ("left", "right")),
    *(f"{side}_{finger}" for finger in ("pinky", "index", "thumb") for side in ("left", "right")),
    *(f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "heel", "foot_index") for side in ("left", "right")),
]


def test_of_mediapipes_landmarks_seventeen_count_and_the_neck_lies_between_the_shoulders():
    assert len(MEDIAPIPE33) == 33
    points = np.arange(66, dtype=np.float32).reshape(1, 33, 2) ** 1.5
    visibilities = np.linspace(0.9, 0.1, 33)[None]
    converted, confidence = mediapipe33_to_18(points, visibilities)
    assert converted.shape == (1, 18, 2)
    shoulders = [MEDIAPIPE33.index("left_shoulder"), MEDIAPIPE33.index("right_shoulder")]
    for joint, number in JOINT_INDEX.items():
        if joint == "neck":
            np.testing.assert_allclose(converted[0, number], points[0, shoulders].mean(axis=0))
            assert confidence[0, number] == np.float32(visibilities[0, shoulders].min())
        else:
            np.testing.assert_array_equal(converted[0, number], points[0, MEDIAPIPE33.index(joint)])
            assert confidence[0, number] == np.float32(visibilities[0, MEDIAPIPE33.index(joint)])


def test_other_landmarks_than_mediapipes_are_refused():
    with pytest.raises(UserError, match=r"N x 33 x 2 points and N x 33 visibilities, got \(1, 33, 3\) and \(1, 33\)"):
        mediapipe33_to_18(np.zeros((1, 33, 3)), np.zeros((1, 33)))
