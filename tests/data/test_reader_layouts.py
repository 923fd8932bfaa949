"""What is particular to each published data set: names, numbers, folders, published counts."""

import cv2
import numpy as np
import pytest
from fake_datasets import (
    cuhk03_mat,
    cuhk03_repacked,
    duke,
    market,
    market_name,
    msmt17,
    msmt17_name,
    numbers,
    picture,
    write_image,
)

from reidzoo.base.errors import UserError
from reidzoo.data.datasets import (
    CUHK03NP,
    MSMT17,
    DukeMTMCreID,
    Market1501,
)
from reidzoo.data.datasets import cuhk03_mat as matlab

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
