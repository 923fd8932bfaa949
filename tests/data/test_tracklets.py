"""Tracklets out of identities and cameras, and batches of them from all cameras in turn."""

from collections import Counter

import pytest
import torch
from fake_datasets import market, market_name, write_images
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from torch.utils.data import DataLoader
from toy_market import write_toy_market

from reidzoo.apis.configs import complete_for_loading, complete_for_training
from reidzoo.base.errors import UserError
from reidzoo.data.datasets import Tracklets
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.draw import Draw
from reidzoo.data.samplers import ShuffleSampler
from reidzoo.data.tracklet_sampler import TrackletSampler
from reidzoo.engine.runner import Runner

FLIP = [{"type": "RandomFlip"}]


def tracklets_of(root, **arguments):
    return Tracklets({"type": "Market1501", "root": str(root), **arguments})


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """6 persons with 2 images in each of 2 cameras."""
    return tracklets_of(write_toy_market(tmp_path_factory.mktemp("tracklets")), transforms=FLIP)


# --- the data set


def test_items_are_as_documented(toy):
    item = toy[Draw(5, seed=1)]
    assert set(item) == {"images", "tracklets", "camids", "indices"}
    assert item["images"].shape == (3, 32, 16)
    assert item["images"].dtype == torch.uint8
    for key in ("tracklets", "camids", "indices"):
        assert item[key].dtype == torch.int64
        assert item[key].shape == ()
    assert item["indices"] == 5
    assert torch.equal(item["images"], toy.dataset[Draw(5, seed=1)]["images"])


def test_a_tracklet_is_a_person_in_a_camera_numbered_camera_by_camera(tmp_path):
    """Persons 2, 7 and 11 in cameras 1 and 6, two images each; person 20 in camera 6 only."""
    root = market(tmp_path)
    write_images(root / "bounding_box_train", [market_name(20, 6)])
    dataset = tracklets_of(root)
    expected = {(2, 0): 0, (7, 0): 1, (11, 0): 2, (2, 5): 3, (7, 5): 4, (11, 5): 5, (20, 5): 6}
    for row, record in enumerate(dataset.dataset.records):
        item = dataset[row]
        assert item["tracklets"] == expected[record.pid, record.camid]
        assert item["camids"] == record.camid
        assert row in dataset.rows[item["tracklets"]]
    assert [len(rows) for rows in dataset.rows] == [2, 2, 2, 2, 2, 2, 1]
    assert dataset.metainfo == {
        "name": "Market1501 train, tracklets from identity and camera (intra-camera supervision)",
        "num_cams": 2,
        "tracklets_per_camera": [3, 4],
    }
    assert dataset.num_images == len(dataset) == 13


def test_another_split_is_refused(tmp_path):
    with pytest.raises(UserError, match="Tracklets are trained on, got split 'test': set split='train'"):
        tracklets_of(market(tmp_path), split="test")


def test_a_set_without_cameras_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(ReIDDataset, "has_cameras", False)
    with pytest.raises(UserError, match="found inside cameras, and 'Market1501 train' knows none: take a data set"):
        tracklets_of(market(tmp_path))


def test_a_camera_with_a_single_tracklet_is_refused(tmp_path):
    root = market(tmp_path)
    write_images(root / "bounding_box_train", [market_name(2, 3, number) for number in (1, 2)])
    with pytest.raises(UserError, match=r"camera 2 \(counted from 0\) of .* has a single one: leave it out with"):
        tracklets_of(root)
    assert tracklets_of(root, cameras=[0, 5]).tracklets_per_camera == [3, 3]


def test_broken_files_are_found(tmp_path):
    dataset = tracklets_of(market(tmp_path))
    dataset.dataset.records[1].path.write_bytes(b"no image")
    assert dataset.undecodable() == [dataset.dataset.records[1].path]


# --- the sampler


class Table:
    """A data set of which only the tracklets matter: by camera, how many images each of its tracklets has."""

    def __init__(self, sizes):
        self.tracklets_per_camera = [len(of_camera) for of_camera in sizes]
        self.rows, self.num_images = [], 0
        for size in (size for of_camera in sizes for size in of_camera):
            self.rows.append(list(range(self.num_images, self.num_images + size)))
            self.num_images += size
        self.tracklet = {row: number for number, rows in enumerate(self.rows) for row in rows}
        self.camera = [camera for camera, of_camera in enumerate(sizes) for _ in of_camera]

    def __len__(self):
        return self.num_images


