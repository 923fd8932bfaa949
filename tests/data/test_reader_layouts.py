"""What is particular to each data set: names, numbers, folders, published counts."""

import json

import cv2
import numpy as np
import pytest
from fake_datasets import (
    OWN,
    cuhk03_mat,
    cuhk03_repacked,
    duke,
    generated,
    market,
    market_name,
    msmt17,
    msmt17_name,
    own,
    own_sub_folders,
    picture,
    synthped,
    write_image,
    write_images,
)

from reidzoo.base.errors import UserError
from reidzoo.data.datasets import (
    CUHK03NP,
    MSMT17,
    DukeMTMCreID,
    GeneratedFolder,
    ImageFolder,
    Market1501,
    SynthPed,
)
from reidzoo.data.datasets import cuhk03_mat as matlab
from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.data.datasets.manifest import write_manifest
from reidzoo.data.synthped import benchmark
from reidzoo.data.synthped.shot import Picture


def numbers(dataset):
    return [(record.pid, record.camid, record.is_query) for record in dataset.records]


# --- Market-1501


def test_market_keeps_junk_and_distractors_in_the_test_split(tmp_path):
    dataset = Market1501(str(market(tmp_path)), "test")
    gallery = [(pid, camid) for pid, camid, is_query in numbers(dataset) if not is_query]
    assert gallery == [(-1, 0), (-1, 1), (0, 2), (3, 0), (3, 1), (5, 0), (5, 1)]
    assert dataset.metainfo["num_pids"] == 2
    assert [int(dataset[index]["pids"]) for index in range(4)] == [3, 3, 5, 5]


@pytest.mark.parametrize("part", ["bounding_box_train", "query"])
@pytest.mark.parametrize("pid", [-1, 0])
def test_market_refuses_nobody_in_training_and_query(tmp_path, part, pid):
    market(tmp_path)
    write_image(tmp_path / part / market_name(pid, 1))
    with pytest.raises(UserError, match="-1 and 0000 in bounding_box_test only"):
        Market1501(str(tmp_path), "train" if part == "bounding_box_train" else "test")


@pytest.mark.parametrize("nested", ["Market-1501-v15.09.15", "market1501/Market-1501-v15.09.15", "market1501"])
def test_market_is_found_under_its_usual_parents(tmp_path, nested):
    market(tmp_path / nested)
    assert len(Market1501(str(tmp_path))) == 12


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("0002_c1s1_000451_03.jpg", (2, 0)),
        ("-1_c6s3_000451_03.jpg", (-1, 5)),
        ("0000_c3s3_000451_00.jpg", (0, 2)),
        ("0002_c7s1_000451_03.jpg", None),
        ("0002_c0s1_000451_03.jpg", None),
        ("2_c1s1_000451_03.jpg", None),
        ("-2_c1s1_000451_03.jpg", None),
        ("0002_c1s1_000451_03.png", None),
        ("0002_c1s1_000451_03.jpg.jpg", None),
        ("0002_c1s1_000451_03.jpg\n", None),
        ("x0002_c1s1_000451_03.jpg", None),
    ],
)
def test_market_names_are_read_strictly(name, expected):
    assert Market1501.parse(name) == expected


def test_published_counts():
    assert Market1501.published == {"train": (12_936, 751), "query": (3_368, 750), "gallery": (19_732, 750)}
    assert DukeMTMCreID.published == {"train": (16_522, 702), "query": (2_228, 702), "gallery": (17_661, 1_110)}
    detected, labeled = (CUHK03NP.expected_counts(None, boxes) for boxes in ("detected", "labeled"))
    assert detected == {"train": (7_365, 767), "query": (1_400, 700), "gallery": (5_332, 700)}
    assert labeled == {"train": (7_368, 767), "query": (1_400, 700), "gallery": (5_328, 700)}
    assert sum(counts.images for counts in detected.values()) == 14_097
    assert sum(counts.images for counts in labeled.values()) == 14_096
    both = MSMT17.expected_counts(None, with_val=True)
    assert both == {"train": (32_621, 1_041), "query": (11_659, 3_060), "gallery": (82_161, 3_060)}
    assert "train" not in MSMT17.expected_counts(None)  # of list_train alone nothing is published


