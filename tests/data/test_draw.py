"""All chance of a draw follows from its four numbers, whatever the process or the worker."""

import numpy as np
import pytest
import torch
from fake_datasets import market
from torch.utils.data import DataLoader, default_collate

from reidzoo.data.datasets import Market1501
from reidzoo.data.draw import Draw
from reidzoo.data.samplers import ShuffleSampler

AUGMENTATION = [
    {"type": "Resize", "height": 32, "width": 16},
    {"type": "RandomFlip"},
    {"type": "PadCrop", "padding": 4},
    {"type": "RandomErasing", "prob": 1.0, "fill": "random"},
]


@pytest.fixture
def dataset(tmp_path):
    return Market1501(str(market(tmp_path)), transforms=AUGMENTATION)


def epoch_of(dataset, epoch, workers=0, seed=5):
    sampler = ShuffleSampler(dataset, seed=seed)
    sampler.set_epoch(epoch)
    loader = DataLoader(dataset, batch_size=5, sampler=sampler, num_workers=workers, collate_fn=default_collate)
    batches = list(loader)
    return {key: torch.cat([batch[key] for batch in batches]) for key in batches[0]}


def assert_equal(left, right):
    assert left.keys() == right.keys()
    for key in left:
        assert torch.equal(left[key], right[key]), key


def test_two_workers_give_what_none_gives(dataset):
    assert_equal(epoch_of(dataset, 3), epoch_of(dataset, 3, workers=2))


def test_the_same_seed_and_epoch_give_the_same_images(dataset):
    torch.manual_seed(1)
    first = epoch_of(dataset, 1)
    torch.manual_seed(2)
    np.random.seed(2)
    assert_equal(first, epoch_of(dataset, 1))


@pytest.mark.parametrize("change", [{"epoch": 2}, {"epoch": 1, "seed": 6}])
def test_another_epoch_or_seed_gives_another_order_and_other_augmentation(dataset, change):
    first, other = epoch_of(dataset, 1), epoch_of(dataset, **change)
    assert not torch.equal(first["indices"], other["indices"])
    assert sorted(first["indices"].tolist()) == sorted(other["indices"].tolist())
    by_index = [images["images"][images["indices"].argsort()] for images in (first, other)]
    assert all(not torch.equal(left, right) for left, right in zip(*by_index, strict=True))


@pytest.mark.parametrize("change", [{"index": 1}, {"seed": 1}, {"epoch": 1}, {"repeat": 1}])
def test_each_of_the_four_numbers_matters(change):
    draw = Draw(0)
    assert draw._replace(**change).generator().random() != draw.generator().random()


def test_numbers_do_not_stand_in_for_each_other():
    places = [Draw(1, 0, 0, 0), Draw(0, 1, 0, 0), Draw(0, 0, 1, 0), Draw(0, 0, 0, 1)]
    assert len({draw.generator().random() for draw in places}) == 4


def test_a_plain_index_is_the_first_draw(dataset):
    assert_equal(dataset[3], dataset[Draw(3)])
