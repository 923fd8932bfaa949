"""The cards of the repository are true: files, digests, and the rows that were measured with them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reidzoo.apis.image_rows import read_image_row
from reidzoo.apis.results import IMAGES, results_files
from reidzoo.apis.tables import INDEX, index_text
from reidzoo.base.weights import read_checkpoint
from reidzoo.zoo.cards import checkout, find_card, list_cards
from reidzoo.zoo.download import CHECKPOINTS, mismatch
from reidzoo.zoo.metafiles import GENERATION, REID, Result

ROOT = Path(__file__).resolve().parents[2]
CARDS = {card.name: card for card in list_cards()}
WITH_WEIGHTS = sorted(name for name, card in CARDS.items() if card.weights)


def disagreements(card, rows):
    """What the rows of results that were measured with the card's weights say, and the card does not."""
    wrong = []
    for row in rows:
        is_of_card = card.weights and row["checkpoint"] == card.weights.file and not row.get("options")
        if not is_of_card:
            continue
        if row["checkpoint_sha256"] != card.weights.sha256:
            wrong.append(f"{row['data']}: measured with other bytes")
        metrics = next((result.metrics for result in card.results if result.dataset == row["data"]), None)
        if metrics is None:
            wrong.append(f"{row['data']}: not on the card")
            continue
        wrong += [
            f"{row['data']}: {name} is {row['metrics'].get(name)}, the card says {value}"
            for name, value in metrics.items()
            if name not in row["metrics"] or abs(row["metrics"][name] - value) > 0.051  # cards round to one decimal
        ]
    return wrong


def learnt(card, rows):
    """What the rows of re-ID recipes that learnt from a generator's images say, and its card does not."""
    wrong = []
    for result in (result for result in card.results if result.config is not None):
        of_recipe = [
            row
            for row in rows
            if row.get("stages", [])[-2:-1] == [card.config]
            and (row["config"], row["data"], row["options"]) == (result.config, result.dataset, {})
        ]
        measured = next((row["metrics"] for row in of_recipe if row["seed"] == card.metadata["Seed"]), {})
        wrong += [f"{result.config}: {name}" for name, value in result.metrics.items() if measured.get(name) != value]
    return wrong


def judged(card, rows):
    """Whether what the card says of judged images is in a row on images; the names of those that are not."""
    said = [result for result in card.results if result.task == GENERATION]
    name = Path(card.config).name  # a work folder has a copy
    of_card = [row["metrics"] for row in rows if Path((row["generator"] or {}).get("config", "")).name == name]
    return [result.dataset for result in said if result.metrics not in of_card]


def rows():
    return [json.loads(path.read_text(encoding="utf-8")) for path in results_files(ROOT / "model_zoo/results")]


def image_rows():
    return [read_image_row(path) for path in sorted((ROOT / "model_zoo/results").glob(f"*{IMAGES}.seed*.json"))]


def test_this_is_a_checkout():
    assert checkout() == ROOT
    assert WITH_WEIGHTS


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_file_is_the_cards(name):
    weights = CARDS[name].weights
    assert mismatch(ROOT / CHECKPOINTS / weights.file, weights) is None
    checkpoint = read_checkpoint(ROOT / CHECKPOINTS / weights.file)
    kinds = {str(tensor.dtype) for tensor in checkpoint["state_dict"].values() if tensor.is_floating_point()}
    assert kinds == {f"torch.{weights.precision}"}
    if weights.holds == "backbone":
        assert not any(key.startswith("backbone.") for key in checkpoint["state_dict"])


def test_every_file_has_a_card():
    files = {path.name for path in (ROOT / CHECKPOINTS).iterdir() if not path.name.startswith(".")}
    assert files == {CARDS[name].weights.file for name in WITH_WEIGHTS}


@pytest.mark.parametrize("name", sorted(CARDS))
def test_cards_say_what_was_measured(name):
    assert disagreements(CARDS[name], rows()) == []


@pytest.mark.parametrize("name", sorted(name for name, card in CARDS.items() if card.is_translation))
def test_a_translation_shows_what_it_draws_and_what_was_learnt_from_it(name):
    card = CARDS[name]
    assert any(result.config for result in card.results)
    assert learnt(card, rows()) == []
    if card.metadata["Training Data"].startswith("SynthPed"):
        assert (ROOT / card.picture).stat().st_size < 500_000


