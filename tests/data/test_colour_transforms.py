"""Colour transforms: known colours, slow twins in float64, and the statistics of a camera."""

import colorsys
import math

import cv2
import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.data.colour_transforms import (
    ColourJitter,
    RandomGreyscale,
    ReinhardTransfer,
    lab_to_rgb,
    match_statistics,
    rgb_to_lab,
)
from reidzoo.data.datasets.market1501 import Market1501
from reidzoo.registry import TRANSFORMS


def noise(height=16, width=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def apply(transform, image, seed=0):
    return transform({"image": image, "rng": np.random.default_rng(seed)})["image"]


def reinhard(toy_market, **arguments):
    target = {"type": "Market1501", "root": str(toy_market), "split": "train"}
    return TRANSFORMS.build({"type": "ReinhardTransfer", "target": {**target, **arguments}})


@pytest.mark.parametrize("name", ["jitter", "greyscale", "reinhard"])
def test_bytes_come_out_and_only_the_samples_generator_decides(name, toy_market):
    transform = {
        "jitter": lambda: ColourJitter(0.4, 0.4, 0.4, 0.2),
        "greyscale": lambda: RandomGreyscale(0.5),
        "reinhard": lambda: reinhard(toy_market),
    }[name]()
    images = []
    for seed in range(12):
        image = noise()
        np.random.seed(seed)
        images.append(apply(transform, image, seed))
        assert images[-1].dtype == np.uint8
        assert images[-1].shape == image.shape
        np.testing.assert_array_equal(image, noise())
        flipped = apply(transform, image[:, ::-1], seed)[:, ::-1]  # a view that runs backwards
        assert np.abs(images[-1].astype(int) - flipped).max() <= 1  # sums in another order
        np.random.seed(99)
        np.testing.assert_array_equal(images[-1], apply(transform, image, seed))
    assert len({image.tobytes() for image in images}) > 1


@pytest.mark.parametrize("wrong", [-0.1, 1.5])
def test_probabilities_lie_between_0_and_1(wrong, toy_market):
    for name, build in {
        "ColourJitter": lambda: ColourJitter(0, 0, 0, 0, prob=wrong),
        "RandomGreyscale": lambda: RandomGreyscale(wrong),
        "ReinhardTransfer": lambda: ReinhardTransfer({"type": "Market1501", "root": str(toy_market)}, prob=wrong),
    }.items():
        with pytest.raises(UserError, match=f"prob of {name} is a probability from 0 to 1, got {wrong}"):
            build()


@pytest.mark.parametrize("build", [lambda prob: ColourJitter(0.9, 0.9, 0, 0, prob=prob), RandomGreyscale])
def test_an_image_is_changed_with_the_probability(build):
    changed = [not np.array_equal(apply(build(0.3), noise(), seed), noise()) for seed in range(600)]
    assert 0.23 < np.mean(changed) < 0.37  # 4 standard deviations
    np.testing.assert_array_equal(apply(build(0.0), noise()), noise())


# --- ColourJitter, RandomGreyscale


def test_greyscale_of_known_colours():
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [7, 7, 7]]], np.uint8)
    grey = apply(RandomGreyscale(1.0), image)
    np.testing.assert_array_equal(grey, np.repeat([[[76], [150], [29], [7]]], 3, axis=2))


def test_jitter_of_nothing_is_the_identity():
    np.testing.assert_array_equal(apply(ColourJitter(0, 0, 0, 0), noise()), noise())


@pytest.mark.parametrize("what", range(4))
def test_each_change_equals_its_slow_twin(what):
    amounts = [0.0] * 4
    amounts[what] = 0.4
    for seed in range(5):
        image = noise(6, 4, seed)
        found = apply(ColourJitter(*amounts), image, seed)
        rng = np.random.default_rng(seed)
        rng.random()
        factors = [rng.uniform(1 - amount, 1 + amount) for amount in amounts[:3]]
        turn = rng.uniform(-amounts[3], amounts[3])
        mean = np.mean([0.299 * r + 0.587 * g + 0.114 * b for r, g, b in image.reshape(-1, 3).astype(float)])
        expected = []
        for pixel in image.reshape(-1, 3).astype(float):
            grey = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
            hue, saturation, value = colorsys.rgb_to_hsv(*pixel / 255)
            turned = 255 * np.array(colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value))
            scaled = (factors[0] * pixel, mean + factors[1] * (pixel - mean), grey + factors[2] * (pixel - grey))
            expected.append(np.clip([*scaled, turned][what], 0, 255))
        assert np.abs(found.reshape(-1, 3) - np.array(expected)).max() < 0.51  # rounding to bytes


def test_the_changes_come_in_every_order():
    """Brightness that clips is not undone by contrast, so the order shows."""
    jitter = ColourJitter(0, 0, 0, 0)
    image = np.full((2, 2, 3), 250, np.uint8)
    image[0] = 100
    orders = {}

    class Fixed:
        def __init__(self, order):
            self.order, self.factors = order, [1.5, 0.5, 1.0, 0.0]

        def random(self):
            return 0.0

        def uniform(self, low, high):
            return self.factors.pop(0)

        def permutation(self, count):
            return self.order

    for order in ((0, 1, 2, 3), (1, 0, 2, 3)):
        orders[order] = jitter({"image": image, "rng": Fixed(order)})["image"][..., 0]
    assert orders[0, 1, 2, 3].tolist() == [[176, 176], [229, 229]]  # 150 and 255, then halfway to 202.5
    assert orders[1, 0, 2, 3].tolist() == [[206, 206], [255, 255]]  # 137.5 and 212.5, then times 1.5


