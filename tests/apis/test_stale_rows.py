"""Rows say what they were measured with; what changed since is listed, marked, and confirmed or not."""

import contextlib
import json
import subprocess

import pytest

from reidzoo.apis import confirming, stale_rows
from reidzoo.apis.results import row_configs, write_row
from reidzoo.apis.stale_rows import StaleRow, changed_parts, mark, mark_note
from reidzoo.apis.table_plan import RESULTS
from reidzoo.base.errors import UserError

CONFIG = "configs/ide/ide_osnet-x0-25_synthped-day.py"
ROW = {"config": CONFIG, "data": "toy", "commit": "abc", "machine": "a CPU", "metrics": {"mAP_step": 1.0}}


@pytest.fixture
def row(tmp_path):
    write_row(tmp_path / "ide.seed0.json", ROW)
    return json.loads((tmp_path / "ide.seed0.json").read_text())


def test_a_fresh_row_is_not_stale(row):
    assert set(row["digests"]) == {"config", "methods", "models", "losses", "data", "base"}
    assert changed_parts(row) == ()
    assert mark([row]) == mark_note([row]) == ""


def test_a_stale_row_says_what_changed_and_is_marked(row, tmp_path):
    old = {**row, "digests": {**row["digests"], "losses": "0" * 12, "config": "0" * 12}}
    assert changed_parts(old) == ("config", "loss")
    assert mark([row, old]) == " †"
    assert mark_note([row, old]) == " †: measured before a change of config, loss."
    (tmp_path / "old.seed0.json").write_text(json.dumps(old))
    assert [each.file.name for each in stale_rows.stale_rows(tmp_path)] == ["old.seed0.json"]


def test_rows_that_say_nothing_or_whose_config_is_gone(row):
    assert changed_parts(ROW) == ("unknown",)
    assert changed_parts({**row, "config": "configs/ide/gone.py"}) == ("config",)
    assert changed_parts({"generator": None}) == (), "images that no network of ours drew"


def test_a_row_of_a_plugin_outside_the_checkout_has_no_digests(tmp_path):
    write_row(tmp_path / "x.seed0.json", {**ROW, "config": "mine.py"})
    assert "digests" not in json.loads((tmp_path / "x.seed0.json").read_text())


def test_stages_come_before_the_tested_config():
    assert row_configs({"stages": ["a", "b"], "config": "b"}) == ("a", "b")
    assert row_configs({"generator": {"config": "a"}}) == ("a",)


def test_every_shipped_row_says_what_it_was_measured_with():
    for file in RESULTS.glob("*.seed*.json"):
        row = json.loads(file.read_text())
        assert "digests" in row or not row_configs(row), f"{file}: write it with tools/run_table.py"


@pytest.fixture
def two_trees(monkeypatch, tmp_path):
    """``confirm`` with stand-ins for both trees: weights by tree."""
    import torch

    outcomes = {}
    monkeypatch.setattr(confirming, "commit", lambda: "def")
    monkeypatch.setattr(confirming, "_tree_of", lambda then, scratch: tmp_path / then)
    monkeypatch.setattr(
        confirming,
        "_outcome",
        lambda tree, configs, is_tested: confirming._Outcome({"w": torch.tensor(outcomes.get(tree.name, 1.0))}, {}),
    )
    monkeypatch.setattr(confirming, "_Worker", contextlib.nullcontext)  # which gives the tree itself
    monkeypatch.setattr(
        confirming, "CHECKOUT", tmp_path / "checkout"
    )  # fmt: skip
    return outcomes


@pytest.mark.parametrize("equal", [True, False])
def test_equal_steps_confirm_a_row_and_others_leave_it(row, tmp_path, two_trees, equal):
    two_trees["abc"] = 1.0 if equal else 2.0
    file = tmp_path / "old.seed0.json"
    old = {**row, "digests": {**row["digests"], "losses": "0" * 12}}
    file.write_text(json.dumps(old))
    left = confirming.confirm([StaleRow(file, old, changed_parts(old))])
    after = json.loads(file.read_text())
    assert len(left) == (0 if equal else 1)
    assert after == ({**row, "confirmed": "def"} if equal else old)


def test_a_changed_checkout_confirms_nothing(monkeypatch):
    monkeypatch.setattr(confirming, "commit", lambda: "abc-dirty")
    with pytest.raises(UserError, match="commit first"):
        confirming.confirm([])


@pytest.mark.slow
def test_the_code_of_a_commit_takes_the_same_two_steps_as_its_checkout(tmp_path):
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    tree = confirming._tree_of(head, tmp_path)
    with confirming._Worker(tree) as worker:
        once, again = (confirming._outcome(worker, (CONFIG,), True) for _ in range(2))
    assert once.metrics
    assert once.equals(again)
    assert confirming._tree_of("0" * 40, tmp_path) is None
