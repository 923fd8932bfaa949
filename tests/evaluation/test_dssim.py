"""Lab and DSSIM against scikit-image; which pairs a diversity draws, and what it makes of their distances."""

from collections import Counter

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from skimage.metrics import structural_similarity

from reidzoo.base.errors import UserError
from reidzoo.evaluation import diversity, dssim_lab, identity_pairs, lone_images
from reidzoo.evaluation.dssim import lab


def pictures(count=3, size=(24, 12), seed=0):
    rng = np.random.default_rng(seed)
    images = np.kron(rng.integers(256, size=(count, 3, size[0] // 4, size[1] // 4)), np.ones((4, 4)))
    return torch.from_numpy((images + rng.normal(0, 9, images.shape)).clip(0, 255).astype(np.uint8))


def test_lab_equals_scikit_image_on_a_grid_of_all_colours():
    levels = torch.tensor([*range(0, 16), *range(16, 256, 7), 255], dtype=torch.uint8)  # dark ones take other branches
    colours = torch.cartesian_prod(levels, levels, levels)
    found = lab(colours.T[None, :, None])[0, :, 0].T
    np.testing.assert_allclose(found.numpy(), rgb2lab(colours.numpy()[None])[0], rtol=0, atol=1e-9)


def test_lab_of_white_black_and_red():
    colours = torch.tensor([[255, 255, 255], [0, 0, 0], [255, 0, 0]], dtype=torch.uint8)
    expected = torch.tensor([[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]], dtype=torch.float64)  # CIE, two decimals
    torch.testing.assert_close(lab(colours.T[None, :, None])[0, :, 0].T, expected, rtol=0, atol=0.01)


@pytest.mark.parametrize("size", [(128, 64), (8, 28)])
def test_dssim_equals_scikit_image(size):
    first, second = pictures(size=size), pictures(size=size, seed=1)
    expected = []
    for one, other in zip(first, second, strict=True):
        one, other = (rgb2lab(image.permute(1, 2, 0).numpy()) for image in (one, other))
        expected.append((1 - structural_similarity(one, other, data_range=100, channel_axis=2)) / 2)
    np.testing.assert_allclose(dssim_lab(first, second).numpy(), expected, rtol=0, atol=1e-9)
    assert dssim_lab(first, first).tolist() == [0, 0, 0]


def test_dssim_refuses_images_smaller_than_the_window_and_floats():
    with pytest.raises(UserError, match="7 x 7 pixels or more, got 8 x 4"):
        dssim_lab(pictures(size=(8, 4)), pictures(size=(8, 4)))
    with pytest.raises(UserError, match=r"torch\.float32"):
        dssim_lab(pictures().float(), pictures())


PIDS = [7, 3, 7, 3, 5, 7, 3, 3]  # three of 7, four of 3, one of 5


def test_pairs_are_two_images_of_one_identity_so_many_in_each_pass():
    drawn = identity_pairs(PIDS, pairs=4, passes=3)
    assert drawn.shape == (3 * 2 * 4, 2)
    assert all(PIDS[first] == PIDS[second] for first, second in drawn)
    assert (drawn[:, 0] != drawn[:, 1]).all()
    for one_pass in np.split(drawn, 3):
        assert Counter(PIDS[first] for first, _ in one_pass) == {3: 4, 7: 4}
    assert lone_images(PIDS).tolist() == [4]


def test_every_pair_of_an_identity_is_equally_likely():
    times = Counter(map(tuple, identity_pairs(["a", "a", "b", "a"], pairs=6000, passes=1).tolist()))
    assert set(times) == {(0, 1), (1, 0), (0, 3), (3, 0), (1, 3), (3, 1)}
    assert all(abs(number - 1000) < 150 for number in times.values())  # five standard deviations


def test_pairs_are_a_function_of_the_seed_and_passes_differ():
    drawn = identity_pairs(PIDS)
    np.testing.assert_array_equal(drawn, identity_pairs(np.array(PIDS)))
    assert not np.array_equal(drawn, identity_pairs(PIDS, seed=1))
    passes = np.split(drawn, 5)
    assert not np.array_equal(passes[0], passes[1])


def test_two_images_are_all_pairs_of_their_identity():
    assert {tuple(sorted(pair)) for pair in identity_pairs([1, 1]).tolist()} == {(0, 1)}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"pids": [1, 2, 3]}, "none of 3 images shares its own"),
        ({"pids": []}, "none of 0 images"),
        ({"pids": [1, 1, -1, -1]}, "got -1, which is nobody's"),
        ({"pids": [1, 1], "pairs": 0}, "1 or more, got 0 and 5"),
        ({"pids": [1, 1], "passes": 0}, "1 or more, got 10 and 0"),
    ],
)
def test_refuses_what_cannot_be_paired(arguments, says):
    with pytest.raises(UserError, match=says):
        identity_pairs(**arguments)


def test_diversity_is_the_mean_and_half_the_range_of_the_passes():
    result = diversity(torch.tensor([0.1, 0.3, 0.3, 0.5, 0.2, 0.2]), passes=3)
    assert result.pass_means == pytest.approx((0.2, 0.4, 0.2))
    assert result.mean == pytest.approx(0.8 / 3)
    assert result.half_range == pytest.approx(0.1)


@pytest.mark.parametrize(("count", "passes"), [(7, 5), (0, 5), (4, 0)])
def test_diversity_refuses_numbers_that_are_no_passes(count, passes):
    with pytest.raises(UserError, match="one distance of each pair"):
        diversity([0.5] * count, passes)


def test_diversity_of_images_from_end_to_end():
    alike = pictures(1).expand(3, -1, -1, -1)
    images = torch.cat((alike, pictures(3, seed=2)))
    for pids, same in (([0, 0, 0, 1, 2, 3], True), ([1, 2, 3, 0, 0, 0], False)):
        drawn = torch.from_numpy(identity_pairs(pids))
        result = diversity(dssim_lab(images[drawn[:, 0]], images[drawn[:, 1]]))
        assert (result.mean == 0) is same