def test_jitter_refuses_what_it_cannot_draw():
    with pytest.raises(UserError, match=r"contrast of at least 0 .*, got -0.2"):
        ColourJitter(0.1, -0.2, 0, 0)
    with pytest.raises(UserError, match=r"0 to 0.5 of the circle, got hue=0.7"):
        ColourJitter(0.1, 0.2, 0, 0.7)


# --- ReinhardTransfer


def slow_lab(image):
    """l, alpha, beta by the paper's equations 4 to 6, pixel by pixel in Python's floats; natural logarithms."""
    rows = []
    for red, green, blue in image.reshape(-1, 3).astype(float) + 1:
        long = math.log(0.3811 * red + 0.5783 * green + 0.0402 * blue)
        medium = math.log(0.1967 * red + 0.7244 * green + 0.0782 * blue)
        short = math.log(0.0241 * red + 0.1288 * green + 0.8444 * blue)
        rows.append(
            [
                (long + medium + short) / math.sqrt(3),
                (long + medium - 2 * short) / math.sqrt(6),
                (long - medium) / math.sqrt(2),
            ]
        )
    return np.array(rows).T


def test_the_space_is_the_papers_and_can_be_left_again():
    image = noise()
    lab = rgb_to_lab(image)
    np.testing.assert_allclose(lab, slow_lab(image), atol=1e-5)
    np.testing.assert_array_equal(lab_to_rgb(lab, image.shape), image)
    greys = rgb_to_lab(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))
    assert np.abs(greys[1:]).max() < 2e-3  # grey has no colour
    np.testing.assert_allclose(greys[0], np.sqrt(3) * np.log(np.arange(1, 257)), atol=3e-3)


def test_statistics_become_those_of_the_target():
    lab = rgb_to_lab(noise())
    mean, deviation = np.float32([7.0, 0.2, -0.1]), np.float32([0.5, 0.1, 0.03])
    matched = match_statistics(lab, mean, deviation)
    np.testing.assert_allclose(matched.mean(1), mean, atol=1e-5)
    np.testing.assert_allclose(matched.std(1), deviation, atol=1e-5)
    np.testing.assert_allclose(match_statistics(lab, lab.mean(1), lab.std(1)), lab, atol=1e-5)


def test_equal_statistics_are_the_identity_and_one_colour_is_moved_only():
    image = noise()
    lab = rgb_to_lab(image)
    np.testing.assert_array_equal(lab_to_rgb(match_statistics(lab, lab.mean(1), lab.std(1)), image.shape), image)
    flat = np.full((4, 4, 3), (90, 60, 30), np.uint8)
    moved = lab_to_rgb(match_statistics(rgb_to_lab(flat), lab.mean(1), lab.std(1)), flat.shape)
    assert len(np.unique(moved.reshape(-1, 3), axis=0)) == 1
    np.testing.assert_allclose(rgb_to_lab(moved)[:, 0], lab.mean(1), atol=0.03)  # rounding to bytes


def test_the_target_is_all_pixels_of_one_camera_drawn_at_random(toy_market):
    transform = reinhard(toy_market)
    dataset = Market1501(str(toy_market))
    assert transform.means.shape == transform.deviations.shape == (2, 3)
    statistics = []
    for camera in range(2):
        pixels = np.concatenate(
            [slow_lab(dataset.read_image(record)) for record in dataset.records if record.camid == camera], axis=1
        )
        statistics.append((pixels.mean(1), pixels.std(1)))
        np.testing.assert_allclose(transform.means[camera], statistics[-1][0], atol=1e-5)
        np.testing.assert_allclose(transform.deviations[camera], statistics[-1][1], atol=1e-5)

    image = noise()
    lab = slow_lab(image)
    to_log_lms = np.array([[1, 1, 1], [1, 1, -1], [1, -2, 0]]) * [3**0.5 / 3, 6**0.5 / 6, 2**0.5 / 2]  # equation 8
    # equation 9 prints [[4.4679, -3.5873, 0.1193], ...], which four digits make wrong by bytes in bright colours
    to_rgb = np.linalg.inv([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
    expected = []
    for mean, deviation in statistics:
        matched = (deviation / lab.std(1))[:, None] * (lab - lab.mean(1, keepdims=True)) + mean[:, None]
        expected.append(np.clip((to_rgb @ np.exp(to_log_lms @ matched) - 1).T.reshape(image.shape), 0, 255))
    drawn = set()
    for seed in range(20):
        found = apply(transform, image, seed)
        distances = [np.abs(found - each).max() for each in expected]
        drawn.add(int(np.argmin(distances)))
        assert min(distances) < 0.51  # rounding to bytes
    assert drawn == {0, 1}


def test_one_camera_can_be_the_target_alone(toy_market, tmp_path):
    """What the statistics are of is decided by the data set alone: its split, and its images on disk."""
    for path in (toy_market / "bounding_box_train").glob("*_c1s1_*.jpg"):
        (tmp_path / "bounding_box_train").mkdir(exist_ok=True)
        (tmp_path / "bounding_box_train" / path.name).write_bytes(path.read_bytes())
    alone, both = reinhard(tmp_path), reinhard(toy_market)
    np.testing.assert_array_equal(alone.means[0], both.means[0])
    assert len(alone.means) == 1


def test_reinhard_refuses_targets_without_cameras_and_test_images(toy_market, tmp_path):
    with pytest.raises(UserError, match="learns from the training images of its target, got split='test'"):
        reinhard(toy_market, split="test")
    (tmp_path / "train" / "person").mkdir(parents=True)
    assert cv2.imwrite(str(tmp_path / "train" / "person" / "0.png"), noise())
    with pytest.raises(UserError, match="needs a target with cameras, and ImageFolder has none"):
        ReinhardTransfer({"type": "ImageFolder", "root": str(tmp_path)})
