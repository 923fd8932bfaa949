"""Masks out of points: published areas, slow twins written from the recipes, degenerate poses."""

import math

import numpy as np
import pytest
import torch
from golden_poses import SIZE, golden_points

from reidzoo.base.errors import UserError
from reidzoo.base.pose_masks import MASK_LIMBS, pose_mask
from reidzoo.base.skeletons import JOINT_INDEX, MISSING

AREAS = {"pg2": [2513, 2724], "deform": [2494, 2734]}

#: as the literature counts: from 1
LIMBS_FROM_ONE = (
    "2-3 2-6 3-4 4-5 6-7 7-8 2-9 9-10 10-11 2-12 12-13 13-14 2-1 1-15 15-17 1-16 16-18 2-17 2-18 9-12 12-6 9-3 17-18"
)


def closed(mask):
    """Dilation and erosion by 5 x 5 pixels, pixel by pixel; slices end at the image's border."""
    height, width = mask.shape
    for extreme in (np.max, np.min):
        before = mask
        mask = np.zeros_like(before)
        for y, x in np.ndindex(height, width):
            mask[y, x] = extreme(before[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3])
    return mask


def visible_limbs(points):
    for first, second in (map(int, limb.split("-")) for limb in LIMBS_FROM_ONE.split()):
        start, end = points[first - 1].tolist(), points[second - 1].tolist()
        if start != [MISSING, MISSING] and end != [MISSING, MISSING]:
            yield start, end


def slow_pg2(points, size):
    rows, columns = np.mgrid[: size[0], : size[1]]
    mask = np.zeros(size, bool)
    for (y0, x0), (y1, x1) in visible_limbs(points):
        steps = int(math.hypot(y1 - y0, x1 - x0) / 4)
        centres = [(y0 + (y1 - y0) * i / steps, x0 + (x1 - x0) * i / steps) for i in range(1, steps)]
        for y, x in [(y0, x0), (y1, x1), *centres]:
            mask |= (rows - int(y)) ** 2 + (columns - int(x)) ** 2 <= 16
    return closed(mask)


def slow_deform(points, size):
    mask = np.zeros(size, bool)
    for start, end in visible_limbs(points):
        start, end = np.array(start), np.array(end)
        length = np.linalg.norm(end - start)
        for pixel in np.ndindex(size) if length else ():
            forward = (pixel - start) @ (end - start) / length
            beside = np.cross([*(pixel - start), 0], [*(end - start), 0])[2] / length
            mask[pixel] |= -1e-9 <= forward <= length + 1e-9 and abs(beside) <= 4 + 1e-9
    rows, columns = np.mgrid[: size[0], : size[1]]
    for y, x in points.tolist():
        if (y, x) != (MISSING, MISSING):
            mask |= (rows - y) ** 2 + (columns - x) ** 2 < 16
    return closed(mask)


def some_points(batch, size):
    rng = np.random.default_rng(1)
    points = rng.integers(0, size, (batch, 18, 2)).astype(np.float32)
    points[rng.random((batch, 18)) < 0.55] = MISSING
    return torch.from_numpy(points)


@pytest.mark.parametrize("recipe", AREAS)
def test_areas_are_the_published_ones(recipe):
    masks = pose_mask(golden_points(), SIZE, recipe)
    assert masks.shape == (2, 1, 128, 64)
    assert masks.dtype == torch.uint8
    assert set(masks.unique().tolist()) == {0, 255}
    assert (masks > 0).sum(dim=(1, 2, 3)).tolist() == AREAS[recipe]


def test_the_two_recipes_agree_in_most_pixels():
    first, second = (pose_mask(golden_points(), SIZE, recipe) > 0 for recipe in AREAS)
    assert 0.93 < (first & second).sum() / (first | second).sum() < 1


@pytest.mark.parametrize(("recipe", "slow"), [("pg2", slow_pg2), ("deform", slow_deform)])
def test_masks_equal_their_slow_twins(recipe, slow):
    size = (32, 24)
    points = some_points(4, size)
    masks = pose_mask(points, size, recipe)
    for pose, mask in zip(points, masks, strict=True):
        np.testing.assert_array_equal(mask[0].numpy() > 0, slow(pose, size))


def test_limbs_are_those_of_the_literature():
    pairs = [tuple(int(end) - 1 for end in limb.split("-")) for limb in LIMBS_FROM_ONE.split()]
    assert {frozenset(pair) for pair in pairs} == {frozenset(pair) for pair in MASK_LIMBS}
    assert len(MASK_LIMBS) == 23


@pytest.mark.parametrize("recipe", AREAS)
def test_nobody_has_an_empty_mask(recipe):
    nobody = torch.full((2, 18, 2), float(MISSING))
    assert pose_mask(nobody, SIZE, recipe).sum() == 0
    among_others = torch.cat((golden_points(), nobody[:1]))
    assert (pose_mask(among_others, SIZE, recipe) > 0).sum(dim=(1, 2, 3)).tolist() == [*AREAS[recipe], 0]


@pytest.mark.parametrize(("recipe", "area"), [("pg2", 0), ("deform", 45)])
def test_a_joint_alone_is_drawn_by_one_recipe_only(recipe, area):
    points = torch.full((1, 18, 2), float(MISSING))
    points[0, JOINT_INDEX["left_wrist"]] = 30.0
    assert (pose_mask(points, SIZE, recipe) > 0).sum() == area


@pytest.mark.parametrize("recipe", AREAS)
def test_a_limb_seen_end_on_is_a_disc(recipe):
    points = torch.full((1, 18, 2), float(MISSING))
    points[0, [JOINT_INDEX["left_wrist"], JOINT_INDEX["left_elbow"]]] = 30.0
    assert (pose_mask(points, SIZE, recipe) > 0).sum() == {"pg2": 49, "deform": 45}[recipe]


def test_an_unknown_recipe_is_refused():
    with pytest.raises(UserError, match=r"no recipe 'pg' of pose masks, did you mean 'pg2'\?"):
        pose_mask(golden_points(), SIZE, "pg")
