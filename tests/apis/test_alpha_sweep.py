"""A test with several weights of the second of two features: what it ranks by, how often it looks, what it refuses."""

import json
import math
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from reidzoo.apis.results import alphas_table
from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.methods.base import weighted_halves
from reidzoo.methods.ide import IDE


@pytest.fixture
def run(toy_config, tmp_path, monkeypatch):
    """A trained toy whose feature is two unit vectors side by side, and how often it embedded."""
    monkeypatch.setattr(IDE, "alpha", 0.5)
    looks = []

    def embed(self, images):
        looks.append(len(images))
        halves = self.head.embed(self.backbone(images)).view(len(images), 2, -1)
        return weighted_halves(F.normalize(halves, dim=2).flatten(1), self.alpha)

    monkeypatch.setattr(IDE, "embed", embed)
    config = toy_config()
    train(config, work_dir=tmp_path / "run")
    return config, tmp_path / "run" / "epoch_2.pth", looks


def test_products_of_weighted_halves_are_the_score():
    one, other = torch.rand(2, 3, 8, dtype=torch.float64)
    first, second = (one[:, part] @ other[:, part].T for part in (slice(4), slice(4, 8)))
    for alpha in (0.0, 0.25, 1.0, 3.0):
        score = weighted_halves(one, alpha) @ weighted_halves(other, alpha).T
        torch.testing.assert_close(score, first + alpha * second)
    torch.testing.assert_close(weighted_halves(one, math.inf) @ weighted_halves(other, math.inf).T, second)


@pytest.mark.parametrize("alpha", [-0.1, math.nan])
def test_alpha_out_of_range(alpha):
    with pytest.raises(UserError, match=f"at least 0 .*got {alpha}"):
        weighted_halves(torch.ones(1, 2), alpha)


def test_each_alpha_gives_what_a_test_with_it_gives(run, monkeypatch):
    config, checkpoint, looks = run
    plain = evaluate(config, checkpoint)
    seen = sum(looks)
    looks.clear()
    row = evaluate(config, checkpoint, alphas=[0.0, 0.5, 2.0, math.inf])
    assert sum(looks) == seen
    assert row["metrics"] == pytest.approx(plain["metrics"])
    assert [each["alpha"] for each in row["alphas"]] == [0.0, 0.5, 2.0, "inf"]
    assert row["alphas"][1]["metrics"] == row["metrics"]
    for each in row["alphas"]:
        monkeypatch.setattr(IDE, "alpha", float(each["alpha"]))
        assert each["metrics"] == pytest.approx(evaluate(config, checkpoint)["metrics"])
    assert "alphas" not in plain
    assert json.loads(json.dumps(row["alphas"], allow_nan=False)) == row["alphas"]


def test_details_belong_to_the_alpha_of_the_config(run, tmp_path):
    config, checkpoint, _ = run
    evaluate(config, checkpoint, queries=tmp_path / "plain.csv")
    evaluate(config, checkpoint, queries=tmp_path / "swept.csv", alphas=[math.inf])
    assert (tmp_path / "plain.csv").read_text() == (tmp_path / "swept.csv").read_text()


def test_refused_before_an_image_is_seen(run, monkeypatch, tmp_path, toy_config):
    config, checkpoint, looks = run
    with pytest.raises(UserError, match=r"at least 0 \(inf: it alone\), got -1"):
        evaluate(config, checkpoint, alphas=[0.5, -1.0])
    options = {"test_evaluator": {"type": "DumpResults", "out_file_path": str(tmp_path / "x.pkl")}}
    with pytest.raises(UserError, match="several alphas need the metric RetrievalMetric"):
        evaluate(toy_config(**options), checkpoint, alphas=[0.5])
    monkeypatch.setattr(IDE, "alpha", None)
    with pytest.raises(UserError, match="IDE compares one feature and has no alpha: leave --alphas out"):
        evaluate(config, checkpoint, alphas=[0.5])
    assert not looks


def test_the_table_has_a_line_an_alpha():
    metrics = {"mAP_step": 12.346, "rank1": 50.0, "num_queries": 6}
    table = alphas_table({"alphas": [{"alpha": 0.5, "metrics": metrics}, {"alpha": "inf", "metrics": metrics}]})
    assert "| 0.5   | 12.35    | 50.00 |" in table
    assert "| inf" in table
    assert "num_queries" not in table
    with pytest.raises(UserError, match=r"no sweep of alpha: test again with tools/test\.py --alphas"):
        alphas_table({})


@pytest.mark.slow
def test_the_tool_refuses_in_one_sentence(toy_config, tmp_path):
    config = toy_config()
    train(config, work_dir=tmp_path / "run")
    command = [sys.executable, "tools/test.py", config, tmp_path / "run/epoch_2.pth", "--alphas", "0", "inf"]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert result.returncode != 0
    assert "IDE compares one feature" in result.stderr.strip().splitlines()[-1]
