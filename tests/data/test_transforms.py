"""Transforms: bytes in, bytes out; chance comes from the sample's own generator and from nowhere else."""

import math

import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.data.transforms import (
    IMAGENET_MEAN,
    PadCrop,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomRectCrop,
    RandomScaleCrop,
    Resize,
)

RANDOM = {
    "RandomFlip": RandomFlip(0.5),
    "PadCrop": PadCrop(6),
    "PadCrop edge": PadCrop(6, "edge"),
    "RandomCrop": RandomCrop(48, 24),
    "RandomRectCrop": RandomRectCrop(48, 24),
    "RandomScaleCrop": RandomScaleCrop(48, 24),
    "RandomErasing": RandomErasing(1.0),
    "RandomErasing random": RandomErasing(1.0, fill="random"),
}


def noise(height=64, width=32):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def apply(transform, image, seed=0):
    return transform({"image": image, "rng": np.random.default_rng(seed)})["image"]


@pytest.mark.parametrize("transform", [*RANDOM.values(), Resize(20, 10)], ids=[*RANDOM, "Resize"])
def test_the_input_is_left_alone_and_bytes_come_out(transform):
    for seed in range(20):
        image = noise()
        out = apply(transform, image, seed)
        assert out.dtype == np.uint8
        assert out.ndim == 3
        np.testing.assert_array_equal(image, noise())


@pytest.mark.parametrize("transform", RANDOM.values(), ids=RANDOM)
def test_the_same_generator_gives_the_same_image_and_another_another(transform):
    np.random.seed(1)
    first = [apply(transform, noise(), seed) for seed in range(20)]
    np.random.seed(2)
    second = [apply(transform, noise(), seed) for seed in range(20)]
    for left, right in zip(first, second, strict=True):
        np.testing.assert_array_equal(left, right)
    assert len({image.tobytes() for image in first}) > 1


@pytest.mark.parametrize("flipped", [False, True])
def test_every_transform_follows_a_flip(flipped):
    """A flip is a view that runs backwards, which OpenCV must be handed with care."""
    image = noise()[:, ::-1] if flipped else noise()
    for transform in (*RANDOM.values(), Resize(20, 10), Resize(100, 50, "bicubic")):
        np.testing.assert_array_equal(apply(transform, image), apply(transform, np.ascontiguousarray(image)))


# --- Resize


def test_resize_averages_when_it_shrinks():
    stripes = np.zeros((64, 32, 3), np.uint8)
    stripes[::2] = 200  # sampled without averaging, these stripes would turn into one colour or into moire
    assert np.unique(apply(Resize(32, 16), stripes)).tolist() == [100]


def test_resize_leaves_the_right_size_as_it_is():
    image = noise()
    assert apply(Resize(64, 32), image) is image


def test_resize_enlarges_with_the_kernel_that_was_asked_for():
    image = noise(8, 4)
    bilinear, bicubic = (apply(Resize(64, 32, kernel), image) for kernel in ("bilinear", "bicubic"))
    assert bilinear.shape == bicubic.shape == (64, 32, 3)
    assert not np.array_equal(bilinear, bicubic)


def test_resize_refuses_an_unknown_kernel():
    with pytest.raises(UserError, match="bilinear and bicubic, got 'nearest'"):
        Resize(64, 32, "nearest")


# --- RandomFlip, PadCrop


def test_flip_mirrors_with_its_probability():
    image = noise()
    flips = [np.array_equal(apply(RandomFlip(0.3), image, seed), image[:, ::-1]) for seed in range(600)]
    assert 0.23 < np.mean(flips) < 0.37  # 4 standard deviations
    assert np.array_equal(apply(RandomFlip(0.0), image), image)
    assert np.array_equal(apply(RandomFlip(1.0), image), image[:, ::-1])


def test_pad_crop_moves_by_at_most_its_padding_in_all_directions():
    image = np.full((20, 12, 3), 255, np.uint8)
    offsets = set()
    for seed in range(500):
        out = apply(PadCrop(3), image, seed)
        assert out.shape == image.shape
        rows, columns = np.nonzero(out[..., 0])
        offsets.add((rows.min() - (19 - rows.max()), columns.min() - (11 - columns.max())))
    assert offsets == {(dy, dx) for dy in range(-3, 4) for dx in range(-3, 4)}


