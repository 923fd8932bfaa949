"""Generated images beside real ones: labels by number, and batches of a fixed composition."""

from collections import Counter

import cv2
import numpy as np
import pytest
import torch
from fake_datasets import picture
from mmengine.config import Config
from torch.utils.data import DataLoader
from toy_market import write_toy_market

from reidzoo.apis.configs import complete_for_training
from reidzoo.base.errors import UserError
from reidzoo.data.datasets import RealAndGenerated
from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.data.datasets.manifest import write_manifest
from reidzoo.data.draw import Draw
from reidzoo.data.samplers import IdentitySampler, RealFakeSampler, ShuffleSampler
from reidzoo.engine.runner import Runner

SMALL = {"type": "Resize", "height": 32, "width": 16}


def write_generated(root, pids, size=(24, 24)):
    """Two square images of each identity, styles 4 and 5; returns the folder."""
    entries = []
    for pid in pids:
        for style in (4, 5):
            image = cv2.resize(picture(f"{pid} in {style}"), size)
            root.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(root / f"{pid}_{style}.png"), image)
            entries.append(GeneratedImage(f"{pid}_{style}.png", pid, 0, style, f"{pid:04d}_c1s1_000000_01.jpg"))
    write_manifest(root, entries, {"method": "CycleGAN"})
    return root


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Real identities 1 to 6 with 4 images each; generated ones of 6, 4 and 1 with 2 each."""
    folder = tmp_path_factory.mktemp("camstyle")
    return write_toy_market(folder / "real"), write_generated(folder / "generated", (6, 4, 1))


def mixed(roots, real=(), generated=(SMALL,), **extra):
    return RealAndGenerated(
        {"type": "Market1501", "root": str(roots[0]), "transforms": list(real), **extra},
        {"type": "GeneratedFolder", "root": str(roots[1]), "transforms": list(generated)},
    )


def test_items_are_as_documented(roots):
    dataset = mixed(roots)
    assert len(dataset) == 24 + 6
    for index in (0, 23, 24, 29):
        item = dataset[index]
        assert set(item) == {"images", "pids", "camids", "indices", "is_generated"}
        assert item["images"].shape == (3, 32, 16)
        assert item["is_generated"].dtype == torch.bool
        assert item["is_generated"].shape == ()
        assert item["is_generated"] == (index >= 24)
        assert item["indices"] == index
        assert item["pids"].dtype == torch.int64


def test_labels_follow_the_number_and_not_the_position(roots):
    """Sorted position would give the generated identities 1, 4, 6 the labels 0, 1, 2."""
    dataset = mixed(roots)
    labels = {record.pid: set() for record in dataset.records}
    for index, record in enumerate(dataset.records):
        labels[record.pid].add(int(dataset[index]["pids"]))
    assert labels == {pid: {pid - 1} for pid in range(1, 7)}


def test_the_camera_of_a_generated_image_is_its_style(roots):
    assert {int(mixed(roots)[index]["camids"]) for index in range(24, 30)} == {4, 5}


def test_metainfo_is_that_of_the_real_images(roots):
    info = mixed(roots).metainfo
    assert info == {"name": "Market1501 train and GeneratedFolder train", "num_pids": 6, "num_cams": 2}


def test_identities_that_nobody_photographed_are_refused(roots, tmp_path):
    generated = write_generated(tmp_path, (1, 8, 7))
    with pytest.raises(UserError, match=r"2 identities of the generated .* \(first: 7, 8\): generate from the same"):
        mixed((roots[0], generated))
    with pytest.raises(UserError, match="val_identities and cameras alike for both"):
        mixed(roots, val_identities=5)


def test_two_sizes_are_refused(roots):
    with pytest.raises(
        UserError, match="RealAndGenerated expects real and generated images of one size, got 32 x 16 and"
    ):
        mixed(roots, generated=())


def test_other_splits_are_refused(roots):
    with pytest.raises(UserError, match="RealAndGenerated is trained on, got split 'test'"):
        mixed(roots, split="test")


def test_broken_files_of_both_kinds_are_found(tmp_path):
    roots = write_toy_market(tmp_path / "real"), write_generated(tmp_path / "generated", (1,))
    dataset = mixed(roots)
    broken = [dataset.records[3].path, dataset.records[25].path]
    for path in broken:
        path.write_bytes(b"no image")
    assert dataset.undecodable() == broken
    assert dataset.num_images == 24 + 2


def test_other_samplers_deal_both_kinds_alike(roots):
    dataset = mixed(roots)
    assert len(ShuffleSampler(dataset, seed=0)) == 30
    identities = IdentitySampler(dataset, images_per_pid=2, pids_per_batch=6, seed=0)
    assert {dataset.records[draw.index].pid for draw in identities} == set(range(1, 7))


# --- RealFakeSampler


class Sizes(RealAndGenerated):
    """A data set of which only the two numbers of images matter."""

    def __init__(self, real, generated):
        self.real, self.generated = range(real), range(generated)


def batches_on_ranks(sizes, epochs=1, world_size=1, **arguments):
    """The draws of every batch: by epoch, process, step."""
    sampler = RealFakeSampler(sizes, seed=3, **arguments)
    found = []
    for epoch in range(epochs):
        found.append([])
        for rank in range(world_size):
            sampler.rank, sampler.world_size = rank, world_size
            sampler.set_epoch(epoch)
            draws, size = list(sampler), sampler.batch_size
            assert len(draws) == len(sampler)
            found[-1].append([draws[start : start + size] for start in range(0, len(draws), size)])
    return found


@pytest.mark.parametrize("world_size", [1, 2, 3])
@pytest.mark.parametrize(
    ("real_fake", "size", "reals"),
    [((3, 1), 64, 48), ((1, 1), 10, 5), ((1, 3), 16, 4), ((128, 46), 174, 128), ((3, 1), 10, 8), ((3, 1), 14, 10)],
)
def test_every_batch_has_its_real_images_first_then_its_generated_ones(real_fake, size, reals, world_size):
    (processes,) = batches_on_ranks(Sizes(800, 300), world_size=world_size, real_fake=real_fake, batch_size=size)
    assert {len(batches) for batches in processes} == {800 // (reals * world_size)}
    for batch in (batch for batches in processes for batch in batches):
        assert [draw.index < 800 for draw in batch] == [True] * reals + [False] * (size - reals)


@pytest.mark.parametrize("world_size", [1, 2])
def test_real_images_come_once_an_epoch_and_generated_ones_as_a_stream(world_size):
    """103 real images make 8 or 9 batches of 12; 50 generated ones last for 12.5 batches of 4, whatever the epoch."""
    epochs = batches_on_ranks(Sizes(103, 50), epochs=6, world_size=world_size, batch_size=16)
    stream = []
    for processes in epochs:
        steps = [batch for step in zip(*processes, strict=True) for batch in step]
        assert len(steps) == 8
        reals = [draw.index for batch in steps for draw in batch[:12]]
        assert len(set(reals)) == 96
        stream += [draw.index for batch in steps for draw in batch[12:]]
    passes = [stream[start : start + 50] for start in range(0, 150, 50)]
    assert all(sorted(turn) == list(range(103, 153)) for turn in passes)
    assert len(set(map(tuple, passes))) == 3


def test_a_generated_image_that_comes_twice_in_an_epoch_is_augmented_anew():
    ((batches,),) = batches_on_ranks(Sizes(60, 3), real_fake=(1, 1), batch_size=4)
    draws = [draw for batch in batches for draw in batch[2:]]
    assert Counter(draw.index for draw in draws) == {60: 20, 61: 20, 62: 20}
    assert len({draw.generator().random() for draw in draws}) == 60


def test_orders_differ_between_epochs_and_seeds_and_repeat_otherwise():
    sizes = Sizes(48, 48)

    def orders(seed, epoch):
        sampler = RealFakeSampler(sizes, batch_size=16, seed=seed)
        sampler.set_epoch(epoch)
        return [draw.index for draw in sampler]

    assert orders(0, 1) == orders(0, 1)
    seen = [orders(seed, epoch) for seed in range(3) for epoch in range(3)]
    for kind in (lambda index: index < 48, lambda index: index >= 48):
        assert len({tuple(filter(kind, order)) for order in seen}) == 9
    aligned = [index - 48 for index in seen[0] if index >= 48]
    assert aligned != [index for index in seen[0] if index < 48][: len(aligned)]


def test_batches_do_not_depend_on_the_number_of_workers(roots):
    shaken = [{"type": "RandomFlip"}, {"type": "RandomErasing", "fill": "random"}]
    dataset = mixed(roots, real=shaken, generated=[SMALL, *shaken])

    def epoch_of(workers, epoch=0):
        sampler = RealFakeSampler(dataset, batch_size=8, seed=0)
        sampler.set_epoch(epoch)
        return list(DataLoader(dataset, batch_size=8, sampler=sampler, num_workers=workers))

    alone, helped, later = epoch_of(0), epoch_of(2), epoch_of(0, epoch=1)
    assert len(alone) == 4
    for left, right in zip(alone, helped, strict=True):
        assert left["is_generated"].tolist() == [False] * 6 + [True] * 2
        assert all(torch.equal(left[key], right[key]) for key in left)
    assert not torch.equal(alone[0]["images"], later[0]["images"])


@pytest.mark.parametrize(("asked", "steps"), [(3, 3), (99, 6), (None, 6)])
def test_the_loader_may_cut_the_epoch(roots, asked, steps):
    """24 real images make 6 batches of 4 real and 4 generated; ``--smoke`` asks for fewer."""
    loader = {"batch_size": 8, "num_workers": 0, "dataset": mixed(roots), "collate_fn": {"type": "default_collate"}}
    loader["sampler"] = {"type": "reidzoo.RealFakeSampler", "real_fake": (1, 1), "batch_size": 8}
    batches = list(Runner.build_dataloader({**loader, "num_batch_per_epoch": asked}, seed=0))
    assert [batch["is_generated"].tolist() for batch in batches] == [[False] * 4 + [True] * 4] * steps


@pytest.mark.parametrize("ratio", [(0, 1), (3, 0), (2.78, 1), 3, (1, 2, 3), "31"])
def test_something_else_than_a_ratio_is_refused(ratio):
    with pytest.raises(UserError, match="real_fake is a ratio of two whole numbers of at least 1"):
        RealFakeSampler(Sizes(99, 99), real_fake=ratio, batch_size=8, seed=0)


@pytest.mark.parametrize(("ratio", "size", "kinds"), [((9, 1), 4, "4 real and 0"), ((1, 9), 4, "0 real and 4")])
def test_a_batch_without_one_kind_is_refused(ratio, size, kinds):
    with pytest.raises(UserError, match=f"makes {kinds} generated images of a batch of {size}: raise"):
        RealFakeSampler(Sizes(99, 99), real_fake=ratio, batch_size=size, seed=0)


def test_too_few_real_images_are_refused():
    with pytest.raises(UserError, match=r"48 real images each needs 48, the data set has 40: lower"):
        RealFakeSampler(Sizes(40, 99), batch_size=64, seed=0)


def test_another_data_set_is_refused(roots):
    with pytest.raises(UserError, match="deals the images of RealAndGenerated, got Market1501"):
        RealFakeSampler(mixed(roots).real, seed=0)


def test_the_tools_fill_in_the_batch_size():
    def completed(**sampler):
        loader = {"batch_size": 32, "sampler": {"type": "RealFakeSampler", **sampler}}
        cfg = Config({"train_dataloader": loader, "train_cfg": {"a": 1}, "optim_wrapper": {"a": 1}, "model": {}})
        cfg.model = {"type": "IDE", "num_pids": 6}
        complete_for_training(cfg)
        return cfg.train_dataloader.sampler.batch_size

    assert completed() == completed(batch_size=32) == 32
    with pytest.raises(UserError, match=r"RealFakeSampler has batch_size=16, and train_dataloader.batch_size is 32"):
        completed(batch_size=16)


def test_an_item_follows_from_its_draw(roots):
    dataset = mixed(roots, generated=[SMALL, {"type": "RandomErasing", "prob": 1.0}])
    images = [dataset[Draw(25, seed, epoch)]["images"].numpy() for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))]
    np.testing.assert_array_equal(images[0], images[1])
    assert len({image.tobytes() for image in images}) == 3
