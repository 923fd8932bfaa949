"""Masks go where their images go."""

import re

import cv2
import numpy as np
import pytest
import torch
from fake_datasets import HEIGHT, WIDTH, market

from reidzoo.base.errors import UserError
from reidzoo.data.datasets import Market1501, UnpairedImages
from reidzoo.data.draw import Draw
from reidzoo.data.ellipse_mask import EllipseMask
from reidzoo.data.transforms import (
    LoadMask,
    PadCrop,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomRectCrop,
    RandomScaleCrop,
    Resize,
)

EXACT = {
    "RandomFlip": RandomFlip(0.5),
    "PadCrop": PadCrop(6),
    "PadCrop edge": PadCrop(6, "edge"),
    "RandomCrop": RandomCrop(48, 24),
}
RESIZING = {
    "Resize smaller": Resize(48, 24),
    "Resize larger": Resize(150, 70, "bicubic"),
    "RandomRectCrop": RandomRectCrop(100, 50),
    "RandomScaleCrop": RandomScaleCrop(100, 50),
    "RandomScaleCrop smaller": RandomScaleCrop(48, 24),
}


def person(height=64, width=32):
    """A lopsided blob, so that a mirrored or shifted mask shows."""
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (13, 36), (8, 22), 10, 0, 360, 255, cv2.FILLED)
    mask[20:26, 18:28] = 255
    return mask


def moved(transforms, seed):
    """Picture and mask after the transforms; the picture is its mask in white."""
    sample = {"image": np.repeat(person()[..., None], 3, axis=2), "mask": person(), "rng": np.random.default_rng(seed)}
    for transform in transforms:
        sample = transform(sample)
    return sample["image"][..., 0], sample["mask"]


def assert_equal_off_the_edge(picture, mask):
    """Kernels blur the edge of a person by a pixel or two, inside and outside of it all is as it was."""
    inside = cv2.erode(mask, np.ones((5, 5)), borderType=cv2.BORDER_CONSTANT, borderValue=0) == 255
    outside = cv2.dilate(mask, np.ones((5, 5)), borderType=cv2.BORDER_CONSTANT, borderValue=255) == 0
    assert (picture[inside] > 240).all()
    assert (picture[outside] < 15).all()


@pytest.mark.parametrize("transform", EXACT.values(), ids=EXACT)
def test_a_mask_stays_equal_to_its_picture(transform):
    masks = set()
    for seed in range(60):
        picture, mask = moved([transform], seed)
        np.testing.assert_array_equal(picture, mask)
        masks.add(mask.tobytes())
    assert len(masks) > 1


@pytest.mark.parametrize("transform", RESIZING.values(), ids=RESIZING)
def test_a_resized_mask_stays_within_half_a_pixel_of_its_picture(transform):
    for seed in range(60):
        picture, mask = moved([transform], seed)
        assert picture.shape == mask.shape
        assert set(np.unique(mask)) == {0, 255}
        assert np.abs(picture.astype(float) - mask).mean() < 0.06 * 255
        for shift in (-2, 2):
            for axis in (0, 1):
                off = np.abs(picture.astype(float) - np.roll(mask, shift, axis)).mean()
                assert off > np.abs(picture.astype(float) - mask).mean()
        assert_equal_off_the_edge(picture, mask)


def test_a_mask_follows_a_whole_recipe():
    recipe = [Resize(143, 72), RandomCrop(128, 64), RandomFlip(0.5), PadCrop(4), Resize(64, 32)]
    for seed in range(60):
        picture, mask = moved(recipe, seed)
        assert_equal_off_the_edge(picture, mask)


def test_what_is_padded_is_no_person():
    full = {"image": np.full((20, 10, 3), 255, np.uint8), "mask": np.full((20, 10), 255, np.uint8)}
    seen = [PadCrop(5)({**full, "rng": np.random.default_rng(seed)})["mask"] for seed in range(20)]
    assert {int(value) for mask in seen for value in np.unique(mask)} == {0, 255}


def test_erasing_leaves_the_mask():
    _, mask = moved([RandomErasing(1.0, fill="random")], seed=0)
    np.testing.assert_array_equal(mask, person())


def test_chance_is_the_same_with_and_without_a_mask():
    for transform in (*EXACT.values(), *RESIZING.values()):
        picture, _ = moved([transform], seed=3)
        plain = {"image": np.repeat(person()[..., None], 3, axis=2), "rng": np.random.default_rng(3)}
        np.testing.assert_array_equal(transform(plain)["image"][..., 0], picture)


# --- LoadMask


@pytest.fixture
def masked(tmp_path):
    """A folder whose pictures have masks, and what each mask holds."""
    market(tmp_path)
    held = {}
    for path in sorted((tmp_path / "bounding_box_train").glob("*.jpg")):
        mask = np.random.default_rng(list(path.name.encode())).choice(np.array([0, 255], np.uint8), (HEIGHT, WIDTH))
        folder = tmp_path / "masks" / "bounding_box_train"
        folder.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(folder / f"{path.stem}.png"), mask)
        held[path] = mask
    return tmp_path, held


