import deformable_twin as twin
import numpy as np
import pytest
import torch
from golden_poses import SIZE, golden_points

from reidzoo.models.body_parts import NOWHERE, PARTS, part_masks, part_transforms

#: from the second pose to the first one: a b c, d e f, and pixels of the part in the second, by the released functions
GOLDEN = {
    "torso": (0.8974, 0.1148, 10.366, -0.0613, 0.8767, 5.7099, 8192),
    "head": (0.9218, 0.1117, 9.8771, -0.0754, 1.0363, 1.8101, 840),
    "right_thigh": (0.7041, -0.5150, 56.4269, 0.5032, 0.5654, 7.7131, 590),
    "left_thigh": (0.8591, 0.2052, 5.4193, -0.2051, 0.8590, 8.2822, 542),
    "right_calf": (0.8794, 0.0510, -4.4899, -0.0602, 0.8716, 3.7161, 581),
    "left_calf": (0.7519, 0.4908, -20.8907, -0.4721, 0.8707, 8.5105, 366),
    "right_upper_arm": (0.8609, -0.2932, -1.9352, 0.2084, 1.0232, -7.3373, 333),  # the source's left one
    "left_upper_arm": (0.8920, -0.0398, 14.1148, -0.0069, 0.9448, 3.5037, 340),
    "right_forearm": (0.9004, 0.1336, -22.5231, -0.2875, 1.0084, 10.6855, 453),  # the source's left one
    "left_forearm": (1, 0, 1000, 0, 1, 1000, 0),  # not in the target
}
NOTHING = torch.tensor([[1.0, 0, NOWHERE], [0, 1, NOWHERE]], dtype=torch.float64)


def part(name):
    return PARTS.index(name)


def without(points, *joints):
    points = points.clone()
    points[:, list(joints)] = -1
    return points


def test_parts_of_a_real_pair_are_those_of_the_released_code():
    source, target = golden_points().split(1)
    transforms, masks = part_transforms(target, source), part_masks(target, SIZE)
    assert transforms.dtype == torch.float64
    assert list(GOLDEN) == list(PARTS)
    for index, (*coefficients, pixels) in enumerate(GOLDEN.values()):
        expected = torch.tensor(coefficients, dtype=torch.float64)
        torch.testing.assert_close(transforms[0, index].flatten(), expected, atol=1e-3, rtol=0)
        assert masks[0, index].sum() == pixels


@pytest.mark.parametrize("seed", range(5))
def test_random_poses_agree_with_the_plain_twin(seed):
    rng = np.random.default_rng(seed)
    size = (32, 16)
    targets, sources = ([twin.random_pose(rng, size) for _ in range(4)] for _ in range(2))
    masks = part_masks(torch.tensor(np.stack(targets)), size).numpy()
    transforms = part_transforms(torch.tensor(np.stack(targets)), torch.tensor(np.stack(sources))).numpy()
    for i, (target, source) in enumerate(zip(targets, sources, strict=True)):
        assert np.array_equal(masks[i], twin.masks(target, size))
        np.testing.assert_allclose(transforms[i], twin.transforms(target, source), atol=1e-6)


def test_the_same_pose_stays_where_it_is():
    points = golden_points()
    transforms, masks = part_transforms(points, points), part_masks(points, SIZE)
    stay = torch.eye(3, dtype=torch.float64)[:2]
    for image in range(2):
        for index in range(len(PARTS)):
            expected = stay if masks[image, index].any() else NOTHING
            torch.testing.assert_close(transforms[image, index], expected)


def test_a_head_needs_a_joint_that_both_show():
    source, target = golden_points().split(1)
    assert torch.equal(part_transforms(without(target, 17), source)[0, part("head")], NOTHING)
    assert part_masks(without(target, 17), SIZE)[0, part("head")].any()  # its other ear is visible still
    assert not part_masks(without(target, 16, 17), SIZE)[0, part("head")].any()


def test_a_limb_that_the_source_lacks_on_both_sides_or_the_target_at_all_moves_nowhere():
    source, target = golden_points().split(1)
    limb = part("right_calf")
    mirrored = part_transforms(target, without(source, 10))[0, limb]
    assert not torch.equal(mirrored, part_transforms(target, source)[0, limb])
    assert mirrored[0, 2] != NOWHERE
    assert torch.equal(part_transforms(target, without(source, 10, 13))[0, limb], NOTHING)
    assert torch.equal(part_transforms(without(target, 10), source)[0, limb], NOTHING)
    assert not part_masks(without(target, 10), SIZE)[0, limb].any()


def test_a_limb_seen_end_on_is_no_part_of_a_target_and_a_short_line_of_a_source():
    thigh, flat = part("right_thigh"), golden_points()
    flat[:, 9] = flat[:, 8]
    assert torch.equal(part_transforms(flat, golden_points())[:, thigh], NOTHING.expand(2, 2, 3))
    assert not part_masks(flat, SIZE)[:, thigh].any()
    moved = part_transforms(golden_points(), flat).numpy()
    for i in range(2):
        np.testing.assert_allclose(moved[i], twin.transforms(golden_points()[i], flat[i]), atol=1e-6)
    assert np.linalg.matrix_rank(moved[0, thigh, :, :2], tol=1e-6) == 1


def test_points_on_a_line_fix_no_map():
    source, target = golden_points().split(1)
    target[:, [2, 5, 8, 11], 1] = 20
    assert torch.equal(part_transforms(target, source)[0, part("torso")], NOTHING)
    target[:, [2, 5, 8, 11], 0] = 20
    assert torch.equal(part_transforms(target, source)[0], NOTHING.expand(10, 2, 3))


@pytest.mark.parametrize("joint", [2, 5, 8, 11])
def test_an_incomplete_torso_gives_no_scale_and_no_part_moves(joint):
    source, target = golden_points().split(1)
    for moved in (part_transforms(without(target, joint), source), part_transforms(target, without(source, joint))):
        assert torch.equal(moved[0], NOTHING.expand(10, 2, 3))


def test_images_of_a_batch_are_alone():
    points = golden_points()
    together = part_transforms(points, points.flip(0))
    for i in range(2):
        assert torch.equal(together[i : i + 1], part_transforms(points[i : i + 1], points.flip(0)[i : i + 1]))