# --- DukeMTMC-reID


def test_duke_distractors_have_ordinary_numbers(tmp_path):
    dataset = DukeMTMCreID(str(duke(tmp_path / "DukeMTMC-reID").parent), "test")
    assert {record.pid for record in dataset.records} == {3, 4, 9}
    assert {record.camid for record in dataset.records} == {0, 7}
    assert dataset.metainfo["num_pids"] == 3


def test_results_on_duke_are_marked(tmp_path):
    assert DukeMTMCreID(str(duke(tmp_path))).metainfo["name"] == "DukeMTMCreID (withdrawn data) train"


@pytest.mark.parametrize("name", ["0000_c1_f0046182.jpg", "0001_c9_f0046182.jpg", "0001_c1_f46182.jpg"])
def test_duke_refuses_foreign_names(name):
    assert DukeMTMCreID.parse(name) is None


# --- CUHK03-NP


def test_cuhk03_repacked_is_png(tmp_path):
    root = cuhk03_repacked(tmp_path / "cuhk03-np").parent
    train = CUHK03NP(str(root), boxes="labeled")
    assert numbers(train) == [(1, 0, False), (1, 1, False), (2, 0, False), (2, 1, False)]
    assert {record.path.suffix for record in train.records} == {".png"}
    assert {"labeled"} == {record.path.parts[-3] for record in train.records}
    assert train.metainfo["name"] == "CUHK03NP labeled train"


def test_cuhk03_boxes_are_checked(tmp_path):
    with pytest.raises(UserError, match=r"no boxes 'labelled', did you mean 'labeled'\?"):
        CUHK03NP(str(tmp_path), boxes="labelled")


def test_cuhk03_matlab_images_come_out_as_they_went_in(tmp_path):
    train = CUHK03NP(str(cuhk03_mat(tmp_path)), "train")
    assert len(train) == 20
    assert {(record.pid, record.camid) for record in train.records} == {(1, 0), (1, 1), (2, 0), (2, 1)}
    for index, record in enumerate(train.records):
        np.testing.assert_array_equal(
            train[index]["images"].permute(1, 2, 0).numpy(), picture(record.path.name)[:, :, ::-1]
        )
    test = CUHK03NP(str(tmp_path), "test")
    queries = {record.path.name for record in test.records if record.is_query}
    assert queries == {"2_001_1_01.png", "2_001_2_06.png", "2_002_1_01.png", "2_002_2_06.png"}
    assert len(test) == 19  # one cell is empty


def test_cuhk03_matlab_numbers_count_from_1_in_small_types(tmp_path):
    """Stored as uint8 and uint16; what leaves the reader are Python numbers, which nothing overflows."""
    root = cuhk03_mat(tmp_path)
    rows = [row for part in ("train", "query", "gallery") for row in matlab.read_part(root, part, "detected")]
    assert len({row.name for row in rows}) == len(rows) == 39
    for row in rows:
        pair, person, view, _ = row.name.split("_")
        assert row.camid == int(view) - 1
        assert row.pid == 2 * (int(pair) - 1) + int(person)
        assert type(row.pid) is type(row.camid) is int


def test_cuhk03_matlab_is_extracted_once(tmp_path):
    root = cuhk03_mat(tmp_path)
    first = CUHK03NP(str(root), "train").records
    (root / "cuhk-03.mat").unlink()
    assert CUHK03NP(str(root), "train").records == first


def test_cuhk03_an_interrupted_extraction_leaves_nothing(tmp_path, monkeypatch):
    root = cuhk03_mat(tmp_path)
    before = sorted(root.iterdir())
    written = []

    def full_disk(path, image):
        written.append(path)
        return len(written) < 3

    monkeypatch.setattr(cv2, "imwrite", full_disk)
    with pytest.raises(UserError, match="disk full"):
        CUHK03NP(str(root), "train")
    assert sorted(root.iterdir()) == before


