"""All methods side by side: lines from tables, images from their rows, costs from cards."""

import pytest

from reidzoo.apis.overview import COLUMNS, overview
from reidzoo.apis.tables import render_page
from reidzoo.base.errors import UserError

REID = """
[[reid]]
method = "Toy IDE"
short = true
card = "ide_osnet-x0-25_synthped-day"
rows = ["recipes: IDE"]
differs = "nothing"

[[reid]]
method = "Toy PCB"
rows = ["recipes: PCB"]
differs = "stripes"
"""
IMAGES = """
[[images]]
method = "Toy CR-GAN"
rows = "cr-gan_unet_synthped-day2dusk"
gain = "cr_gan: CR-GAN is better than SPGAN, day to dusk"
"""


@pytest.fixture
def read(tmp_path):
    def run(part, reid=REID, images=IMAGES):
        (tmp_path / "overview.toml").write_text(reid + images)
        return overview(part, tmp_path / "overview.toml")

    return run


def line(text, method):
    return next(line for line in text.splitlines() if line.startswith(f"| {method}"))


def test_a_line_has_scores_seeds_and_what_its_card_knows(read):
    cells = [cell.strip() for cell in line(read("reid"), "Toy IDE").split("|")]
    assert cells[2] == "nothing"
    assert all("/" in cell for cell in cells[3 : 3 + len(COLUMNS)]), "tested in all four columns"
    assert cells[7] == "3"
    assert cells[8:11] == [
        "362,372",
        "4 min",
        "[ide_osnet-x0-25_synthped-day](/configs/ide/ide_osnet-x0-25_synthped-day.py)",
    ]


def test_without_a_card_the_cost_is_unknown(read):
    assert line(read("reid"), "Toy PCB").endswith("| – | – | – |")


def test_in_short_only_chosen_lines_stand(read):
    short = read("short")
    assert "Toy IDE" in short
    assert "Toy PCB" not in short


def test_images_have_their_metrics_and_what_re_id_gains(read):
    cells = line(read("images"), "Toy CR-GAN")
    assert "SynthPed dusk" in cells
    assert "holds" in cells


@pytest.mark.parametrize(
    ("part", "old", "new", "message"),
    [
        ("reid", "recipes: PCB", "recipes: PCBs", "no table has the row 'recipes: PCBs', did you mean 'recipes: PCB'"),
        ("images", "better than SPGAN", "worse than SPGAN", "no table has the claim"),
        ("reid", 'differs = "stripes"', 'differ = "stripes"', "did you mean 'differs'|lacks the key 'differs'"),
        ("reid", "ide_osnet-x0-25_synthped-day", "ide_absent", "ide_absent"),
    ],
)
def test_mistakes_are_named(read, part, old, new, message):
    with pytest.raises(UserError, match=message):
        read(part, REID.replace(old, new), IMAGES.replace(old, new))


def test_an_unknown_part_on_a_page():
    with pytest.raises(UserError, match="the overview has no part 'absent'"):
        render_page("<!-- overview: absent -->\n<!-- end -->")
