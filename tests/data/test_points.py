"""Points go where their images go."""

import numpy as np
import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import FLIP, JOINT_INDEX, MISSING
from reidzoo.data.colour_transforms import ColourJitter
from reidzoo.data.datasets.reading import transformed
from reidzoo.data.poses.load_pose import LoadPose
from reidzoo.data.transforms import (
    PadCrop,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomRectCrop,
    RandomScaleCrop,
    Resize,
)

SIZE = (64, 32)
#: moves by whole pixels, or by whole factors
EXACT = {
    "RandomFlip": [RandomFlip(0.5)],
    "PadCrop": [PadCrop(20)],
    "PadCrop edge": [PadCrop(20, "edge")],
    "RandomCrop": [RandomCrop(40, 20)],
    "recipe": [PadCrop(8), RandomFlip(0.5), RandomCrop(48, 24), RandomFlip(0.5)],
}
RESIZING = {
    "Resize smaller": [Resize(32, 16)],
    "Resize larger": [Resize(150, 70)],
    "RandomRectCrop": [RandomRectCrop(100, 50)],
    "RandomScaleCrop": [RandomScaleCrop(100, 50)],
    "recipe": [Resize(143, 72), RandomCrop(128, 64), RandomFlip(0.5), PadCrop(4), Resize(64, 32)],
}


def some_pose(seed):
    """Whole pixels anywhere in the image, none twice, some missing."""
    rng = np.random.default_rng(seed)
    places = rng.choice(SIZE[0] * SIZE[1], 18, replace=False)
    pose = np.stack(np.divmod(places, SIZE[1]), axis=1)
    pose[rng.random(18) < 0.2] = MISSING
    return pose


def item(image, pose, transforms, tmp_path, seed=0):
    path = tmp_path / "a.jpg"
    return transformed(image, path, [LoadPose({"a.jpg": pose}), *transforms], np.random.default_rng(seed))


@pytest.mark.parametrize("transforms", EXACT.values(), ids=EXACT)
def test_points_stay_on_their_pixels(transforms, tmp_path):
    lost = 0
    for seed in range(60):
        pose = some_pose(seed)
        image = np.zeros((*SIZE, 3), np.uint8)
        for joint, (y, x) in enumerate(pose):
            if y != MISSING:
                image[y, x] = 10 * joint + 10
        moved = item(image, pose, transforms, tmp_path, seed)
        picture = moved["images"][0].numpy()
        for joint, (y, x) in enumerate(moved["points"].tolist()):
            colours = {10 * joint + 10, 10 * FLIP[joint] + 10}
            if (y, x) == (MISSING, MISSING):
                lost += 1
            else:
                assert picture[int(y), int(x)] in colours
        seen = {int(colour) // 10 - 1 for colour in np.unique(picture) if colour}
        assert len(seen) == (moved["points"] != MISSING).all(dim=1).sum()
    assert lost > 0


@pytest.mark.parametrize("transforms", RESIZING.values(), ids=RESIZING)
def test_points_stay_within_a_pixel_of_what_they_marked(transforms, tmp_path):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    for seed in range(20):
        pose = np.full((18, 2), MISSING)
        pose[0] = np.random.default_rng(seed).integers((16, 10), (48, 22))
        blob = 255 * np.exp(-((rows - pose[0, 0]) ** 2 + (columns - pose[0, 1]) ** 2) / (2 * 2.5**2))
        moved = item(np.repeat(blob.astype(np.uint8)[..., None], 3, axis=2), pose, transforms, tmp_path, seed)
        picture = moved["images"][0].double()
        picture = picture * (picture > 0.4 * picture.max())
        y = (picture.sum(dim=1) * torch.arange(picture.shape[0])).sum() / picture.sum()
        x = (picture.sum(dim=0) * torch.arange(picture.shape[1])).sum() / picture.sum()
        point = moved["points"][0]
        if (point > 8).all() and (torch.tensor(picture.shape) - point > 8).all():  # elsewhere the blob is cut
            assert abs(point[0] - y) < 0.7
            assert abs(point[1] - x) < 0.7


def test_a_pixels_centre_stays_a_centre_when_it_is_resized(tmp_path):
    pose = np.full((18, 2), MISSING)
    pose[:4] = (0, 0), (63, 31), (1, 1), (10, 20)
    image = np.zeros((*SIZE, 3), np.uint8)
    larger = item(image, pose, [Resize(128, 96)], tmp_path)["points"]
    assert larger[:4].tolist() == [[0.5, 1.0], [126.5, 94.0], [2.5, 4.0], [20.5, 61.0]]
    assert (larger[4:] == MISSING).all()
    smaller = item(image, pose, [Resize(32, 16)], tmp_path)["points"]
    assert smaller[:2].tolist() == [[0, 0], [31, 15]]  # never outside the image
    same = item(image, pose, [Resize(*SIZE)], tmp_path)["points"]
    assert torch.equal(same, torch.from_numpy(pose).float())


def test_mirroring_twice_is_nothing_and_once_swaps_sides(tmp_path):
    pose = some_pose(1)
    pose[JOINT_INDEX["left_knee"]] = (40, 3)
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    once = item(image, pose, [RandomFlip(1.0)], tmp_path)
    twice = item(image, pose, [RandomFlip(1.0), RandomFlip(1.0)], tmp_path)
    plain = item(image, pose, [], tmp_path)
    assert once["points"][JOINT_INDEX["right_knee"]].tolist() == [40, 31 - 3]
    for key in plain:
        assert torch.equal(twice[key], plain[key])
        assert not torch.equal(once[key], plain[key])


def test_what_moves_nothing_leaves_points(tmp_path):
    pose = some_pose(2)
    image = np.full((*SIZE, 3), 90, np.uint8)
    changed = item(image, pose, [RandomErasing(1.0), ColourJitter(0.5, 0, 0, 0)], tmp_path)
    assert not torch.equal(changed["images"], item(image, pose, [], tmp_path)["images"])
    assert torch.equal(changed["points"], torch.from_numpy(pose).float())
    assert changed["points"].dtype == torch.float32


def halve(sample):
    """A transform from elsewhere that knows no points."""
    sample["image"] = sample["image"][::2]
    return sample


@pytest.mark.parametrize(("before", "size"), [([], "64 x 32"), ([Resize(40, 20)], "40 x 20")])
def test_a_transform_that_leaves_points_behind_is_refused(before, size, tmp_path):
    image = np.zeros((*SIZE, 3), np.uint8)
    with pytest.raises(
        UserError, match=rf"left its points in one of {size}: change places through reidzoo.data.moving"
    ):
        item(image, some_pose(0), [*before, halve], tmp_path)
    assert transformed(image, tmp_path, [halve], np.random.default_rng(0))["images"].shape == (3, 32, 32)


def test_poses_of_images_of_another_size_are_refused(tmp_path):
    pose = np.full((18, 2), MISSING)
    pose[[1, 8, 11]] = (20, 10), (100, 20), (20, 40)
    sentence = r"2 of the points of '.*a\.jpg' lie outside its 64 x 32 pixels, first right_hip at y = 100, x = 20: give"
    with pytest.raises(UserError, match=sentence):
        item(np.zeros((*SIZE, 3), np.uint8), pose, [], tmp_path)
