"""Rows on images: what the screen and the pages show of them."""

import json

import pytest

from reidzoo.apis import tables
from reidzoo.apis.image_rows import image_metrics_table, image_rows_table, read_image_rows
from reidzoo.apis.results import results_files
from reidzoo.base.errors import UserError


def row(fid, fakes=100, **changes):
    return {
        "kind": "images", "real": "toy train", "fake": "2 samples of DCGAN", "size": [128, 64], "resized": False,
        "generator": {"method": "DCGAN", "config": "configs/dcgan/x.py"}, "counts": {"real": 1200, "fake": fakes},
        "metrics": {"fid (studio)": fid}, "notes": [], "count": None, "commit": "abc", "machine": "a CPU", **changes,
    }  # fmt: skip


def test_the_screen_shows_sets_flavours_and_notes():
    counts = {"real": 1200, "fake": 100, "pairs": 90, "unpaired": 10}
    shown = image_metrics_table(row(12.3456, counts=counts, notes=["not comparable"], resized=True)).splitlines()
    assert shown[:4] == [
        "real: toy train, 1,200 images",
        "fake: 2 samples of DCGAN, 100 images",
        "pairs: 90, 10 fake images have no partner",
        "128 x 64 pixels, resized",
    ]
    assert "| fid (studio) | 12.35 |" in shown
    assert shown[-1] == "note: not comparable"


def test_a_page_shows_mean_and_spread_of_the_rows_of_a_generator():
    other = row(0.5, generator=None, fake="halves", metrics={"ssim (pg2)": 0.25}, counts={"real": 3, "fake": 3})
    lines = image_rows_table([row(10.0), row(14.0, fakes=101), other]).splitlines()
    assert lines[0] == "| images | judged against | fid (studio) | ssim (pg2) | real | fake | rows |"
    assert lines[2] == "| [x](/configs/dcgan/x.py) | toy train | 12.00 ± 2.83 | – | 1,200 | 100 to 101 | 2 |"
    assert lines[3] == "| halves | toy train | – | 0.250 | 3 | 3 | 1 |"
    own = row(10.0, generator={"config": "work_dirs/x/seed0/x.py"})
    assert image_rows_table([own]).splitlines()[2].startswith("| x | toy train |"), "a link must lead somewhere"
    few = image_rows_table([row(10.0), row(14.0, count=100)]).splitlines()
    assert [line.endswith("| 1 |") for line in few[2:4]] == [True, True], "FID of other counts is another number"
    assert lines[-1] == "Mean ± standard deviation over rows; a CPU; commit abc."


def test_a_block_of_a_page_is_filled_from_its_files_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    (tmp_path / "x.images.seed0.json").write_text(json.dumps(row(10.0)))
    (tmp_path / "x.seed0.json").write_text("{}")
    page = tables.render_page("<!-- images: x -->\nold\n<!-- end -->")
    assert page.startswith("<!-- images: x -->\n| images |")
    assert "old" not in page
    assert [file.name for file in results_files(tmp_path)] == ["x.seed0.json"]


def test_patterns_without_rows(tmp_path):
    with pytest.raises(UserError, match=r"no results file '.*x\.images\.seed\*\.json': judge the images"):
        read_image_rows(tmp_path, ["x"])
    (tmp_path / "x.images.seed0.json").write_text("{}")
    with pytest.raises(UserError, match="is no row on images"):
        read_image_rows(tmp_path, ["x"])