def on_ranks(world_size, table, epoch=0, **arguments):
    """The batches of each simulated process."""
    processes = []
    for rank in range(world_size):
        sampler = TrackletSampler(table, seed=1, **arguments)
        sampler.rank, sampler.world_size = rank, world_size
        sampler.set_epoch(epoch)
        draws, size = list(sampler), sampler.batch_size
        assert len(draws) == len(sampler) == sampler.steps * size
        processes.append([draws[start : start + size] for start in range(0, len(draws), size)])
    return processes


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.lists(st.integers(1, 5), min_size=6, max_size=9), min_size=2, max_size=4),
    world_size=st.sampled_from([1, 2, 3]),
    images=st.integers(1, 4),
    groups=st.integers(2, 4),
    epoch=st.integers(0, 2),
)
def test_batches_are_groups_of_one_tracklet_from_the_cameras_in_turn(sizes, world_size, images, groups, epoch):
    table = Table(sizes)
    batch_size = images * groups
    processes = on_ranks(world_size, table, epoch, images_per_tracklet=images, batch_size=batch_size)
    rounds = min(table.tracklets_per_camera)
    assert {len(batches) for batches in processes} == {rounds * len(sizes) // (groups * world_size)}
    stream = [batch for step in zip(*processes, strict=True) for batch in step]  # as all processes read it
    dealt = []
    for batch in stream:
        numbers = [table.tracklet[draw.index] for draw in batch]
        firsts = numbers[::images]
        assert numbers == [number for number in firsts for _ in range(images)]
        dealt += firsts
        for start in range(0, batch_size, images):
            group = batch[start : start + images]
            assert len(set(group)) == images, "an image that is repeated is augmented anew"
            assert len({draw.index for draw in group}) == min(images, len(table.rows[table.tracklet[group[0].index]]))
    assert [table.camera[number] for number in dealt] == [place % len(sizes) for place in range(len(dealt))]
    assert len(set(dealt)) == len(dealt), "no tracklet twice in an epoch"


def test_every_tracklet_and_image_comes_in_some_epoch():
    table = Table([[3, 3], [3] * 9])
    seen = Counter()
    for epoch in range(60):
        ((batch,),) = on_ranks(1, table, epoch, images_per_tracklet=2, batch_size=8)
        seen.update(draw.index for draw in batch)
    assert set(seen) == set(range(33))


def test_orders_differ_between_epochs_and_repeat_otherwise():
    table = Table([[3] * 8, [3] * 8])
    orders = [on_ranks(1, table, epoch, images_per_tracklet=2, batch_size=8) for epoch in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1]
    assert {(draw.seed, draw.epoch) for (batches,) in orders[1:2] for batch in batches for draw in batch} == {(1, 1)}


def test_batches_do_not_depend_on_the_number_of_workers(toy):
    def epoch_of(workers):
        sampler = TrackletSampler(toy, images_per_tracklet=2, batch_size=8, seed=0)
        return list(DataLoader(toy, batch_size=8, sampler=sampler, num_workers=workers))

    alone, helped = epoch_of(0), epoch_of(2)
    assert len(alone) == 3
    for left, right in zip(alone, helped, strict=True):
        assert left["camids"].tolist() == [0, 0, 1, 1] * 2
        assert left["tracklets"].unique().numel() == 4
        assert all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize(("asked", "steps"), [(2, 2), (99, 3), (None, 3)])
def test_the_loader_may_cut_the_epoch(toy, asked, steps):
    loader = {"batch_size": 8, "num_workers": 0, "dataset": toy, "collate_fn": {"type": "default_collate"}}
    loader["sampler"] = {"type": "reidzoo.TrackletSampler", "images_per_tracklet": 2, "batch_size": 8}
    assert len(list(Runner.build_dataloader({**loader, "num_batch_per_epoch": asked}, seed=0))) == steps


@pytest.mark.parametrize(("images", "size"), [(4, 10), (4, 4), (0, 8)])
def test_a_batch_that_is_no_two_groups_is_refused(images, size):
    with pytest.raises(UserError, match=f"images_per_tracklet={images} and a batch of {size}: make"):
        TrackletSampler(Table([[2] * 9, [2] * 9]), images_per_tracklet=images, batch_size=size, seed=0)


def test_too_few_tracklets_are_refused():
    with pytest.raises(UserError, match=r"with 8 tracklets each needs 8, an epoch of all cameras alike has 6: lower"):
        TrackletSampler(Table([[2] * 3, [2] * 99]), images_per_tracklet=4, batch_size=32, seed=0)


def test_another_data_set_is_refused(toy):
    with pytest.raises(UserError, match="deals tracklets, got Market1501: put the data set into Tracklets"):
        TrackletSampler(toy.dataset, seed=0)


# --- what the tools fill in


def config(dataset, **sampler):
    loader = {"batch_size": 8, "sampler": sampler, "dataset": dataset}
    model = {"type": "TAUDL", "backbone": {"type": "OSNet"}, "head": {"type": "TrackletHead"}}
    return Config({"train_dataloader": loader, "train_cfg": {"a": 1}, "optim_wrapper": {"a": 1}, "model": model})


def test_the_tools_fill_in_the_tracklets_and_the_batch_size(toy):
    plain = {"type": "Market1501", "root": str(toy.dataset.root)}
    cfg = config({"type": "Tracklets", "dataset": plain}, type="TrackletSampler")
    complete_for_training(cfg)
    assert cfg.model.tracklets_per_camera == [6, 6]
    assert cfg.train_dataloader.sampler.batch_size == 8
    assert "num_pids" not in cfg.model
    with pytest.raises(UserError, match="TAUDL learns tracklets, and Market1501 has none: train on Tracklets of a"):
        complete_for_training(config(plain, type="ShuffleSampler"))


def test_a_checkpoint_says_how_many_tracklets_there_were(toy):
    cfg = config({}, type="TrackletSampler")
    complete_for_loading(cfg, {"dataset_meta": toy.metainfo}, "a.pth")
    assert cfg.model.tracklets_per_camera == [6, 6]
    with pytest.raises(UserError, match=r"'b.pth' does not say how many tracklets .* model.tracklets_per_camera=\[N,N"):
        complete_for_loading(config({}, type="TrackletSampler"), {}, "b.pth")


def test_a_method_of_identities_is_told_that_there_are_none(toy):
    cfg = config({"type": "Tracklets", "dataset": {"type": "Market1501", "root": str(toy.dataset.root)}}, type="X")
    cfg.train_dataloader.sampler.type = "ShuffleSampler"
    cfg.model.type = "IDE"
    with pytest.raises(UserError, match="IDE learns identities, and Tracklets has none"):
        complete_for_training(cfg)


def test_tracklets_may_be_dealt_one_image_at_a_time(toy):
    assert len(list(DataLoader(toy, batch_size=4, sampler=ShuffleSampler(toy, seed=0)))) == 6
