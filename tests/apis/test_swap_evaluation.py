"""Swapped appearances judged: what is drawn for it, and what becomes of real and drawn images in either protocol."""

import io
import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from toy_market import write_toy_market
from toy_swaps import ToySwap, write_toy_swap, write_weights

from reidzoo.apis import image_evaluation
from reidzoo.apis.image_rows import image_metrics_table, read_image_row
from reidzoo.apis.swap_evaluation import BATCH, SIZE, evaluate_swaps
from reidzoo.base.errors import UserError
from reidzoo.evaluation import FrechetDistance, diversity, dssim_lab, identity_pairs

TOOL = Path(__file__).resolve().parents[2] / "tools" / "evaluate_swaps.py"
FOLDER = "bounding_box_train"


class MeanColour(torch.nn.Module):
    """Three features an image; remembers the batches that it saw."""

    def __init__(self):
        super().__init__()
        self.name, self.num_features, self.seen = "colour", 3, []

    def forward(self, images):
        self.seen.append(tuple(images.shape))
        return images.float().mean((2, 3))


@pytest.fixture
def network(monkeypatch):
    network = MeanColour()
    monkeypatch.setattr(image_evaluation, "feature_network", lambda *arguments, **options: network)
    return network


@pytest.fixture
def market(tmp_path):
    """52 training images of 13 persons: a batch of DG-Net's protocol and two images."""
    return write_toy_market(tmp_path / "market", train_pids=13, test_pids=2)


@pytest.fixture
def saved(market, tmp_path):
    return write_toy_swap(tmp_path, "swap", market), write_weights(tmp_path / "swap.pth")


def pictures(folder):
    """By path below ``folder``, H x W x 3 uint8 RGB, sorted."""
    files = sorted(folder.rglob("*.jpg"))
    return {file.relative_to(folder).as_posix(): cv2.imread(str(file))[:, :, ::-1] for file in files}


def stacked(images):
    return torch.from_numpy(np.stack(list(images)).transpose(0, 3, 1, 2).copy())


def fid(real, fake):
    distance = FrechetDistance(3)
    for side, is_real in ((real, True), (fake, False)):
        distance.update(side.float().mean((2, 3)), is_real)
    return distance.compute()


def resized(images):
    return stacked(cv2.resize(image, SIZE[::-1], interpolation=cv2.INTER_CUBIC) for image in images)


def test_plainly_all_images_are_judged_in_the_drawn_ones_size(saved, market, tmp_path, network):
    row = evaluate_swaps(*saved, drawn=tmp_path / "drawn", device="cpu")
    real, fake = pictures(market / FOLDER), pictures(tmp_path / "drawn" / FOLDER)
    assert len(fake) == 52
    assert row["metrics"]["fid (colour)"] == pytest.approx(
        fid(stacked(real.values()), stacked(fake.values())), abs=1e-4
    )
    pids = [int(name[:4]) for name in fake]
    images = list(fake.values())
    pairs = identity_pairs(pids)
    values = dssim_lab(*(stacked(images[index] for index in side) for side in pairs.T))
    assert row["metrics"]["dssim (lab, DG-Net)"] == pytest.approx(diversity(values).mean, abs=1e-6)
    assert row["counts"] == {"real": 52, "fake": 52, "identity_pairs": len(pairs)}
    assert (row["size"], row["resized"], row["kind"]) == ([32, 16], True, "images")
    assert row["fake"] == "Market1501, in other structures (1 each) by ToySwap"
    header = json.loads((tmp_path / "drawn" / "manifest.json").read_text())
    assert (header["quality"], header["truncated"], header["structures"]) == (95, False, 1)
    assert {key: header[key] for key in row["generator"]} == row["generator"]
    assert "fid (colour)" in image_metrics_table(row)


