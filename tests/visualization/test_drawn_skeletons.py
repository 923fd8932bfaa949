import numpy as np
import pytest
from golden_poses import SIZE, golden_points

from reidzoo.base.skeletons import JOINT_INDEX
from reidzoo.visualization.skeletons import ZOOM, draw_skeleton

VERMILION, BLUE, GREY = (0xD5, 0x5E, 0x00), (0x00, 0x72, 0xB2), (0x8B, 0x91, 0x98)


def pose(**joints):
    points = np.full((18, 2), -1.0)
    for name, place in joints.items():
        points[JOINT_INDEX[name]] = place
    return points


def colour_at(picture, y, x):
    """In the middle of an image's pixel."""
    middle = ZOOM // 2
    return tuple(picture[round(y * ZOOM) + middle, round(x * ZOOM) + middle])


def test_a_picture_four_times_as_large_white_where_nothing_is():
    picture = draw_skeleton(pose(), (20, 10))
    assert (picture.shape, picture.dtype) == ((80, 40, 3), np.uint8)
    assert (picture == 255).all()


@pytest.mark.parametrize(("joint", "colour"), [("right_knee", VERMILION), ("left_ear", BLUE), ("nose", GREY)])
def test_a_joint_is_a_dot_in_the_colour_of_its_side(joint, colour):
    picture = draw_skeleton(pose(**{joint: (12, 5)}), (20, 10))
    rows, columns = np.nonzero((picture < 255).any(axis=2))
    assert colour_at(picture, 12, 5) == colour
    assert rows.mean() == pytest.approx((12 + 0.5) * ZOOM - 0.5, abs=0.6)
    assert columns.mean() == pytest.approx((5 + 0.5) * ZOOM - 0.5, abs=0.6)


def test_a_limb_joins_two_visible_joints_only():
    thigh = draw_skeleton(pose(right_hip=(2, 5), right_knee=(17, 5)), (20, 10))
    assert colour_at(thigh, 10, 5) == VERMILION
    no_bone = draw_skeleton(pose(right_hip=(2, 5), right_ankle=(17, 5)), (20, 10))
    assert colour_at(no_bone, 10, 5) == (255, 255, 255)


def test_a_real_pose_shows_both_sides_where_they_are():
    picture = draw_skeleton(golden_points()[1].numpy(), SIZE)
    right = (picture == VERMILION).all(axis=2).nonzero()[1].mean()
    left = (picture == BLUE).all(axis=2).nonzero()[1].mean()
    assert left < right  # seen from behind: the left ear is on the left, as the annotation says


def test_joints_at_the_edge_and_beyond_stay_in_the_picture():
    assert draw_skeleton(pose(nose=(0, 0), neck=(25, 12)), (20, 10)).shape == (80, 40, 3)
