"""The check of a folder names everything that is wrong with it, and its tool says it with the exit status."""

import json
import runpy
import shutil
import sys

import pytest
from fake_datasets import (
    FOLDERS,
    OWN,
    cuhk03_mat,
    generated,
    market,
    market_name,
    msmt17,
    msmt17_name,
    own,
    own_sub_folders,
    synthped,
    write_image,
    write_images,
)

from reidzoo.base.errors import UserError
from reidzoo.data.dataset_check import check_dataset, guess_type


def found(report, kind):
    return [finding for finding in report.findings if finding.kind == kind]


def test_a_right_folder_has_no_finding(tmp_path):
    report = check_dataset(synthped(tmp_path))
    assert report.dataset_type == "SynthPed"
    assert report.findings == []
    assert [(part, counts.images, counts.pids) for part, counts, _ in report.counts] == [
        ("train", 12, 3),
        ("query", 4, 2),
        ("gallery", 7, 2),
    ]
    assert "nothing wrong" in report.tables()


def test_counts_are_compared_with_the_published_ones(tmp_path):
    report = check_dataset(market(tmp_path))
    assert [finding.part for finding in found(report, "counts")] == ["train", "query", "gallery"]
    assert "12,936 of 751" in found(report, "counts")[0].message
    assert {finding.kind for finding in report.findings} == {"counts"}


def test_every_foreign_name_is_listed_and_the_rest_still_checked(tmp_path):
    synthped(tmp_path)
    write_images(tmp_path / "query", ["b.jpg", "a.jpg"])
    (tmp_path / "bounding_box_train" / market_name(2, 1, 1)).unlink()
    report = check_dataset(tmp_path)
    assert found(report, "unparsed")[0].files == ("query/a.jpg", "query/b.jpg")
    assert [finding.part for finding in found(report, "counts")] == ["train"]


def test_equal_bytes_within_a_part_are_found(tmp_path):
    synthped(tmp_path)
    train = tmp_path / "bounding_box_train"
    shutil.copy(train / market_name(2, 1, 1), train / market_name(11, 6, 2))
    duplicates = found(check_dataset(tmp_path), "duplicate")
    assert [finding.files for finding in duplicates] == [
        (f"bounding_box_train/{market_name(2, 1, 1)}", f"bounding_box_train/{market_name(11, 6, 2)}")
    ]


def test_names_and_identities_in_training_and_test_are_found(tmp_path):
    synthped(tmp_path)
    write_image(tmp_path / "bounding_box_test" / market_name(7, 1, 1))
    report = check_dataset(tmp_path)
    assert found(report, "duplicate")[0].files == (f"bounding_box_test/{market_name(7, 1, 1)}",)
    assert "1 identities stand in training and test, with 1 test images" in found(report, "leak")[0].message


def test_junk_and_distractors_are_nobody_and_do_not_leak(tmp_path):
    assert found(check_dataset(market(tmp_path)), "leak") == []


def test_queries_without_a_match_in_another_camera_are_found(tmp_path):
    synthped(tmp_path)
    (tmp_path / "bounding_box_test" / market_name(5, 2, 2)).unlink()
    lonely = found(check_dataset(tmp_path), "no match")
    assert lonely[0].files == (f"query/{market_name(5, 1, 1)}",)
    assert lonely[0].message == "1 query has no match in another camera"


def test_without_cameras_any_gallery_image_is_a_match(tmp_path):
    own_sub_folders(tmp_path)
    assert check_dataset(tmp_path).findings == []
    for name in ("2.png", "3.JPG"):
        (tmp_path / "gallery" / "ben" / name).unlink()
    assert "1 query has no match in the gallery" in found(check_dataset(tmp_path), "no match")[0].message


def test_lists_that_point_to_absent_images_are_found(tmp_path):
    msmt17(tmp_path)
    (tmp_path / "test" / msmt17_name(1, 15, 1)).unlink()
    absent = found(check_dataset(tmp_path), "absent")
    assert [(finding.part, finding.files) for finding in absent] == [("gallery", (f"test/{msmt17_name(1, 15, 1)}",))]


