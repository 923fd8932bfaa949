"""What is particular to own data, to SynthPed and to generated images: names, numbers, manifests."""

import json
import re
import shutil

import numpy as np
import pytest
from fake_datasets import (
    OWN,
    generated,
    market,
    market_name,
    numbers,
    own,
    own_sub_folders,
    synthped,
    write_image,
    write_images,
)

from reidzoo.base.errors import UserError
from reidzoo.data.datasets import (
    GeneratedFolder,
    ImageFolder,
    SynthPed,
)
from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.data.datasets.manifest import write_manifest
from reidzoo.data.synthped import benchmark
from reidzoo.data.synthped.shot import Picture

# --- own data


def test_own_strings_are_numbered_in_sorted_order_over_all_parts(tmp_path):
    root = str(own(tmp_path))
    assert numbers(ImageFolder(root, pattern=OWN)) == [(1, 1, False), (1, 0, False), (5, 1, False), (5, 0, False)]
    test = ImageFolder(root, "test", pattern=OWN)
    assert {record.path.name.split("_")[0]: record.pid for record in test.records} == {"ben": 2, "carl": 3, "dora": 4}
    assert {record.path.name.split("_")[1]: record.camid for record in test.records} == {"cam2": 0, "cam10": 1}
    assert test.has_cameras


def test_own_identities_as_sub_folders_have_no_cameras(tmp_path):
    test = ImageFolder(str(own_sub_folders(tmp_path)), "test")
    assert not test.has_cameras
    assert test.metainfo["camids"] is None
    assert [record.path.name for record in test.records if record.is_query] == ["1.jpg", "1.jpg"]
    assert numbers(test).count((2, 0, False)) == 2


def test_a_gallery_that_gives_every_image_to_the_queries_says_why(tmp_path):
    root = own(tmp_path)
    shutil.rmtree(root / "query")
    seen = set()
    for file in sorted((root / "gallery").iterdir()):
        key = re.fullmatch(OWN, file.name).group("pid", "camid")
        file.unlink() if key in seen else seen.add(key)
    with pytest.raises(UserError, match=r"found no folder 'query'.*none is left to be found: make query/"):
        ImageFolder(root, split="test", pattern=OWN)


def test_own_gallery_without_query_folder_is_divided(tmp_path):
    own(tmp_path)
    for path in (tmp_path / "query").iterdir():
        path.unlink()
    (tmp_path / "query").rmdir()
    write_images(tmp_path / "gallery", ["ben_cam2_7.jpg"])
    (tmp_path / "gallery").rename(tmp_path / "test")
    records = ImageFolder(str(tmp_path), "test", pattern=OWN).records
    assert [record.path.name for record in records if not record.is_query] == ["ben_cam2_7.jpg"]
    assert len({(record.pid, record.camid) for record in records if record.is_query}) == 6
    (tmp_path / "gallery").mkdir()
    with pytest.raises(UserError, match="keep one"):
        ImageFolder(str(tmp_path), "test", pattern=OWN)


def test_own_names_that_do_not_match_are_counted(tmp_path):
    own(tmp_path)
    write_images(tmp_path / "train", ["IMG 2.jpg", "IMG 1.jpg"])
    with pytest.raises(UserError, match=r"2 file\(s\) have a name .*\(expected: pattern .*first '.*IMG 1\.jpg'"):
        ImageFolder(str(tmp_path), pattern=OWN)


def test_own_optional_camera_must_be_in_all_names_or_in_none(tmp_path):
    pattern = r"(?P<pid>[a-z]+)(?:_cam(?P<camid>\d+))?_\d+\.jpg"
    own(tmp_path)
    assert ImageFolder(str(tmp_path), pattern=pattern).has_cameras
    write_image(tmp_path / "train" / "zoe_1.jpg")
    with pytest.raises(UserError, match="zoe_1"):
        ImageFolder(str(tmp_path), pattern=pattern)


def test_own_images_outside_an_identity_folder_are_refused(tmp_path):
    own_sub_folders(tmp_path)
    write_image(tmp_path / "train" / "lost.jpg")
    with pytest.raises(UserError, match="one sub-folder for each identity"):
        ImageFolder(str(tmp_path))


@pytest.mark.parametrize(
    ("pattern", "sentence"), [("(?P<pid>", "not a regular expression"), (r"(\d+)", r"add a group \(\?P<pid>")]
)
def test_own_pattern_is_checked(tmp_path, pattern, sentence):
    with pytest.raises(UserError, match=sentence):
        ImageFolder(str(own(tmp_path)), pattern=pattern)


# --- SynthPed


def test_synthped_name_carries_what_results_depend_on(tmp_path):
    dataset = SynthPed(str(synthped(tmp_path)))
    assert dataset.metainfo["name"] == "SynthPed day tiny seed 3 renderer 1.0 train"


