"""Training curves: reading MMEngine's logs, merging resumed runs, drawing."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from mmengine.visualization import LocalVisBackend

from reidzoo.base.errors import UserError
from reidzoo.visualization import draw_curves, read_scalars
from reidzoo.visualization.canvas import BLUE, TITLE, VERMILION
from reidzoo.visualization.curves import PANEL, running_mean

TOOL = Path(__file__).resolve().parents[2] / "tools" / "plot_curves.py"


def train_line(step, **scalars):
    return {"lr": 0.1, "data_time": 0.5, "time": 1.0, **scalars, "epoch": 1, "iter": step, "step": step}


def write_log(work_dir, started, *lines):
    """Lines as MMEngine's own backend writes them, in the folder of a run that started at ``started``."""
    backend = LocalVisBackend(str(work_dir / started / "vis_data"))
    for line in lines:
        backend.add_scalars(line)
    return work_dir / started / "vis_data" / "scalars.json"


def points(curve):
    steps, values = curve
    return dict(zip(steps.tolist(), values.tolist(), strict=True))


def test_scalars_by_name_without_times(tmp_path):
    write_log(tmp_path, "20260101_100000", train_line(10, loss=2.0), train_line(20, loss=1.5, accuracy=0.5))
    scalars = read_scalars(tmp_path)
    assert sorted(scalars) == ["accuracy", "loss", "lr"]
    assert points(scalars["loss"]) == {10: 2.0, 20: 1.5}
    assert points(scalars["accuracy"]) == {20: 0.5}
    assert scalars["loss"][0].dtype == np.int64
    assert scalars["lr"][1].dtype == np.float64


def test_a_resumed_run_continues_the_curve_and_replaces_what_it_repeats(tmp_path):
    write_log(tmp_path, "20260102_090000", *(train_line(step, loss=step + 0.5) for step in (30, 40, 50)))
    write_log(tmp_path, "20260101_100000", *(train_line(step, loss=float(step)) for step in (10, 20, 30, 40)))
    assert points(read_scalars(tmp_path)["loss"]) == {10: 10.0, 20: 20.0, 30: 30.5, 40: 40.5, 50: 50.5}


def test_what_an_abandoned_run_did_after_the_resumed_point_is_gone(tmp_path):
    write_log(tmp_path, "20260101_100000", *(train_line(step, loss=1.0, old=1.0) for step in (10, 20, 30, 35)))
    write_log(tmp_path, "20260101_110000", train_line(10, loss=2.0), train_line(20, loss=2.0))
    scalars = read_scalars(tmp_path)
    assert points(scalars["loss"]) == {10: 2.0, 20: 2.0}
    assert "old" not in scalars


def test_validation_is_put_where_training_stood(tmp_path):
    write_log(
        tmp_path,
        "20260101_100000",
        train_line(40, loss=2.0),
        {"mAP_step": 30.0, "time": 9.0, "step": 1},  # MMEngine counts validations in epochs
        train_line(80, loss=1.0),
        {"mAP_step": 50.0, "step": 2},
    )
    write_log(tmp_path, "20260101_110000", train_line(80, loss=1.0), {"mAP_step": 55.0, "step": 2})
    assert points(read_scalars(tmp_path)["mAP_step"]) == {40: 30.0, 80: 55.0}


def test_half_a_line_of_a_killed_run_is_no_error(tmp_path):
    log = write_log(tmp_path, "20260101_100000", train_line(10, loss=2.0))
    log.write_text(log.read_text() + json.dumps(train_line(20, loss=1.0))[:30])
    assert points(read_scalars(tmp_path)["loss"]) == {10: 2.0}


