"""An image and another one of its person: who meets whom, by which chance, and sets without pairs."""

from collections import Counter

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from toy_market import write_toy_market

from reidzoo.base.errors import UserError
from reidzoo.data.datasets import PositivePairs
from reidzoo.data.draw import Draw
from reidzoo.data.samplers import ShuffleSampler

SHAKEN = [{"type": "RandomFlip"}, {"type": "PadCrop", "padding": 3, "fill": "edge"}]
KEYS = {"images", "positive_images", "pids", "camids", "indices"}


@pytest.fixture
def root(tmp_path):
    """3 training persons with 4 images each, 2 in each of 2 cameras."""
    return write_toy_market(tmp_path / "market", train_pids=3, test_pids=2)


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr("reidzoo.data.datasets.positive_pairs.print_log", lambda line, logger: lines.append(line))
    return lines


def pairs_of(root, transforms=(), split="train"):
    return PositivePairs({"type": "Market1501", "root": str(root), "split": split, "transforms": list(transforms)})


def epoch_of(dataset, epoch=0, workers=0):
    sampler = ShuffleSampler(dataset, seed=4)
    sampler.set_epoch(epoch)
    batches = list(DataLoader(dataset, batch_size=4, sampler=sampler, num_workers=workers))
    return {key: torch.cat([batch[key] for batch in batches]) for key in batches[0]}


def row_of(image, dataset):
    """The row of the table whose unmoved image this is."""
    return next(row for row in range(len(dataset)) if torch.equal(dataset.dataset[row]["images"], image))


def leave_one(root, pid):
    """Remove all images but one of a person."""
    for path in sorted((root / "bounding_box_train").glob(f"{pid:04d}_*"))[1:]:
        path.unlink()


def test_items_are_as_documented(root):
    item = pairs_of(root, SHAKEN)[Draw(5, seed=1)]
    assert set(item) == KEYS
    for key, value in item.items():
        assert value.dtype == (torch.uint8 if key.endswith("images") else torch.int64)
        assert value.shape == ((3, 32, 16) if key.endswith("images") else ())
    assert item["indices"] == 5


def test_positives_are_drawn_evenly_among_the_others_of_a_person(root):
    dataset = pairs_of(root)
    seen = Counter()
    for seed in range(120):
        item = dataset[Draw(4, seed=seed)]
        assert torch.equal(item["images"], dataset.dataset[4]["images"])
        assert item["pids"] == 1
        assert item["camids"] == dataset.records[4].camid
        seen[row_of(item["positive_images"], dataset)] += 1
    assert set(seen) == {5, 6, 7}, "never itself, never another person; either camera"
    assert min(seen.values()) > 40 - 5 * np.sqrt(120 * 2 / 9)  # five standard deviations


def test_an_epoch_has_each_image_once_and_its_chance_is_its_own(root):
    dataset = pairs_of(root, SHAKEN)
    epochs = [epoch_of(dataset, workers=workers) for workers in (0, 2)]
    assert sorted(epochs[0]["indices"].tolist()) == list(range(12))
    assert all(torch.equal(epochs[0][key], epochs[1][key]) for key in KEYS)
    other = epoch_of(dataset, epoch=1)
    assert not torch.equal(epochs[0]["positive_images"], other["positive_images"])


def test_the_positive_does_not_depend_on_augmentation_nor_that_on_the_other_image(root):
    plain, shaken = pairs_of(root), pairs_of(root, SHAKEN)
    flipped = pairs_of(root, SHAKEN[:1])
    for seed in range(12):
        draw = Draw(seed, seed=seed)
        chosen = row_of(plain[draw]["positive_images"], plain)
        _, anchor_rng, positive_rng = draw.generator().spawn(3)
        for row, rng, key in ((seed, anchor_rng, "images"), (chosen, positive_rng, "positive_images")):
            assert torch.equal(shaken.dataset.sample(row, rng)["images"], shaken[draw][key])
    sides = [
        [
            torch.equal(flipped[draw][key].flip(-1), plain[draw][key])
            for draw in (Draw(3, seed=seed) for seed in range(40))
        ]
        for key in ("images", "positive_images")
    ]
    assert len(set(zip(*sides, strict=True))) == 4, "each is mirrored or not for itself"


def test_an_only_image_is_its_own_positive_and_counted(root, logged):
    leave_one(root, 2)
    dataset = pairs_of(root)
    item = dataset[Draw(4, seed=1)]
    assert len(dataset) == 9
    assert torch.equal(item["images"], item["positive_images"])
    assert logged == ["PositivePairs: 1 of 9 images are the only one of their person, and their own positive"]


def test_nothing_is_logged_where_everybody_has_two_images(root, logged):
    pairs_of(root)
    assert logged == []


def test_sets_without_pairs_are_refused(root):
    for pid in (1, 2, 3):
        leave_one(root, pid)
    with pytest.raises(UserError, match=r"no person with two images among 3 in .*several images a person"):
        pairs_of(root)
    with pytest.raises(UserError, match="PositivePairs is trained on, got split 'test': set split='train'"):
        pairs_of(root, split="test")
    one = {"type": "Market1501", "root": str(root)}
    with pytest.raises(UserError, match="PositivePairs takes its images from a re-ID data set, got UnpairedImages"):
        PositivePairs({"type": "UnpairedImages", "source": one, "target": one})


def test_images_that_cannot_be_stacked_are_refused(root):
    paths = sorted((root / "bounding_box_train").glob("0001_*"))
    cv2.imwrite(str(paths[0]), np.zeros((64, 32, 3), np.uint8))
    with pytest.raises(UserError, match=r"expects anchor and positive images of one size, got 64 x 32 and 32 x 16"):
        pairs_of(root)[0]


def test_names_and_numbers_are_those_of_the_data_set(root):
    dataset = pairs_of(root)
    assert dataset.metainfo == {"name": "Market1501 train", "num_pids": 3, "num_cams": 2}
    assert len(dataset) == dataset.num_images == len(dataset.records) == 12
    broken = root / "bounding_box_train" / "0002_c1s1_000000_01.jpg"
    broken.write_bytes(b"no image")
    assert dataset.undecodable() == [broken]
