"""A source whose images meet contexts of a target: an epoch as long as the source's, contexts anew in each."""

from collections import Counter

import numpy as np
import pytest
import torch
from fake_datasets import market
from torch.utils.data import DataLoader
from toy_market import write_toy_market

from reidzoo.base.errors import UserError
from reidzoo.data.datasets import SourceInContexts
from reidzoo.data.draw import Draw
from reidzoo.data.samplers import IdentitySampler, ShuffleSampler

MASKED = [{"type": "EllipseMask"}]
SHAKEN = [*MASKED, {"type": "RandomFlip"}, {"type": "PadCrop", "padding": 3}]


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Folders of 12 (3 persons) and of 8 training images (2 persons)."""
    folder = tmp_path_factory.mktemp("domains")
    large = write_toy_market(folder / "large", train_pids=3)
    return str(large), str(write_toy_market(folder / "small", train_pids=2))


def pair(source, target, of_source=MASKED, of_target=MASKED, **options):
    parts = (
        {"type": "Market1501", "root": root, "transforms": transforms}
        for root, transforms in ((source, of_source), (target, of_target))
    )
    return SourceInContexts(*parts, **options)


def epoch_of(dataset, epoch=0, workers=0, seed=4):
    """The batches of an epoch, as one dict of stacked tensors."""
    sampler = ShuffleSampler(dataset, seed=seed)
    sampler.set_epoch(epoch)
    batches = list(DataLoader(dataset, batch_size=4, sampler=sampler, num_workers=workers))
    return {key: torch.cat([batch[key] for batch in batches]) for key in batches[0]}


def same(left, right):
    return all(torch.equal(left[key], right[key]) for key in left)


def test_items_are_as_documented(roots):
    item = pair(*roots, SHAKEN, SHAKEN)[5]
    assert set(item) == {"images", "masks", "context_images", "context_masks", "pids", "camids", "indices"}
    for key, value in item.items():
        kind = key.rpartition("_")[2]
        assert value.dtype == (torch.uint8 if kind in ("images", "masks") else torch.int64)
        assert value.shape == {"images": (3, 32, 16), "masks": (1, 32, 16)}.get(kind, ())
    assert item["indices"] == 5


@pytest.mark.parametrize("larger", ["source", "target"])
def test_an_epoch_is_one_of_the_source_and_contexts_are_drawn_uniformly(roots, larger):
    dataset = pair(*(roots if larger == "source" else roots[::-1]))
    assert len(dataset) == len(dataset.source) == (12 if larger == "source" else 8)
    contexts, items = Counter(), {}
    for epoch in range(40):
        items = epoch_of(dataset, epoch)
        assert sorted(items["indices"].tolist()) == list(range(len(dataset)))
        contexts.update(image.numpy().tobytes() for image in items["context_images"])
    expected = 40 * len(dataset) / len(dataset.target)
    assert len(contexts) == len(dataset.target)
    assert min(contexts.values()) > expected - 5 * np.sqrt(expected)
    for row, image, pid, camid in zip(*(items[key] for key in ("indices", "images", "pids", "camids")), strict=True):
        own = dataset.source[int(row)]
        assert torch.equal(own["images"], image)
        assert (own["pids"], own["camids"]) == (pid, camid)


def test_an_item_follows_from_its_draw_alone_and_no_epoch_repeats_another(roots):
    dataset = pair(*roots, SHAKEN, SHAKEN)
    first = epoch_of(dataset)
    assert same(first, epoch_of(dataset, workers=1))
    assert not same(first, epoch_of(dataset, epoch=1))
    assert not same(first, epoch_of(dataset, seed=5))


def test_the_context_does_not_depend_on_how_either_image_is_augmented(roots):
    plain, shaken = pair(*roots), pair(*roots, SHAKEN)
    items = [(plain[Draw(row, seed=2)], shaken[Draw(row, seed=2)]) for row in range(12)]
    assert all(torch.equal(one["context_images"], other["context_images"]) for one, other in items)
    assert not all(torch.equal(one["images"], other["images"]) for one, other in items)


def test_metainfo_is_that_of_the_source(roots):
    info = pair(*roots).metainfo
    assert info == {"name": "Market1501 train, rendered in contexts of Market1501 train", "num_pids": 3, "num_cams": 2}


def test_identity_batches_of_the_source(roots):
    dataset = pair(*roots)
    sampler = IdentitySampler(dataset, images_per_pid=2, pids_per_batch=2, seed=0)
    pids = [int(dataset[draw]["pids"]) for draw in sampler]
    assert all(one == other for one, other in zip(pids[::2], pids[1::2], strict=True))


@pytest.mark.parametrize("domain", ["source", "target"])
def test_masks_that_are_missing(roots, domain):
    dataset = pair(*roots, **{f"of_{domain}": []})
    with pytest.raises(UserError, match=rf"got none of the {domain}: begin the transforms there with LoadMask"):
        dataset[0]


def test_two_sizes_are_refused(roots):
    dataset = pair(*roots, of_target=[*MASKED, {"type": "Resize", "height": 48, "width": 24}])
    with pytest.raises(UserError, match=r"expects source and target images of one size, got 32 x 16 and 48 x 24"):
        dataset[0]


def test_what_cannot_be_trained_on(roots):
    with pytest.raises(UserError, match="SourceInContexts expects a source and a target without common images, got 12"):
        pair(roots[0], roots[0], distinct=True)
    part = {"type": "Market1501", "root": roots[0]}
    with pytest.raises(UserError, match="is trained on, got split 'test' as source: set split='train'"):
        SourceInContexts({**part, "split": "test"}, part)
    with pytest.raises(UserError, match="SourceInContexts takes its target from a re-ID data set, got UnpairedImages"):
        SourceInContexts(part, {"type": "UnpairedImages", "source": part, "target": part})


def test_broken_files_of_both_sets_are_found(tmp_path):
    dataset = pair(*(str(market(tmp_path / name)) for name in ("one", "other")))
    broken = [reader.records[1].path for reader in (dataset.source, dataset.target)]
    for path in broken:
        path.write_bytes(b"no image")
    assert dataset.undecodable() == broken
    assert dataset.num_images == len(dataset.source) + len(dataset.target)
