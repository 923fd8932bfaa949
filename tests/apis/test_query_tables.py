"""The table of queries: what it says, that it comes back as it went, and what a broken one answers."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from reidzoo.apis.query_tables import QueryTable, queries_file, read_queries, write_queries
from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.evaluation.bootstrap import mean_interval

HEAD = "image,pid,camid,ap_step,ap_official,inp,first_match"


def table(**changes):
    values = {
        "images": ("query/a, b.jpg", "query/c.jpg"), "pids": np.array([3, 4]), "camids": np.array([0, 1]),
        "ap_step": np.array([0.830357, np.nan]), "ap_official": np.array([0.811012, np.nan]),
        "inp": np.array([0.571429, np.nan]), "first_match": np.array([1, 0]),
    }  # fmt: skip
    return QueryTable(**{**values, **changes})


def test_a_table_comes_back_as_it_went(tmp_path):
    path = tmp_path / "x.queries.csv"
    write_queries(path, table())
    assert path.read_text() == f'{HEAD}\n"query/a, b.jpg",3,0,0.83036,0.81101,0.57143,1\nquery/c.jpg,4,1,,,,\n'
    found = read_queries(path)
    assert found.images == table().images
    for name in ("pids", "camids", "first_match"):
        np.testing.assert_array_equal(getattr(found, name), getattr(table(), name))
    for name in ("ap_step", "ap_official", "inp"):
        np.testing.assert_allclose(getattr(found, name), getattr(table(), name), atol=5e-6)


def test_without_cameras_the_cells_are_empty(tmp_path):
    write_queries(tmp_path / "x.csv", table(camids=np.array([-1, -1])))
    assert "query/c.jpg,4,,,,,\n" in (tmp_path / "x.csv").read_text()
    assert read_queries(tmp_path / "x.csv").camids.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("row", "expected"),
    [("ide.seed0.json", "ide.seed0.queries.csv"), ("ide.seed1", "ide.seed1.queries.csv")],
)
def test_the_table_lies_beside_its_row(row, expected, tmp_path):
    assert queries_file(tmp_path / row) == tmp_path / expected


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (None, "no table of queries .*x.csv"),
        ("", "expected the columns image, pid"),
        ("image,ap\na,1\n", "expected the columns image, pid"),
        (f"{HEAD}\n", "is no table of queries"),
        (f"{HEAD}\na.jpg,1,0,much,1,1,1\n", "is a broken table of queries .*'much'"),
        (f"{HEAD}\na.jpg,1,0\n", "is a broken table of queries"),
    ],
)
def test_broken_tables(text, answer, tmp_path):
    path = tmp_path / "x.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=f"{answer}.*tools/test.py --json"):
        read_queries(path)


def test_a_test_writes_the_queries_that_its_means_are_of(toy_config, toy_market, tmp_path):
    config = toy_config()
    train(config, work_dir=tmp_path / "run")
    options = {"test_dataloader.dataset.root": str(toy_market), "test_dataloader.batch_size": 4}
    row = evaluate(config, tmp_path / "run" / "epoch_2.pth", queries=tmp_path / "x.queries.csv", options=options)
    assert row["queries"] == "x.queries.csv"
    assert row["options"] == {"test_dataloader.dataset.root": toy_market.name, "test_dataloader.batch_size": 4}
    assert row["ranking"] == "euclidean"
    found = read_queries(tmp_path / "x.queries.csv")
    assert list(found.images) == sorted(f"query/{path.name}" for path in (toy_market / "query").iterdir())
    assert set(found.pids) == {7, 8, 9}
    assert set(found.camids) == {0, 1}
    metrics = row["metrics"]
    for name, values in (("mAP_step", found.ap_step), ("mAP_official", found.ap_official), ("mINP", found.inp)):
        assert 100 * values.mean() == pytest.approx(metrics[name], abs=1e-3)
    assert 100 * (found.first_match <= 1).mean() == pytest.approx(metrics["rank1"], abs=1e-3)
    expected = [100 * end for end in mean_interval(found.ap_step, found.pids)]
    assert row["mAP_step_ci95"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.slow
def test_the_tool_writes_row_and_queries(toy_config, tmp_path):
    config = toy_config()
    train(config, work_dir=tmp_path / "run")
    command = [sys.executable, "tools/test.py", config, tmp_path / "run/epoch_2.pth", "--json", tmp_path / "x.json"]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "x.json").read_text())["queries"] == "x.queries.csv"
    assert len(read_queries(tmp_path / "x.queries.csv").images) == 6


def test_camera_pairs_stand_in_the_row(toy_config, toy_market, tmp_path):
    train(toy_config(), work_dir=tmp_path / "run")
    row = evaluate(toy_config(), tmp_path / "run" / "epoch_2.pth", camera_pairs=True)
    pairs = row["camera_pairs"]
    assert (pairs["ranking"], pairs["camids"], pairs["num_queries"]) == ("euclidean", [0, 1], [[0, 3], [3, 0]])
    (none, there), (back, nobody) = pairs["rank1"]
    assert (none, nobody) == (None, None)
    # each gallery is a part of the whole one with all its right images
    assert (there + back) / 2 >= row["metrics"]["rank1"]
    own = {"type": "ImageFolder", "root": str(own_folder(toy_market, tmp_path)), "split": "test"}
    config = toy_config(**{"test_dataloader.dataset": own, "test_dataloader.dataset._delete_": True})
    with pytest.raises(UserError, match=r"'.* test' knows no cameras: leave --camera-pairs out"):
        evaluate(config, tmp_path / "run" / "epoch_2.pth", camera_pairs=True)


def own_folder(market, tmp_path):
    """The test images of ``market`` as a folder an identity, cameras forgotten."""
    for part, folder in (("query", "query"), ("gallery", "bounding_box_test")):
        for path in (market / folder).iterdir():
            target = tmp_path / "own" / part / path.name[:4] / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return tmp_path / "own"


def test_queries_need_the_metric_that_has_them(toy_config, tmp_path):
    train(toy_config(), work_dir=tmp_path / "run")
    config = toy_config(**{"test_evaluator": {"type": "DumpResults", "out_file_path": str(tmp_path / "x.pkl")}})
    checkpoint = tmp_path / "run" / "epoch_2.pth"
    assert not {"ranking", "mAP_step_ci95", "queries"} & set(evaluate(config, checkpoint))
    with pytest.raises(UserError, match="need the metric RetrievalMetric"):
        evaluate(config, checkpoint, queries=tmp_path / "x.csv")