def test_as_released(saved, market, tmp_path, network):
    row = evaluate_swaps(*saved, protocol="dgnet", drawn=tmp_path / "drawn", seed=3, device="cpu")
    header = json.loads((tmp_path / "drawn" / "manifest.json").read_text())
    assert (header["quality"], header["truncated"], header["seed"]) == (75, True, 3)
    real, fake = (list(pictures(root / FOLDER).values()) for root in (market, tmp_path / "drawn"))
    assert network.seen == 2 * [(BATCH, 3, *SIZE)]  # and not the two that are left
    expected = fid(resized(real[:BATCH]), resized(fake[:BATCH]))
    assert row["metrics"]["fid (colour, DG-Net)"] == pytest.approx(expected, abs=1e-4)
    pids = np.repeat(np.arange(1, 14), 4)
    values = dssim_lab(*(stacked(fake[index] for index in side) for side in identity_pairs(pids, seed=3).T))
    assert row["metrics"]["dssim (lab, DG-Net)"] == pytest.approx(diversity(values).mean, abs=1e-6)  # not resized
    assert row["counts"] == {"real": 50, "fake": 50, "identity_pairs": 13 * 50}
    assert (row["size"], row["resized"], row["seed"]) == ([*SIZE], True, 3)
    assert row["real"] == "Market1501 train"
    assert any("JPEG of quality 75, 256 x 128 pixels, batches of 50" in note for note in row["notes"])


def test_files_are_those_that_pillow_writes_by_default_of_truncated_levels(saved, market, tmp_path, network):
    evaluate_swaps(*saved, protocol="dgnet", drawn=tmp_path / "drawn", metrics=["dssim-lab"], device="cpu")
    entries = json.loads((tmp_path / "drawn" / "manifest.json").read_text())["images"]
    sources = pictures(market)
    own, other = (stacked(sources[entry[key]] for entry in entries) for key in ("source_file", "structure_file"))
    drawn = ToySwap().swap(own, other, truncate=True)
    for entry, image in zip(entries, drawn.permute(0, 2, 3, 1).numpy(), strict=True):
        content = io.BytesIO()
        Image.fromarray(image).save(content, "JPEG")
        expected = np.asarray(Image.open(content)).astype(int)
        assert abs(expected - np.asarray(Image.open(tmp_path / "drawn" / entry["file"]))).mean() < 0.5


@pytest.mark.parametrize("protocol", ["plain", "dgnet"])
@pytest.mark.parametrize(("metric", "name"), [("fid", "fid (colour"), ("dssim-lab", "dssim (lab")])
def test_one_metric_alone(saved, network, protocol, metric, name):
    row = evaluate_swaps(*saved, protocol=protocol, metrics=[metric], device="cpu")
    assert all(name in key or "half range" in key for key in row["metrics"])
    assert (row["real"], row["fake"][:10]) == ("Market1501 train", "Market1501")
    assert bool(network.seen) == (metric == "fid")


def test_another_set_another_seed_and_fewer_images(saved, tmp_path, network):
    root = write_toy_market(tmp_path / "other", train_pids=2, test_pids=1)
    rows = [evaluate_swaps(*saved, root=root, count=6, seed=seed, device="cpu") for seed in (0, 1, 1)]
    assert rows[0]["counts"]["real"] == rows[0]["counts"]["fake"] == rows[0]["count"] == 6
    assert rows[0]["metrics"] != rows[1]["metrics"] == rows[2]["metrics"]
    with pytest.raises(
        UserError, match="batches of 50 images and leaves out what makes none, and Market1501 train has 8"
    ):
        evaluate_swaps(*saved, root=root, protocol="dgnet", device="cpu")


def test_mistakes(saved):
    for options, answer in (
        ({"protocol": "dg-net"}, "no protocol 'dg-net', .*dgnet"),
        ({"metrics": ["lpips"]}, "lpips compares images with the ones they should be"),
        ({"metrics": []}, "name at least one metric"),
        ({"protocol": "dgnet", "count": 50}, "count is of the plain protocol, and dgnet takes all images"),
    ):
        with pytest.raises(UserError, match=answer):
            evaluate_swaps(*saved, **options)


def test_the_tool_writes_the_row(saved, tmp_path, monkeypatch, capsys, network):
    out = tmp_path / "swap.images.seed0.json"
    monkeypatch.setattr(sys, "argv", ["x", *saved, "--metrics", "fid", "--device", "cpu", "--out", str(out)])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(TOOL), run_name="__main__")
    assert "fid (colour)" in capsys.readouterr().out
    assert read_image_row(out)["generator"]["method"] == "ToySwap"
