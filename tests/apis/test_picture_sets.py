"""What a folder stands for, and which pictures of two folders belong together."""

import json

import cv2
import numpy as np
import pytest

from reidzoo.apis.picture_sets import paired, picture_set
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.data.datasets.manifest import write_manifest
from reidzoo.data.datasets.sampled_folder import SampledImage


def fill(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(root / name), np.zeros((8, 8, 3), np.uint8))
    return root


def test_a_folder_is_every_picture_under_it_sorted(tmp_path):
    pictures = picture_set(fill(tmp_path / "own", "b/2.png", "a.jpg", "b/c/1.png"))
    assert pictures.names == ("a", "b/2", "b/c/1")
    assert pictures.title == "own"
    assert pictures.pids is None
    assert pictures.header == {}


def test_sub_folders_are_identities_where_all_pictures_lie_in_them(tmp_path):
    assert picture_set(fill(tmp_path, "0002/a.jpg", "0002/b.jpg", "0007/a.jpg")).pids == ("0002", "0002", "0007")


def test_a_data_set_is_its_training_images_or_the_part_that_is_asked_for(toy_market):
    train, query, gallery = (picture_set(toy_market, part) for part in ("train", "query", "gallery"))
    assert [len(train), len(query), len(gallery)] == [24, 6, 6]
    assert train.title == "Market1501 train"
    assert train.names[0] == "bounding_box_train/0001_c1s1_000000_01"
    assert set(train.pids) == set(range(1, 7))
    assert set(query.pids) == {7, 8, 9}


def test_samples_have_no_identity_and_bring_their_header(tmp_path):
    fill(tmp_path, "000000.jpg", "000001.jpg")
    header = {"kind": "samples", "method": "DCGAN", "source": "SynthPed day train"}
    write_manifest(tmp_path, [SampledImage("000000.jpg"), SampledImage("000001.jpg")], header)
    pictures = picture_set(tmp_path)
    assert pictures.title == "2 samples of DCGAN trained on SynthPed day train"
    assert pictures.names == ("000000", "000001")
    assert pictures.pids is None
    assert pictures.header == header


def test_a_translated_image_is_named_like_its_source(tmp_path):
    fill(tmp_path, "train/x_fake_1to2.jpg", "train/x_fake_1to3.jpg")
    entries = [GeneratedImage(f"train/x_fake_1to{camera}.jpg", 4, 0, camera - 1, "train/x.png") for camera in (2, 3)]
    write_manifest(tmp_path, entries, {"source": "toy train", "method": "CycleGAN", "direction": "s2t"})
    pictures = picture_set(tmp_path)
    assert pictures.title == "toy train, translated s2t by CycleGAN"
    assert pictures.names == ("train/x", "train/x")
    assert pictures.pids == (4, 4)


def test_copies_of_an_image_are_pairs_each_and_strangers_are_counted(tmp_path):
    real = picture_set(fill(tmp_path / "real", "a.png", "b.png", "c.png"))
    fake = picture_set(fill(tmp_path / "fake", "b.jpg", "c.jpg", "d.jpg"))
    assert paired(real, fake) == ((1, 2), (0, 1), 1)
    assert paired(real, real.take([2, 2, 0])) == ((2, 2, 0), (0, 1, 2), 0)


def test_halves_are_disjoint_complete_and_a_function_of_the_seed(toy_market):
    pictures = picture_set(toy_market).take(range(23))
    first, second = pictures.halves(seed=1)
    assert [len(first), len(second)] == [11, 12]
    assert sorted(first.files + second.files) == sorted(pictures.files)
    assert first.title == "Market1501 train, first half"
    assert pictures.halves(seed=1) == (first, second)
    assert pictures.halves(seed=2)[0].files != first.files


def test_a_draw_keeps_order_and_is_everything_where_there_is_no_more(toy_market):
    pictures = picture_set(toy_market)
    drawn = pictures.draw(5, seed=0)
    assert len(drawn) == 5
    assert list(drawn.files) == sorted(drawn.files)
    assert drawn.files != pictures.draw(5, seed=1).files
    assert pictures.draw(100, seed=0) == pictures


def test_refusals(tmp_path, toy_market):
    fill(tmp_path / "one", "a.png")
    fill(tmp_path / "twice", "a.png", "a.jpg")
    (tmp_path / "empty").mkdir()
    both = tmp_path / "both"
    fill(both, "train/1/a.png", "gallery/1/a.png", "bounding_box_train/0001_c1s1_000000_01.jpg")
    boxes = [f"boxes/{kind}/bounding_box_train/0001_c1_1.png" for kind in ("detected", "labeled")]
    fill(tmp_path, *boxes)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text(json.dumps({"images": [{"file": "x.jpg"}]}))
    for call, said in (
        (lambda: picture_set(tmp_path / "absent"), "which does not exist: check the path"),
        (lambda: picture_set(tmp_path / "empty"), "found no image in the folder '.*empty' or under it"),
        (lambda: picture_set(toy_market, "test"), "has no part 'test', known: gallery, query, train"),
        (lambda: picture_set(both), "looks like ImageFolder and Market1501: name the folder of its images itself"),
        (lambda: picture_set(tmp_path / "boxes"), "holds CUHK03NP as .*detected.*: name the folder of one of them"),
        (lambda: picture_set(tmp_path / "broken"), "is not a manifest of generated images"),
        (lambda: picture_set(tmp_path / "one").halves(0), "one has one image, which has no halves"),
        (lambda: picture_set(tmp_path / "one").draw(0, 0), "at least 1, got 0"),
        (lambda: paired(picture_set(tmp_path / "twice"), picture_set(tmp_path / "one")), "'a' names 2 images of twice"),
        (
            lambda: paired(picture_set(toy_market), picture_set(tmp_path / "one")),
            "no image of one has a partner in Market1501 train .the first are 'a' and 'bounding_box_train/0001_c1",
        ),
    ):
        with pytest.raises(UserError, match=said):
            call()
