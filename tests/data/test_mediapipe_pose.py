"""MediaPipe beside the tests: its process with a stand-in for the package, and the way back to the crop's pixels."""

import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINT_INDEX, MISSING
from reidzoo.data.poses.mediapipe_pose import MediaPipePose, framed, within
from reidzoo.registry import POSE_ESTIMATORS

#: finds every left landmark where the picture is green, every other where it is red, and the person where it is blue
STAND_IN = """
import sys
from types import SimpleNamespace as Bag
import numpy as np

print("what MediaPipe prints is no answer")

class Pose:
    def __init__(self, **settings):
        assert settings == dict(static_image_mode=True, model_complexity=1, enable_segmentation=True)
    def __enter__(self):
        return self
    def __exit__(self, *error):
        return None
    def process(self, picture):
        if picture.max() == 255 and picture.min() == 255:
            sys.exit("the picture is too white")
        if picture.max() == 0:
            return Bag(pose_landmarks=None, segmentation_mask=None)
        places = []
        for channel in (0, 1):
            weights = picture[:, :, channel].astype(float)
            y, x = (np.arange(length) + 0.5 for length in weights.shape)
            places.append(Bag(
                y=(weights.sum(1) @ y) / weights.sum() / len(y),
                x=(weights.sum(0) @ x) / weights.sum() / len(x),
                visibility=0.9 - 0.5 * channel,
            ))
        left = [2, *range(7, 33, 2)]
        landmarks = [places[number in left] for number in range(33)]
        return Bag(pose_landmarks=Bag(landmark=landmarks), segmentation_mask=picture[:, :, 2] / np.float32(255))

solutions = Bag(pose=Bag(Pose=Pose))
"""


@pytest.fixture
def python(tmp_path):
    """``python(source)``: an environment's Python whose MediaPipe is ``source``."""

    def environment(source=STAND_IN):
        (tmp_path / "mediapipe.py").write_text(source)
        script = tmp_path / "python"
        script.write_text(f'#!/bin/sh\n[ "$1" = -I ] && shift\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return str(script)

    return environment


def crop(red, green, person, size=(128, 64)):
    image = np.zeros((*size, 3), np.uint8)
    image[(*red, 0)] = image[(*green, 1)] = 255
    image[(*person, 2)] = 255
    return image


@pytest.mark.parametrize("size", [(128, 64), (256, 128), (96, 40), (700, 300)])
def test_points_and_masks_come_back_to_the_pixels_of_the_crop(python, size):
    """A pixel's own centre, however it was enlarged and framed: bicubic interpolation is symmetric."""
    estimator = POSE_ESTIMATORS.build({"type": "MediaPipePose", "python": python()})
    height, width = size
    person = (slice(height // 4, height // 2), slice(10, 31))
    for red, green in (((40, 20), (70, 33)), ((height - 8, 5), (6, width - 7))):
        points, confidence, mask = estimator(crop(red, green, person, size))
        for joint, number in JOINT_INDEX.items():
            place = np.mean([red, green], axis=0) if joint == "neck" else green if joint.startswith("left") else red
            np.testing.assert_allclose(points[number], place, atol=0.01, err_msg=joint)
            assert confidence[number] == pytest.approx(0.4 if joint == "neck" or joint.startswith("left") else 0.9)
        expected = np.zeros(size, np.uint8)
        expected[person] = 255
        np.testing.assert_array_equal(mask, expected)
        assert mask.dtype == np.uint8


def test_a_crop_of_128_x_64_is_enlarged_four_times_and_its_edges_are_repeated():
    image = np.random.default_rng(0).integers(0, 256, (128, 64, 3), np.uint8)
    picture, frame = framed(image)
    assert picture.shape == (512 + 2 * 64, 256 + 2 * 128, 3)
    assert frame == ((512, 256), (64, 128), (4, 4))
    np.testing.assert_array_equal(picture[:64], np.repeat(picture[64:65], 64, axis=0))
    np.testing.assert_array_equal(picture[:, -128:], np.repeat(picture[:, -129:-128], 128, axis=1))


def test_a_larger_picture_keeps_its_size():
    image = np.random.default_rng(0).integers(0, 256, (600, 300, 3), np.uint8)
    picture, frame = framed(image)
    np.testing.assert_array_equal(picture[75:675, 150:450], image)
    assert frame.size == (600, 300)


def test_up_to_a_pixel_outside_is_moved_to_the_edge_and_further_is_missing():
    places = np.array([[0, 0], [127, 63], [-1, 64], [127.9, 5], [-1.1, 5], [5, 64.1], [300, 300], [-0.5, 70]])
    points, visibilities = within(places, np.full(8, 0.7), (128, 64))
    gone = [MISSING, MISSING]
    assert points.tolist() == [[0, 0], [127, 63], [0, 63], [127, 5], gone, gone, gone, gone]
    assert visibilities.tolist() == [0.7] * 4 + [0] * 4


def test_what_mediapipe_completes_outside_the_crop_is_missing(python):
    """The repeated edge is as red as the crop's last row, so the centre of the red lies below the crop."""
    image = np.zeros((128, 64, 3), np.uint8)
    image[-1, :, 0] = 255
    image[60, 30, 1] = 255
    points, confidence, _ = MediaPipePose(python())(image)
    kept = np.flatnonzero((points != MISSING).all(axis=1)).tolist()
    assert kept == [number for joint, number in JOINT_INDEX.items() if joint.startswith("left")]
    assert np.flatnonzero(confidence).tolist() == kept


def test_nobody_is_no_point_and_an_empty_mask(python):
    points, confidence, mask = MediaPipePose(python())(np.zeros((128, 64, 3), np.uint8))
    assert (points == MISSING).all()
    assert points.shape == (18, 2)
    assert not confidence.any()
    assert mask.shape == (128, 64)
    assert not mask.any()


def test_the_process_ends_with_the_estimator(python):
    estimator = MediaPipePose(python())
    process = estimator._process
    assert process.poll() is None
    del estimator
    assert process.poll() == 0


def test_no_environment(tmp_path):
    with pytest.raises(UserError, match=r"there is no '.*/absent': make it with `make pose-env`"):
        MediaPipePose(str(tmp_path / "absent"))


def test_a_file_that_cannot_be_run(tmp_path):
    (tmp_path / "python").write_text("")
    with pytest.raises(UserError, match=r"python' cannot be run \(Permission denied\)"):
        MediaPipePose(str(tmp_path / "python"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise ImportError('libEGL.so.1 is not there')", "ImportError: libEGL.so.1 is not there"),
        ("", "AttributeError: module 'mediapipe' has no attribute 'solutions'"),
    ],
)
def test_an_environment_in_which_mediapipe_does_not_start(python, source, said):
    with pytest.raises(UserError, match=rf"MediaPipe does not start in '.*python' \({said}.*\): make that env"):
        MediaPipePose(python(source))


def test_a_process_that_ends_is_told_with_its_last_words(python):
    estimator = MediaPipePose(python())
    with pytest.raises(UserError, match=r"ended at a picture of 640 x 512 pixels in .* \(the picture is too white\)"):
        estimator(np.full((128, 64, 3), 255, np.uint8))


@pytest.mark.slow
@pytest.mark.skipif(not Path(".venv-pose/bin/python").exists(), reason="`make pose-env` was not called")
def test_mediapipe_itself_finds_nobody_on_grey():
    points, _, mask = MediaPipePose()(np.full((128, 64, 3), 127, np.uint8))
    assert (points == MISSING).all()
    assert mask.shape == (128, 64)