@pytest.mark.parametrize(
    "name",
    sorted(name for name, card in CARDS.items() if card.is_sampling or card.is_pose_transfer or card.is_rendering),
)
def test_a_gan_shows_what_it_draws_and_how_good_that_is(name):
    card = CARDS[name]
    assert any(result.task == GENERATION for result in card.results)
    assert judged(card, image_rows()) == []
    assert learnt(card, rows()) == []
    if card.metadata["Training Data"].startswith("SynthPed"):
        assert (ROOT / card.picture).stat().st_size < 500_000


@pytest.mark.parametrize("name", sorted(name for name, card in CARDS.items() if card.is_swapping))
def test_a_swap_shows_what_it_draws_and_how_well_it_recognises(name):
    card = CARDS[name]
    assert any(result.task == REID and result.config is None for result in card.results)
    assert judged(card, image_rows()) == []
    if card.metadata["Training Data"].startswith("SynthPed"):
        assert (ROOT / card.picture).stat().st_size < 500_000


def test_every_picture_is_of_a_card():
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "model_zoo/pictures").glob("*")}
    assert files == {card.picture for card in CARDS.values() if card.picture}


def test_a_wrong_card_is_found():
    card = find_card("resnet18_synthped-studio")
    card = replace(card, results=(Result("Person Re-Identification", "Toy test", {"mAP_step": 74.2}, {}),))
    row = {"checkpoint": card.weights.file, "checkpoint_sha256": card.weights.sha256, "data": "Toy test"}
    assert disagreements(card, [{**row, "metrics": {"mAP_step": 74.2412}}]) == []
    assert disagreements(card, [{**row, "metrics": {"mAP_step": 74.3}}])
    assert disagreements(card, [{**row, "metrics": {}}])
    assert disagreements(card, [{**row, "data": "Other test", "metrics": {"mAP_step": 74.2}}])
    assert disagreements(card, [{**row, "checkpoint_sha256": "0", "metrics": {"mAP_step": 74.2}}])
    assert disagreements(card, [{**row, "checkpoint": "epoch_1.pth", "metrics": {"mAP_step": 1.0}}]) == []


def test_a_wrong_card_of_a_translation_is_found():
    recipe = "configs/toys/reid_toy_a2b.py"
    card = find_card("resnet18_synthped-studio")
    card = replace(card, results=(Result("re-ID", "Toy test", {"mAP_step": 30.5}, {}, recipe),))
    row = {"stages": [card.config, recipe], "config": recipe, "data": "Toy test", "options": {}, "seed": 0}
    row["metrics"] = {"mAP_step": 30.5, "rank1": 40.0}
    assert learnt(card, [{**row, "seed": 1, "metrics": {"mAP_step": 1.0}}, row]) == []
    for change in (
        {"seed": 1},
        {"metrics": {"mAP_step": 30.4}},
        {"data": "Other"},
        {"options": {"a": 1}},
        {"stages": []},
    ):
        assert learnt(card, [{**row, **change}]), change


def test_a_wrong_card_of_a_gan_is_found():
    card = find_card("resnet18_synthped-studio")
    card = replace(card, results=(Result(GENERATION, "Toy train", {"fid (a)": 30.5}, {}),))
    row = {"generator": {"config": card.config}, "metrics": {"fid (a)": 30.5}}
    assert judged(card, [{"generator": None, "metrics": {}}, row]) == []
    for change in ({"metrics": {"fid (a)": 30.4}}, {"metrics": {"fid (b)": 30.5}}, {"generator": {"config": "x"}}):
        assert judged(card, [{**row, **change}]) == ["Toy train"], change


def test_the_index_lists_every_metafile():
    assert INDEX.read_text(encoding="utf-8") == index_text(), "run python tools/update_tables.py"


@pytest.mark.slow
def test_a_wheel_carries_the_cards(tmp_path):
    build = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    code = "from reidzoo.zoo.cards import *; print(checkout(), *(card.name for card in list_cards()))"
    environment = {"PYTHONPATH": str(tmp_path), "PATH": ""}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert run.stdout.split() == ["None", *sorted(CARDS)], run.stderr