def test_pad_crop_can_repeat_the_edge():
    image = noise(20, 12)
    padded = np.pad(image, ((3, 3), (3, 3), (0, 0)), mode="edge")
    windows = [padded[top : top + 20, left : left + 12] for top in range(7) for left in range(7)]
    for seed in range(20):
        out = apply(PadCrop(3, fill="edge"), image, seed)
        (place,) = [number for number, window in enumerate(windows) if np.array_equal(window, out)]
        inside = np.full((20, 12, 3), 255, np.uint8)
        black = apply(PadCrop(3), inside, seed)
        assert black[max(0, 3 - place // 7), max(0, 3 - place % 7)].all(), "the same place as with black"
    with pytest.raises(UserError, match="'black' or 'edge', got 'mean'"):
        PadCrop(3, "mean")


# --- RandomRectCrop


@pytest.mark.parametrize(("height", "width", "rate"), [(128, 64, 0.999), (256, 128, 0.999), (256, 256, 0.0)])
def test_rect_crop_succeeds_as_often_as_in_the_papers_code(height, width, rate):
    """Where ten tries find no rectangle, the whole image is taken: always on square images."""
    image = np.arange(height * width * 3).reshape(height, width, 3).astype(np.uint8)
    crop = RandomRectCrop(height, width)
    cropped = [not np.array_equal(apply(crop, image, seed), image) for seed in range(1_000)]
    assert np.mean(cropped) == pytest.approx(rate, abs=0.005)


def test_rect_crop_takes_upright_rectangles_of_at_least_64_percent(monkeypatch):
    sizes = []
    monkeypatch.setattr("reidzoo.data.moving._resized", lambda image, *_: sizes.append(image.shape) or image)
    for seed in range(400):
        apply(RandomRectCrop(128, 64), noise(128, 64), seed)
    areas = np.array([height * width / (128 * 64) for height, width, _ in sizes])
    aspects = np.array([height / width for height, width, _ in sizes])
    assert 0.62 < areas.min() < 0.67
    assert areas.max() <= 1.0
    assert aspects.min() > 1.95
    assert aspects.max() < 3.1


# --- RandomScaleCrop


def test_scale_crop_keeps_the_shape_and_85_percent_of_the_sides(monkeypatch):
    sizes, corners = [], set()
    monkeypatch.setattr("reidzoo.data.moving._resized", lambda image, *_: sizes.append(image) or image)
    image = np.arange(100 * 60 * 3).reshape(100, 60, 3).astype(np.int32)
    for seed in range(600):
        apply(RandomScaleCrop(22, 22), image, seed)
    for crop in sizes:
        height, width = crop.shape[:2]
        assert abs(width - 0.6 * height) <= 1
        corners.add((int(crop[0, 0, 0]) // 3) // 60)
    heights = [crop.shape[0] for crop in sizes]
    assert (min(heights), max(heights)) == (85, 100)
    assert np.mean(heights) == pytest.approx(92.5, abs=0.7)  # four standard deviations
    assert min(corners) == 0
    assert max(corners) >= 12


def test_scale_crop_resizes_as_resize_does():
    image = noise()
    whole = RandomScaleCrop(100, 50, min_share=1.0, interpolation="bicubic")
    np.testing.assert_array_equal(apply(whole, image), apply(Resize(100, 50, "bicubic"), image))


@pytest.mark.parametrize("share", [0, 1.2])
def test_scale_crop_refuses_shares_that_are_none(share):
    with pytest.raises(UserError, match=rf"keeps a share in \(0, 1\].*min_share={share}"):
        RandomScaleCrop(224, 224, min_share=share)


# --- RandomErasing


def erased(transform, height=128, width=64, runs=1_500):
    """Height and width of the rectangle in each run, None where nothing was erased."""
    white = np.full((height, width, 3), 255, np.uint8)
    found = []
    for seed in range(runs):
        rows, columns = np.nonzero((apply(transform, white, seed) != 255).any(axis=2))
        found.append((np.ptp(rows) + 1, np.ptp(columns) + 1) if len(rows) else None)
    return found


def test_erasing_happens_with_its_probability():
    happened = np.mean([box is not None for box in erased(RandomErasing(0.5))])
    assert 0.45 < happened < 0.55
    assert set(erased(RandomErasing(0.0), runs=50)) == {None}


def test_erased_area_and_aspect_lie_in_the_papers_ranges():
    """A try succeeds only when the rectangle fits inside, strictly, as in the authors' code."""
    boxes = erased(RandomErasing(1.0, max_area=0.4))
    assert None not in boxes
    height, width = np.array(boxes).T
    area, aspect = height * width / (128 * 64), height / width
    assert 0.018 < area.min() < 0.03
    assert 0.38 < area.max() < 0.41
    assert 0.29 < aspect.min() < 0.4
    assert 3.0 < aspect.max() < 3.5
    assert height.max() < 128
    assert width.max() < 64


def test_largest_aspect_of_camstyle():
    tall = [height / width for height, width in erased(RandomErasing(1.0, max_area=0.2, max_aspect=3.0))]
    assert 2.7 < max(tall) < 3.2  # whole pixels round it
    with pytest.raises(UserError, match=r"max_aspect of at least min_aspect = 0\.3, got 0\.2"):
        RandomErasing(max_aspect=0.2)


def test_erased_areas_agree_with_a_slow_twin_of_algorithm_1():
    rng = np.random.default_rng(1)
    twin = []
    while len(twin) < 4_000:
        area, aspect = rng.uniform(0.02, 0.4) * 128 * 64, rng.uniform(0.3, 1 / 0.3)
        height, width = math.sqrt(area * aspect), math.sqrt(area / aspect)
        if round(width) < 64 and round(height) < 128:
            twin.append(height * width / (128 * 64))
    areas = np.array(erased(RandomErasing(1.0))).prod(axis=1) / (128 * 64)
    for share in (10, 50, 90):
        assert np.percentile(areas, share) == pytest.approx(np.percentile(twin, share), abs=0.02)


def test_erased_rectangles_reach_every_row_and_column():
    seen = np.zeros((128, 64), bool)
    white = np.full((128, 64, 3), 255, np.uint8)
    for seed in range(1_000):
        seen |= (apply(RandomErasing(1.0), white, seed) != 255).any(axis=2)
    assert seen.any(axis=0).all()
    assert seen.any(axis=1).all()


@pytest.mark.parametrize(("fill", "colour"), [("mean", IMAGENET_MEAN), ((152, 142, 127), (152, 142, 127))])
def test_erased_pixels_have_the_colour_that_was_asked_for(fill, colour):
    white = np.full((128, 64, 3), 255, np.uint8)
    out = apply(RandomErasing(1.0, fill=fill), white)
    assert {tuple(pixel) for pixel in out.reshape(-1, 3).tolist()} == {(255, 255, 255), tuple(colour)}


def test_random_fill_is_random_for_each_pixel():
    out = apply(RandomErasing(1.0, fill="random"), np.full((128, 64, 3), 255, np.uint8))
    pixels = out[(out != 255).any(axis=2)]
    assert len(np.unique(pixels, axis=0)) > 0.9 * len(pixels)


def test_an_unknown_fill_is_refused():
    with pytest.raises(UserError, match="'mean', 'random' or an"):
        RandomErasing(fill="zero")


# --- RandomCrop


def test_random_crop_is_a_window_of_the_image_at_every_place():
    image = np.arange(6 * 5 * 3, dtype=np.uint8).reshape(6, 5, 3)
    windows = {image[top : top + 4, left : left + 3].tobytes() for top in range(3) for left in range(3)}
    assert {apply(RandomCrop(4, 3), image, seed).tobytes() for seed in range(100)} == windows
    np.testing.assert_array_equal(apply(RandomCrop(6, 5), image), image)


def test_random_crop_of_a_small_image():
    with pytest.raises(UserError, match="cuts 64 x 64 pixels out of an image of 64 x 32: resize"):
        apply(RandomCrop(64, 64), noise())
