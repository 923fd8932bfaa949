"""Cards show the spread over the seeds that were measured by now."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from reidzoo.apis.card_spreads import refresh_spreads
from reidzoo.apis.results import results_files
from reidzoo.apis.table_plan import RESULTS

CARD = Path("model_zoo/ide/metafile.yml")
CONFIG = "ide_osnet-x0-25_synthped-day"


@pytest.fixture
def card(tmp_path):
    shutil.copy(CARD, tmp_path / "metafile.yml")
    for file in results_files(RESULTS, CONFIG):
        shutil.copy(file, tmp_path)
    return tmp_path / "metafile.yml"


def spread(card):
    model = next(each for each in yaml.safe_load(card.read_text())["Models"] if each["Name"] == CONFIG)
    return model["Results"][0]["Spread"]["mAP_step"]


def test_shipped_cards_have_the_spread_of_all_seeds(card):
    before = card.read_text()
    assert refresh_spreads([card], card.parent) == []
    assert card.read_text() == before
    assert spread(card)["seeds"] == len(results_files(RESULTS, CONFIG))


def test_a_new_seed_changes_the_spread_and_nothing_else(card):
    row = json.loads(results_files(card.parent, CONFIG)[0].read_text())
    row["metrics"]["mAP_step"], row["seed"] = 10.0, 9
    (card.parent / f"{CONFIG}.seed9.json").write_text(json.dumps(row))
    before, lines = spread(card), card.read_text().splitlines()
    assert refresh_spreads([card], card.parent) == [card]
    after = spread(card)
    assert after["seeds"] == before["seeds"] + 1
    assert after["mean"] < before["mean"]
    differing = [new for old, new in zip(lines, card.read_text().splitlines(), strict=True) if old != new]
    assert all("mean" in line for line in differing)


def test_a_result_whose_rows_are_not_here_keeps_its_spread(card):
    for file in results_files(card.parent, CONFIG):
        file.unlink()
    assert refresh_spreads([card], card.parent) == []