def test_synthped_reads_what_the_renderer_writes(tmp_path, monkeypatch):
    blank = Picture(np.zeros((128, 64, 3), np.uint8), np.zeros((128, 64), np.uint8), np.zeros((18, 2), int))
    monkeypatch.setattr(benchmark, "render", lambda world, order: blank)
    meta = benchmark.make_synthped(tmp_path / "day", "day", "tiny", seed=1, workers=1, progress=False)
    train, test = (SynthPed(str(tmp_path / "day"), split) for split in ("train", "test"))
    assert len(train) == meta["counts"]["bounding_box_train"]["images"]
    assert test.metainfo["is_query"].sum() == meta["counts"]["query"]["images"]
    assert train[0]["images"].shape == (3, 128, 64)


def test_synthped_must_be_rendered(tmp_path):
    with pytest.raises(UserError, match=r"render it with `python tools/make_synthped\.py"):
        SynthPed(str(market(tmp_path)))


def test_synthped_must_be_complete(tmp_path):
    synthped(tmp_path)
    (tmp_path / "query" / market_name(5, 1, 1)).unlink()
    with pytest.raises(UserError, match=r"query: .*holds 3 images and its meta\.json counts 4"):
        SynthPed(str(tmp_path), "test")


@pytest.mark.parametrize(("text", "sentence"), [("{", "is not JSON"), ("{}", "lacks counts, domain")])
def test_synthped_meta_is_checked(tmp_path, text, sentence):
    (synthped(tmp_path) / "meta.json").write_text(text)
    with pytest.raises(UserError, match=sentence):
        SynthPed(str(tmp_path))


# --- generated images


def test_generated_camera_is_the_style(tmp_path):
    dataset = GeneratedFolder(str(generated(tmp_path)))
    assert numbers(dataset) == [(2, 0, False), (2, 1, False), (7, 0, False), (7, 1, False)]


def test_generated_manifest_keeps_its_header(tmp_path):
    manifest = json.loads((generated(tmp_path) / "manifest.json").read_text())
    assert manifest["method"] == "CycleGAN"
    assert set(manifest["images"][0]) == {"file", "pid", "source_camid", "style_camid", "source_file"}


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ({"source": "A b", "method": "SPGAN", "direction": "t2s"}, "A b, translated t2s by SPGAN"),
        ({"source": "A b", "method": "CycleGAN", "pairs": []}, "A b, camera styles by CycleGAN"),
        ({"method": "SPGAN", "direction": "t2s"}, "GeneratedFolder"),
        ({"source": "A b", "direction": "t2s"}, "GeneratedFolder"),
        ({"source": "A b", "method": "CycleGAN"}, "GeneratedFolder"),
        ({"source": {"name": "A b"}, "method": "CycleGAN", "pairs": []}, "GeneratedFolder"),
    ],
)
def test_generated_title_is_what_the_header_says(tmp_path, header, title):
    write_image(tmp_path / "a.png")
    write_manifest(tmp_path, [GeneratedImage("a.png", 1, 0, 1, "b.png")], header)
    assert GeneratedFolder(str(tmp_path)).metainfo["name"] == f"{title} train"


def test_generated_absent_and_unlisted_images_are_refused(tmp_path):
    generated(tmp_path)
    write_image(tmp_path / "images" / "stray.png")
    with pytest.raises(UserError, match=r"1 file\(s\) are images that the list does not name, first '.*stray\.png'"):
        GeneratedFolder(str(tmp_path))
    (tmp_path / "images" / "stray.png").rename(tmp_path / "images" / "stray.txt")
    (tmp_path / "images" / "2_to_1.png").unlink()
    with pytest.raises(UserError, match=r"1 file\(s\) are named by the list and do not exist, first '.*2_to_1\.png'"):
        GeneratedFolder(str(tmp_path))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pid": None}, "'pid' of 'a.png' must be a number of at least 0, got None"),
        ({"style_camid": -1}, "'style_camid' of 'a.png' must be a number of at least 0, got -1"),
        ({"pid": "7"}, "'pid' of 'a.png' must be a number"),
        ({"file": 3}, "'file' must be a string"),
        ({"file": "../a.png"}, "lies outside its folder"),
    ],
)
def test_generated_manifest_entries_are_checked(tmp_path, change, sentence):
    entry = GeneratedImage("a.png", 1, 0, 1, "b.png")._replace(**change)
    write_manifest(tmp_path, [entry], {})
    with pytest.raises(UserError, match=sentence):
        GeneratedFolder(str(tmp_path))


def test_generated_file_listed_twice_is_refused(tmp_path):
    write_manifest(tmp_path, [GeneratedImage("a.png", pid, 0, 1, "b.png") for pid in (1, 2)], {})
    with pytest.raises(UserError, match=r"'a\.png' twice"):
        GeneratedFolder(str(tmp_path))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"images": [{"file": "a.png"}]}', '{"images": 3}'])
def test_generated_manifest_of_another_form_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match="is not a manifest of generated images"):
        GeneratedFolder(str(tmp_path))