def test_logs_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(UserError, match="should be the work folder of a training run"):
        read_scalars(tmp_path / "absent")
    log = write_log(tmp_path, "20260101_100000", {"note": "no number", "step": 1})
    with pytest.raises(UserError, match="holds a scalar"):
        read_scalars(tmp_path)
    log.write_text("{}\n")
    with pytest.raises(UserError, match=r"scalars\.json:1 should be a JSON object with an integer 'step'"):
        read_scalars(tmp_path)
    log.write_text(json.dumps(train_line(10, loss=2.0)) + "\nnonsense\n" + json.dumps(train_line(20)) + "\n")
    with pytest.raises(UserError, match=r"scalars\.json:2 is not a line of JSON"):
        read_scalars(tmp_path)


def curve(count=10, value=1.0):
    return np.arange(1, count + 1) * 10, np.full(count, value)


@pytest.mark.parametrize(
    ("names", "columns", "rows"),
    [
        (["loss", "loss_id", "loss_triplet"], 1, 1),
        (["loss", "lr"], 2, 1),
        (["loss", "accuracy", "G.lr", "D.lr", "base_lr", "grad_norm"], 3, 1),
        (["D_loss", "teacher_acc", "market/mAP_step", "market/num_queries", "lr"], 2, 2),
    ],
)
def test_one_panel_a_kind_of_scalar(tmp_path, names, columns, rows):
    path = tmp_path / "curves.png"
    draw_curves(path, {name: curve() for name in names})
    assert cv2.imread(str(path)).shape == (rows * PANEL[1], columns * PANEL[0], 3)
    draw_curves(path, {name: curve() for name in names}, title="IDE")
    assert cv2.imread(str(path)).shape == (rows * PANEL[1] + TITLE, columns * PANEL[0], 3)
    assert list(tmp_path.iterdir()) == [path]


def test_every_curve_is_visible(tmp_path):
    draw_curves(tmp_path / "curves.png", {"loss_id": curve(value=1.0), "loss_triplet": curve(value=0.5)})
    picture = cv2.imread(str(tmp_path / "curves.png"))[:, :, ::-1].astype(int)
    heights = []
    for colour in (BLUE, VERMILION):
        near = np.abs(picture - np.multiply(to_rgb(colour), 255)).max(axis=2) < 4
        longest = near.sum(axis=1).argmax()  # the row of pixels on which the level curve lies
        assert near[longest].sum() > 300
        heights.append(longest)
    assert heights[0] < heights[1]


def test_curves_with_holes_single_points_and_negative_values(tmp_path):
    values = np.sin(np.arange(200.0))
    values[50:60] = np.nan
    draw_curves(
        tmp_path / "curves.png",
        {"loss": (np.arange(200), values), "loss_d": (np.array([7]), np.array([np.inf])), "lr": curve(1, 0.0)},
    )
    assert cv2.imread(str(tmp_path / "curves.png")) is not None


def test_nothing_to_draw_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"nothing to draw: expected losses.*got base_lr, grad_norm"):
        draw_curves(tmp_path / "curves.png", {"grad_norm": curve(), "base_lr": curve()})
    with pytest.raises(UserError, match="got no scalar at all"):
        draw_curves(tmp_path / "curves.png", {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("count", "window"), [(100, 7), (9, 3), (3, 5), (4, 1), (1, 3)])
def test_running_mean_is_centred_and_skips_holes(count, window):
    values = np.random.default_rng(count).normal(size=count)
    if count > 50:
        values[[0, 40, 41, 99]] = np.nan
    expected = [
        np.nan if np.isnan(values[i]) else np.nanmean(values[max(0, i - window // 2) : i + window // 2 + 1])
        for i in range(count)
    ]
    np.testing.assert_allclose(running_mean(values, window), expected, atol=1e-12)


def test_the_tool_draws_into_the_work_folder(tmp_path):
    write_log(tmp_path, "20260101_100000", train_line(10, loss=2.0))
    done = subprocess.run([sys.executable, TOOL, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout == f"wrote {tmp_path / 'curves.png'}\n"
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    failed = subprocess.run([sys.executable, TOOL, tmp_path / "absent"], capture_output=True, text=True)
    assert failed.returncode == 2
    assert failed.stderr.startswith("error: ")
    assert "Traceback" not in failed.stderr
