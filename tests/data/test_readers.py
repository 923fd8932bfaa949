"""Promises of every reader: the traps of the re-ID toolboxes, refusals in one sentence, the item dict."""

import inspect
import os
import re

import numpy as np
import pytest
import torch
from fake_datasets import FOLDERS, HEIGHT, WIDTH, market, market_name, write_image, write_images

from reidzoo.base.errors import UserError
from reidzoo.data.datasets import GeneratedFolder, Market1501
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.reading import UndecodableImage
from reidzoo.data.datasets.records import Counts, Record, as_query_and_gallery, count
from reidzoo.registry import DATASETS

READERS = sorted(name for name, cls in DATASETS.module_dict.items() if issubclass(cls, ReIDDataset))


@pytest.fixture(params=READERS)
def reader(request, tmp_path):
    """The class of each reader, a folder that it reads, and its arguments."""
    make, arguments = FOLDERS[request.param]
    return DATASETS.get(request.param), make(tmp_path / "folder"), arguments


def test_every_reader_has_a_fake_folder():
    assert sorted(FOLDERS) == READERS


def test_every_argument_is_documented(reader):
    cls, _, _ = reader
    documented = set(re.findall(r"^ {4,8}(\w+): ", inspect.getdoc(cls), re.MULTILINE))
    assert set(inspect.signature(cls).parameters) <= documented


def test_items_are_as_documented(reader):
    cls, root, arguments = reader
    for split in ("train", "test") if "test" in cls.splits else ("train",):
        dataset = cls(str(root), split, **arguments)
        for index in range(len(dataset)):
            item = dataset[index]
            assert set(item) == {"images", "pids", "camids", "indices"}
            assert item["images"].shape == (3, HEIGHT, WIDTH)
            assert item["images"].dtype == torch.uint8
            for key in ("pids", "camids", "indices"):
                assert item[key].dtype == torch.int64
                assert item[key].shape == ()
            assert item["indices"] == index
            assert item["camids"] == dataset.records[index].camid


def test_training_labels_are_contiguous_and_follow_sorted_pids(reader):
    cls, root, arguments = reader
    dataset = cls(str(root), "train", **arguments)
    labels = {record.pid: int(dataset[index]["pids"]) for index, record in enumerate(dataset.records)}
    assert labels == {pid: label for label, pid in enumerate(sorted(labels))}
    assert dataset.metainfo["num_pids"] == len(labels)


def test_cameras_count_from_0_and_persons_from_1(reader):
    """T4; and number 0 is kept for distractors."""
    cls, root, arguments = reader
    dataset = cls(str(root), "train", **arguments)
    assert min(record.camid for record in dataset.records) == 0
    assert min(record.pid for record in dataset.records) >= 1


def test_a_parent_folder_that_looks_like_a_name_changes_nothing(reader, tmp_path):
    """T5: identity and camera come from the base name alone."""
    cls, root, arguments = reader
    expected = [(record.pid, record.camid) for record in cls(str(root), **arguments).records]
    hijacked = tmp_path / "2024_c3" / "0042_c5s1_000001_01"
    hijacked.parent.mkdir()
    root.rename(hijacked)
    assert [(record.pid, record.camid) for record in cls(str(hijacked), **arguments).records] == expected


def test_the_table_is_sorted_whatever_the_file_system_says(reader, monkeypatch):
    """T7: the listing does not depend on the order in which files were made or are handed out."""
    cls, root, arguments = reader
    expected = cls(str(root), **arguments).records
    assert [record.path for record in expected] == sorted(record.path for record in expected)
    scandir, listdir = os.scandir, os.listdir

    class Backwards(list):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def close(self):
            pass

    monkeypatch.setattr(os, "scandir", lambda *path: Backwards(sorted(scandir(*path), key=lambda e: e.name)[::-1]))
    monkeypatch.setattr(os, "listdir", lambda *path: sorted(listdir(*path))[::-1])
    assert cls(str(root), **arguments).records == expected


def test_train_and_test_share_no_identity(reader):
    cls, root, arguments = reader
    if "test" in cls.splits:
        train, test = (cls(str(root), split, **arguments) for split in ("train", "test"))
        assert not {record.pid for record in train.records} & {record.pid for record in test.records}


def test_metainfo_describes_the_table(reader):
    cls, root, arguments = reader
    assert cls.__name__ in cls(str(root), "train", **arguments).metainfo["name"]
    if "test" in cls.splits:
        dataset = cls(str(root), "test", **arguments)
        info = dataset.metainfo
        assert info["name"].endswith(" test")
        assert info["pids"].tolist() == [record.pid for record in dataset.records]
        assert info["camids"].tolist() == [record.camid for record in dataset.records]
        assert info["is_query"].dtype == bool
        assert 0 < info["is_query"].sum() < len(dataset)


