"""Maps of points: published values, slow twins pixel by pixel, missing points, mirroring."""

import math

import numpy as np
import pytest
import torch
from golden_poses import SIZE, golden_points

from reidzoo.base.pose_maps import disc_maps, flip_points, heat_maps, present
from reidzoo.base.skeletons import FLIP, JOINT_INDEX, MISSING


def some_points(batch=3, size=(20, 14), missing=0.3):
    """Whole pixels anywhere in the image, some missing."""
    rng = np.random.default_rng(0)
    points = rng.integers(0, size, (batch, 18, 2)).astype(np.float32)
    points[rng.random((batch, 18)) < missing] = MISSING
    return torch.from_numpy(points)


def pixel_by_pixel(points, size, value):
    """B x 18 x H x W float64 of value(distance) at every pixel, zero for missing points."""
    maps = np.zeros((*points.shape[:2], *size))
    for index in np.ndindex(maps.shape):
        y, x = points[index[:2]].tolist()
        if (y, x) != (MISSING, MISSING):
            maps[index] = value(math.hypot(index[2] - y, index[3] - x))
    return maps


def test_a_heat_map_sums_to_the_published_value():
    maps = heat_maps(golden_points(), SIZE)
    assert maps.shape == (2, 18, 128, 64)
    assert maps.dtype == torch.float32
    assert maps[0, JOINT_INDEX["right_shoulder"]].sum().item() == pytest.approx(225.527, abs=1e-3)


@pytest.mark.parametrize("sigma", [6.0, 1.5])
def test_heat_maps_are_gaussians(sigma):
    points = some_points()
    twin = pixel_by_pixel(points, (20, 14), lambda distance: math.exp(-(distance**2) / (2 * sigma**2)))
    np.testing.assert_allclose(heat_maps(points, (20, 14), sigma).numpy(), twin, atol=1e-6)


@pytest.mark.parametrize("radius", [4, 2])
def test_discs_reach_to_their_radius(radius):
    points = some_points()
    maps = disc_maps(points, (20, 14), radius)
    np.testing.assert_array_equal(maps.numpy(), pixel_by_pixel(points, (20, 14), lambda distance: distance <= radius))
    assert maps.dtype == torch.float32


def test_a_disc_of_four_pixels_has_49():
    points = torch.full((1, 18, 2), 30.0)
    assert (disc_maps(points, SIZE).sum(dim=(2, 3)) == 49).all()


def test_discs_cut_fractions_off_and_heat_maps_keep_them():
    whole, between = torch.full((1, 18, 2), 30.0), torch.full((1, 18, 2), 30.75)
    torch.testing.assert_close(disc_maps(whole, SIZE), disc_maps(between, SIZE))
    peak = heat_maps(between, SIZE)[0, 0].flatten().argmax().item()
    assert divmod(peak, SIZE[1]) == (31, 31)


def test_missing_points_leave_their_channels_empty():
    points = golden_points()
    for maps in (heat_maps(points, SIZE), disc_maps(points, SIZE)):
        assert torch.equal(maps.amax(dim=(2, 3)) > 0, present(points))
    nobody = torch.full((2, 18, 2), float(MISSING))
    assert not present(nobody).any()
    assert heat_maps(nobody, SIZE).sum() == disc_maps(nobody, SIZE).sum() == 0


def test_the_corner_pixel_is_a_point_like_others():
    corner = torch.zeros(1, 18, 2)
    assert present(corner).all()
    assert (heat_maps(corner, SIZE)[..., 0, 0] == 1).all()


def test_flipping_swaps_sides_and_twice_is_nothing():
    points = golden_points()
    flipped = flip_points(points, 64)
    assert torch.equal(flip_points(flipped, 64), points)
    assert flipped[0, JOINT_INDEX["left_shoulder"]].tolist() == [27, 63 - 47]
    assert flipped[0, JOINT_INDEX["right_elbow"]].tolist() == [46, 63 - 15]
    assert flipped[0, JOINT_INDEX["left_elbow"]].tolist() == [MISSING, MISSING]


def test_maps_of_flipped_points_are_mirrored_maps_with_their_channels_permuted():
    points = golden_points()
    for draw in (heat_maps, disc_maps):
        mirrored = draw(points, SIZE)[:, list(FLIP)].flip(-1)
        torch.testing.assert_close(draw(flip_points(points, 64), SIZE), mirrored)


def test_one_pose_is_flipped_as_a_batch_is():
    points = golden_points()
    assert torch.equal(flip_points(points[1], 64), flip_points(points, 64)[1])
