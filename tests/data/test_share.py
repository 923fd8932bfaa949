"""The option `share`: a part of each identity's training images, chosen by their names alone."""

import pytest
from fake_datasets import FOLDERS, market, market_name, write_images

from reidzoo.base.errors import UserError
from reidzoo.data.datasets import Market1501, SynthPed
from reidzoo.data.datasets.records import Record, share_of_each_identity
from reidzoo.registry import DATASETS


def rows(**numbers):
    """Records of identities with so many images each, named ``a/07`` and so on."""
    return [
        Record(f"{name}/{number:02d}", pid, number % 3)
        for pid, (name, count) in enumerate(numbers.items(), start=1)
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("images", "share", "kept"),
    [
        (8, 0.25, [2, 6]),
        (8, 0.5, [1, 3, 5, 7]),
        (8, 0.99, [0, 1, 2, 3, 4, 5, 6, 7]),
        (12, 0.25, [2, 6, 10]),
        (5, 0.4, [1, 3]),
        (5, 0.01, [2]),
        (1, 0.25, [0]),
        (3, 1 / 3, [1]),
    ],
)
def test_images_are_spread_evenly_and_none_loses_all(images, share, kept):
    found = share_of_each_identity(rows(a=images), share, "train")
    assert [record.path for record in found] == [f"a/{number:02d}" for number in kept]


def test_every_identity_keeps_its_share_in_the_order_of_the_table():
    table = rows(a=8, b=3, c=1)[::-1]  # what is kept follows from the names, not from the order of the table
    found = share_of_each_identity(table, 0.5, "train")
    assert [record.path for record in found] == ["c/00", "b/02", "b/00", "a/07", "a/05", "a/03", "a/01"]
    assert share_of_each_identity(table, 1, "train") == table


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_reader_takes_a_share(name, tmp_path):
    make, arguments = FOLDERS[name]
    cls, root = DATASETS.get(name), str(make(tmp_path / "folder"))
    every, some = cls(root, **arguments), cls(root, share=0.5, **arguments)
    assert len(some) < len(every) or len(every) == len({record.pid for record in every.records})
    assert some.records == share_of_each_identity(every.records, 0.5, "train")
    assert some.labels == every.labels
    assert some.metainfo["num_pids"] == every.metainfo["num_pids"]
    assert some.metainfo["name"] == f"{every.metainfo['name']}, a share of 0.5"


def test_a_share_is_of_the_chosen_cameras_and_leaves_the_held_out_persons_alone(tmp_path):
    root = str(market(tmp_path))
    some = Market1501(root, cameras=[0], share=0.5, val_identities=1)
    assert len(some) == 2
    assert {record.camid for record in some.records} == {0}
    assert some.metainfo["name"] == "Market1501 cameras 0 train, a share of 0.5"
    every = Market1501(root, val_identities=1)
    assert set(some.labels) == set(every.labels)


def test_a_rendered_set_is_complete_before_its_share_is_taken(tmp_path):
    assert len(SynthPed(str(FOLDERS["SynthPed"][0](tmp_path)), share=0.25)) == 3


@pytest.mark.parametrize("share", [0, -0.5, 1.01, "half", True, None, float("nan")])
def test_what_is_no_share_is_refused(tmp_path, share):
    with pytest.raises(UserError, match=r"share is how much .* above 0 and at most 1, got"):
        Market1501(str(market(tmp_path)), share=share)


@pytest.mark.parametrize("split", ["val", "test"])
def test_what_is_tested_on_stays_whole(tmp_path, split):
    write_images(market(tmp_path) / "bounding_box_train", [market_name(9, 2)])
    with pytest.raises(
        UserError, match=rf"share=0\.5 keeps a part of the training images, and split '{split}' is test"
    ):
        Market1501(str(tmp_path), split, val_identities=2, share=0.5)
    assert len(Market1501(str(tmp_path), split, val_identities=2, share=1.0)) > 0