def test_cuhk03_two_processes_may_extract_at_once(tmp_path, monkeypatch):
    root = cuhk03_mat(tmp_path)
    images_of = matlab.images_of

    def beaten(source, boxes):
        yield from images_of(source, boxes)
        monkeypatch.setattr(matlab, "images_of", images_of)
        matlab.extracted(root, boxes)  # the other process is done just before this one

    monkeypatch.setattr(matlab, "images_of", beaten)
    assert len(CUHK03NP(str(root), "train")) == 20
    assert not [path for path in root.iterdir() if path.name.startswith(".")]


def test_cuhk03_broken_matlab_files_are_named(tmp_path):
    root = cuhk03_mat(tmp_path)
    (root / "cuhk-03.mat").write_bytes(b"no HDF5")
    with pytest.raises(UserError, match=r"cuhk-03\.mat' cannot be read as the release of CUHK03"):
        CUHK03NP(str(root))
    (root / "cuhk-03.mat").unlink()
    with pytest.raises(UserError, match="neither is there"):
        CUHK03NP(str(root))
    (root / "images_detected").mkdir()
    with pytest.raises(UserError, match=r"20 file\(s\) are named by the list and do not exist"):
        CUHK03NP(str(root))
    (root / "cuhk03_new_protocol_config_detected.mat").write_bytes(b"no Matlab")
    with pytest.raises(UserError, match="is not a protocol file of CUHK03-NP"):
        CUHK03NP(str(root))


# --- MSMT17


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_msmt17_version_and_lists_stand_in_the_name(tmp_path, version):
    root = msmt17(tmp_path / f"MSMT17_{version}", version).parent
    assert MSMT17(str(root)).metainfo["name"] == f"MSMT17 {version} train"
    assert MSMT17(str(root), with_val=True).metainfo["name"] == f"MSMT17 {version} train+val train"


def test_msmt17_both_versions_are_a_question(tmp_path):
    for version in ("V1", "V2"):
        msmt17(tmp_path / f"MSMT17_{version}", version)
    with pytest.raises(UserError, match=r"V1 .* and V2 .* point `root` to one of them"):
        MSMT17(str(tmp_path))
    assert len(MSMT17(str(tmp_path / "MSMT17_V2"))) == 4


def test_msmt17_test_persons_go_on_after_the_training_persons(tmp_path):
    """Both folders count from 0, and 0 would read as a distractor."""
    root = str(msmt17(tmp_path))
    for with_val in (False, True):
        assert {record.pid for record in MSMT17(root, with_val=with_val).records} == {1, 2}
        test = MSMT17(root, "test", with_val=with_val)
        assert numbers(test) == [(3, 0, True), (4, 1, True), (3, 1, False), (4, 14, False)]


def test_msmt17_val_list_adds_images(tmp_path):
    root = str(msmt17(tmp_path))
    assert [len(MSMT17(root, with_val=with_val)) for with_val in (False, True)] == [4, 5]


def test_msmt17_names_of_version_2_may_end_in_ex():
    assert MSMT17.parse("0012_003_15_0303noon_0015_0_ex.jpg") == (12, 14)
    assert MSMT17.parse("0012_003_16_0303noon_0015_0.jpg") is None
    assert MSMT17.parse("0012_003_00_0303noon_0015_0.jpg") is None
    assert MSMT17.parse("0012_003_01_0303night_0015_0.jpg") is None


def test_msmt17_absent_images_are_named_and_counted(tmp_path):
    msmt17(tmp_path)
    for row in ((1, 2, 0), (0, 15, 1)):
        (tmp_path / "train" / msmt17_name(*row)).unlink()
    with pytest.raises(UserError, match=r"2 file\(s\) are named by the list and do not exist, first '.*0000_001_15"):
        MSMT17(str(tmp_path))


def test_msmt17_a_missing_list_is_named(tmp_path):
    msmt17(tmp_path)
    (tmp_path / "list_query.txt").unlink()
    with pytest.raises(UserError, match=r"list_query\.txt', which does not exist"):
        MSMT17(str(tmp_path), "test")


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