def test_images_that_a_manifest_forgets_are_found(tmp_path):
    generated(tmp_path)
    write_image(tmp_path / "stray.png")
    assert found(check_dataset(tmp_path), "unlisted")[0].files == ("stray.png",)


def test_a_missing_part_does_not_stop_the_check(tmp_path):
    synthped(tmp_path)
    shutil.rmtree(tmp_path / "query")
    write_image(tmp_path / "bounding_box_test" / "foreign.jpg")
    report = check_dataset(tmp_path)
    assert found(report, "layout")[0].part == "query"
    assert found(report, "unparsed")[0].part == "gallery"


def test_an_empty_part_is_found(tmp_path):
    own(tmp_path)
    for path in (tmp_path / "train").iterdir():
        path.unlink()
    assert found(check_dataset(tmp_path, pattern=OWN), "empty")[0].part == "train"


def test_both_kinds_of_boxes_are_checked(tmp_path):
    report = check_dataset(cuhk03_mat(tmp_path))
    assert [part for part, _, _ in report.counts] == [
        f"{boxes} {part}" for boxes in ("detected", "labeled") for part in ("train", "query", "gallery")
    ]


@pytest.mark.parametrize("name", sorted(set(FOLDERS)))
def test_the_type_is_guessed_from_the_layout(tmp_path, name):
    make, _ = FOLDERS[name]
    assert guess_type(make(tmp_path)) == name


def test_a_layout_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot tell.*say it with --type \(known: CUHK03NP"):
        check_dataset(tmp_path)


def test_a_folder_of_several_data_sets_is_refused(tmp_path):
    market(tmp_path / "market1501")
    msmt17(tmp_path / "MSMT17_V1")
    with pytest.raises(UserError, match="it looks like MSMT17 and Market1501"):
        check_dataset(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"dataset_type": "Market1510"}, "did you mean 'Market1501'"),
        ({"dataset_type": "ConcatDataset"}, "not a reader of folders"),
        ({"dataset_type": "DukeMTMCreID", "pattern": OWN}, "a pattern belongs to ImageFolder"),
        ({"dataset_type": "MSMT17"}, "MSMT17 expects list_train"),
        ({"dataset_type": "CUHK03NP"}, "does not look like CUHK03NP"),
    ],
)
def test_what_cannot_be_checked_is_refused(tmp_path, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        check_dataset(market(tmp_path), **arguments)


@pytest.fixture
def run_tool(monkeypatch, capsys):
    """Run the tool as a person does; gives exit status, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["check_dataset.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            runpy.run_path("tools/check_dataset.py", run_name="__main__")
        return left.value.code, *capsys.readouterr()

    return run


def test_the_exit_status_says_it_all(tmp_path, run_tool):
    root = synthped(tmp_path / "day")
    status, out, _ = run_tool(root)
    assert (status, "nothing wrong found" in out) == (0, True)
    write_images(root / "query", [f"copy {number}.jpg" for number in range(5)])
    status, out, _ = run_tool(root, "--json", tmp_path / "report.json")
    assert (status, "... 2 more" in out) == (1, True)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["ok"] is False
    assert len(report["findings"][0]["files"]) == 5
    status, _, err = run_tool(tmp_path / "absent")
    assert (status, err.startswith("error: expected the folder of a data set")) == (2, True)


def test_the_tool_reads_own_folders(tmp_path, run_tool):
    status, out, _ = run_tool(own(tmp_path), "--pattern", OWN, "--type", "ImageFolder")
    assert (status, "ImageFolder" in out) == (0, True)


def test_files_that_do_not_decode_are_found(tmp_path):
    root = market(tmp_path)
    broken = sorted((root / "bounding_box_train").iterdir())[0]
    broken.write_bytes(b"no image")
    findings = [finding for finding in check_dataset(root, "Market1501").findings if finding.kind == "undecodable"]
    assert [finding.files for finding in findings] == [(f"bounding_box_train/{broken.name}",)]