def masked_dataset(root, **extra):
    return Market1501(str(root), transforms=[{"type": "LoadMask", **extra}])


def test_items_carry_the_masks_of_their_images(masked):
    root, held = masked
    dataset = masked_dataset(root)
    for row, record in enumerate(dataset.records):
        masks = dataset[row]["masks"]
        assert masks.dtype == torch.uint8
        np.testing.assert_array_equal(masks[0].numpy(), held[record.path])


def test_the_folder_can_have_another_name(masked):
    root, held = masked
    (root / "masks").rename(root / "persons")
    dataset = masked_dataset(root, folder="persons")
    np.testing.assert_array_equal(dataset[0]["masks"][0].numpy(), held[dataset.records[0].path])


def test_both_domains_carry_masks_and_one_may_go_without(masked):
    root, _ = masked
    config = {"type": "Market1501", "root": str(root)}
    with_masks = {**config, "transforms": [{"type": "LoadMask"}, {"type": "RandomFlip"}]}
    both = UnpairedImages(with_masks, with_masks)[Draw(0)]
    assert both["source_masks"].shape == both["target_masks"].shape == (1, HEIGHT, WIDTH)
    assert "target_masks" not in UnpairedImages(with_masks, config)[Draw(0)]


def test_an_absent_mask_is_named(masked):
    root, _ = masked
    dataset = masked_dataset(root)
    absent = root / "masks" / "bounding_box_train" / f"{dataset.records[0].path.stem}.png"
    absent.unlink()
    with pytest.raises(UserError, match=rf"'{re.escape(str(absent))}', which does not exist: make masks"):
        dataset[0]


@pytest.mark.parametrize(
    "bad", [np.full((HEIGHT, WIDTH), 1, np.uint8), np.full((HEIGHT, WIDTH + 1), 255, np.uint8), None]
)
def test_something_else_than_a_mask_is_refused(masked, bad):
    root, _ = masked
    dataset = masked_dataset(root)
    path = root / "masks" / "bounding_box_train" / f"{dataset.records[0].path.stem}.png"
    path.write_bytes(b"no image" if bad is None else cv2.imencode(".png", bad)[1].tobytes())
    with pytest.raises(UserError, match=rf"255 \(person\) and 0 \(rest\) on {HEIGHT} x {WIDTH} pixels.*make it again"):
        dataset[0]


def test_a_mask_of_a_moved_image_is_refused(masked):
    root, _ = masked
    dataset = Market1501(str(root), transforms=[{"type": "RandomFlip", "prob": 1.0}, {"type": "LoadMask"}])
    with pytest.raises(UserError, match="got a moved one: put it first"):
        dataset[0]


def test_erasing_before_the_mask_is_no_move():
    assert "moved" not in RandomErasing(1.0)(
        {"image": np.zeros((64, 32, 3), np.uint8), "rng": np.random.default_rng(0)}
    )
    assert LoadMask().folder == "masks"


# --- EllipseMask


def bare(height, width):
    return {"image": np.zeros((height, width, 3), np.uint8), "rng": np.random.default_rng(0)}


@pytest.mark.parametrize("size", [(128, 64), (131, 57)])
def test_the_ellipse_is_in_the_middle_and_of_the_shares(size):
    mask = EllipseMask(0.8, 0.5)(bare(*size))["mask"]
    assert (mask.shape, mask.dtype) == (size, np.uint8)
    assert set(np.unique(mask)) == {0, 255}
    inside = mask == 255
    for axis in (0, 1):
        np.testing.assert_array_equal(inside, np.flip(inside, axis))
        extent = inside.any(axis=1 - axis).sum()
        assert extent == pytest.approx((0.8, 0.5)[axis] * size[axis], abs=2)
    assert inside.mean() == pytest.approx(np.pi / 4 * 0.8 * 0.5, rel=0.01)
    for row, column in np.argwhere(inside)[::97]:
        down, right = (row + 0.5 - size[0] / 2) / (0.4 * size[0]), (column + 0.5 - size[1] / 2) / (0.25 * size[1])
        assert down**2 + right**2 <= 1


def test_items_carry_the_ellipse_moved_with_their_image(tmp_path):
    transforms = [{"type": "EllipseMask"}, {"type": "Resize", "height": 32, "width": 16}]
    masks = Market1501(str(market(tmp_path)), transforms=transforms)[0]["masks"]
    assert (masks.shape, masks.dtype) == ((1, 32, 16), torch.uint8)
    assert 0.3 < (masks == 255).float().mean() < 0.6


def test_ellipses_that_are_none_and_moved_images():
    with pytest.raises(UserError, match=r"shares of the image's sides in \(0, 1\], got 0.9 and 1.2"):
        EllipseMask(0.9, 1.2)
    with pytest.raises(UserError, match="EllipseMask expects images as they are on disk and got a moved one"):
        EllipseMask()(RandomFlip(1.0)(bare(8, 4)))


def test_masks_say_where_they_are_from():
    assert LoadMask("persons").mask_source == "files in 'persons'"
    assert EllipseMask().mask_source == "an ellipse of 0.95 of the image's height and 0.6 of its width"