def test_a_missing_root_is_named(reader, tmp_path):
    cls, _, arguments = reader
    with pytest.raises(UserError, match=r"nowhere.*does not exist.*set `root`"):
        cls(str(tmp_path / "nowhere"), **arguments)


def test_another_layout_is_refused(reader, tmp_path):
    cls, _, arguments = reader
    write_image(tmp_path / "pictures" / "holiday.jpg")
    with pytest.raises(UserError, match=f"{cls.__name__} (expects|finds)"):
        cls(str(tmp_path / "pictures"), **arguments)


def test_an_unknown_split_is_refused(reader):
    cls, root, arguments = reader
    with pytest.raises(UserError, match=r"no split 'trian', did you mean 'train'\?"):
        cls(str(root), "trian", **arguments)


def test_generated_images_are_for_training_only(tmp_path):
    with pytest.raises(UserError, match="GeneratedFolder has no split 'test'"):
        GeneratedFolder(str(tmp_path), "test")


@pytest.mark.parametrize(("part", "split"), [("bounding_box_train", "train"), ("query", "test")])
def test_an_empty_part_is_refused(tmp_path, part, split):
    market(tmp_path)
    for path in (tmp_path / part).iterdir():
        path.unlink()
    with pytest.raises(UserError, match=r"found no (train|query) image for split"):
        Market1501(str(tmp_path), split)


def test_an_undecodable_image_is_named_and_counted(tmp_path):
    market(tmp_path)
    dataset = Market1501(str(tmp_path))
    broken = [dataset.records[index].path for index in (1, 4)]
    broken[0].write_bytes(b"")
    broken[1].write_bytes(broken[1].read_bytes()[:20])
    with pytest.raises(UndecodableImage, match=re.escape(str(broken[0]))):
        dataset[1]
    assert dataset.undecodable() == broken


def test_images_come_as_rgb(tmp_path):
    import cv2

    market(tmp_path)
    red = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes BGR
    dataset = Market1501(str(tmp_path))
    cv2.imwrite(str(dataset.records[0].path), red)
    assert dataset[0]["images"].float().mean(dim=(1, 2)).argmax() == 0


def test_val_holds_identities_out_and_makes_queries(tmp_path):
    market(tmp_path)
    train, val = (Market1501(str(tmp_path), split, val_identities=1) for split in ("train", "val"))
    everything = {record.pid for record in Market1501(str(tmp_path)).records}
    kept, held_out = ({record.pid for record in dataset.records} for dataset in (train, val))
    assert len(held_out) == 1
    assert kept | held_out == everything
    assert not kept & held_out
    assert val.metainfo["is_query"].sum() == 2  # one for each of its cameras
    assert len(val) == 4


@pytest.mark.parametrize(("split", "val_identities"), [("train", 3), ("train", -1), ("val", 0)])
def test_a_senseless_number_of_val_identities_is_refused(tmp_path, split, val_identities):
    market(tmp_path)
    with pytest.raises(UserError, match="val_identities"):
        Market1501(str(tmp_path), split, val_identities=val_identities)


def test_another_count_than_published_is_told_but_not_fatal(tmp_path, caplog, capfd):
    from mmengine.logging import MMLogger

    MMLogger.get_instance("reader-test", logger_name="reader-test")
    Market1501(str(market(tmp_path)))
    told = capfd.readouterr()
    assert "12 images of 3 identities" in told.out + told.err
    assert "12,936 of 751" in told.out + told.err


def test_count_leaves_junk_and_distractors_out_of_the_identities():
    pids = (-1, 0, 3, 3, 4)
    assert count([Record(None, pid, 0) for pid in pids]) == Counts(5, 2)


def test_the_first_image_of_each_identity_and_camera_is_the_query():
    rows = [Record(None, pid, camid) for pid, camid in ((1, 0), (1, 0), (1, 1), (2, 0), (1, 1))]
    assert [record.is_query for record in as_query_and_gallery(rows)] == [True, False, True, True, False]


def test_a_reader_that_says_nothing_is_refused(tmp_path):
    class Silent(ReIDDataset):
        """Forgot its list_part."""

    with pytest.raises(UserError, match="implement list_part"):
        Silent(str(tmp_path))


def test_a_foreign_name_is_refused_with_the_first_file_and_the_number(tmp_path):
    market(tmp_path)
    write_images(tmp_path / "bounding_box_train", ["copy of b.jpg", "copy of a.jpg", market_name(1, 1, 1) + ".jpg"])
    with pytest.raises(UserError, match=r"3 file\(s\) have a name that cannot be read.*first '.*0001_c1.*\.jpg\.jpg'"):
        Market1501(str(tmp_path))
