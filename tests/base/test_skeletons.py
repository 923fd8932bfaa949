"""COCO-18: every point has a side, and mirroring changes exactly the sides."""

from __future__ import annotations

from reidzoo.base.skeletons import FLIP, JOINT_INDEX, JOINTS, LIMBS


def test_order_is_that_of_openpose_right_eye_first():
    assert len(JOINTS) == 18
    assert JOINTS[0] == "nose"
    assert JOINTS[14:] == ("right_eye", "left_eye", "right_ear", "left_ear")
    assert [JOINT_INDEX[name] for name in ("neck", "right_shoulder", "left_shoulder", "left_ankle")] == [1, 2, 5, 13]


def test_flip_swaps_left_and_right_and_nothing_else():
    for index, name in enumerate(JOINTS):
        mirrored = name.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")
        assert JOINTS[FLIP[index]] == mirrored
        assert FLIP[FLIP[index]] == index


def test_limbs_join_all_points_to_a_tree():
    reached = {1}
    for start, end in LIMBS:
        assert start in reached
        assert end not in reached
        reached.add(end)
    assert reached == set(range(18))
