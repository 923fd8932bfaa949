"""Renderings judged: FID to the target, diversity of a person's renderings, change of the source; translations too."""

import itertools
import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from toy_market import write_toy_market
from toy_renderings import write_toy_rendering, write_weights
from toy_translation import write_toy_translation

from reidzoo.apis import context_evaluation, image_evaluation
from reidzoo.apis.context_evaluation import evaluate_contexts
from reidzoo.apis.image_rows import image_metrics_table, read_image_row
from reidzoo.base.errors import UserError
from reidzoo.data.ellipse_mask import EllipseMask
from reidzoo.evaluation import FrechetDistance
from reidzoo.registry import METHODS

TOOL = Path(__file__).resolve().parents[2] / "tools" / "evaluate_contexts.py"
FOLDER = "bounding_box_train"


class MeanColour(torch.nn.Module):
    """Three features an image."""

    name, num_features = "colour", 3

    def forward(self, images):
        return images.float().mean((2, 3))


@pytest.fixture(autouse=True)
def network(monkeypatch):
    monkeypatch.setattr(image_evaluation, "feature_network", lambda *arguments, **options: MeanColour())


@pytest.fixture
def source(tmp_path):
    return write_toy_market(tmp_path / "source", train_pids=3, test_pids=2)


@pytest.fixture
def target(tmp_path):
    """4 training images, so that four contexts are all there are; none of them in the source."""
    root = write_toy_market(tmp_path / "target", train_pids=1, test_pids=2)
    for index, path in enumerate(sorted((root / FOLDER).iterdir())):
        cv2.imwrite(str(path), np.roll(255 - cv2.imread(str(path)), index % 3, axis=2))
    return root


@pytest.fixture
def saved(source, target, tmp_path):
    return write_toy_rendering(tmp_path, "render", source, target), write_weights(tmp_path / "render.pth")


def pictures(folder):
    """H x W x 3 uint8 RGB by name, sorted."""
    return {path.name: cv2.imread(str(path))[:, :, ::-1] for path in sorted(folder.iterdir())}


def features(images):
    return torch.tensor(np.stack([image.astype(np.float64).mean((0, 1)) for image in images]))


def distance(one, other):
    one, other = (each / each.norm() for each in (one, other))
    return float((one - other).square().sum())


def test_all_that_is_measured_of_renderings(saved, source, target, tmp_path):
    row = evaluate_contexts(*saved, drawn=tmp_path / "drawn", contexts=4, device="cpu")
    fakes, people, behind = pictures(tmp_path / "drawn" / FOLDER), pictures(source / FOLDER), pictures(target / FOLDER)
    fid = FrechetDistance(3)
    for images, is_real in ((behind, True), (fakes, False)):
        fid.update(features(images.values()).float(), is_real)
    assert row["metrics"]["fid (colour)"] == pytest.approx(fid.compute(), rel=1e-3)
    pairs = [(people[name], fakes[f"{name[:-4]}r1.jpg"]) for name in people]
    change = np.mean([distance(*features(pair)) for pair in pairs])
    assert row["metrics"]["change deep_distance (colour)"] == pytest.approx(change, rel=1e-3)

    # each person in all four contexts: one of the three ways to pair them, for each
    mask = EllipseMask()({"image": next(iter(people.values()))})["mask"][..., None]
    least, most = [], []
    for person in people.values():
        a, b, c, d = features([np.where(mask, person, context) for context in behind.values()])
        ways = [distance(a, b) + distance(c, d), distance(a, c) + distance(b, d), distance(a, d) + distance(b, c)]
        least.append(min(ways) / 2)
        most.append(max(ways) / 2)
    assert np.mean(least) * 0.99 <= row["metrics"]["diversity deep_distance (colour)"] <= np.mean(most) * 1.01
    assert np.mean(least) > 0
    assert row["counts"] == {"real": 4, "fake": 12, "pairs": 12, "unpaired": 0, "diversity_pairs": 24}
    assert (row["real"], row["fake"]) == ("Market1501 train", "Market1501, in other contexts (1 each) by ToyRenderer")
    assert (row["size"], row["seed"], row["generator"]["config"]) == ([32, 16], 0, "render.py")
    assert any("diversity is of 12 images in 4 contexts each" in note for note in row["notes"])
    assert "change deep_distance (colour)" in image_metrics_table(row)


def test_no_pair_is_of_one_context_or_of_two_persons(saved, source, target, monkeypatch):
    seen = []

    class Watching:
        name = "watched"

        def update(self, one, other, masks):
            seen.append((one, other))

        def values(self):
            return {"watched": 1.0}

    monkeypatch.setattr(context_evaluation, "pair_metric", lambda name, network: Watching())
    row = evaluate_contexts(*saved, contexts=2, sources=5, batch_size=4, device="cpu")
    assert [len(one) for one, _ in seen] == [2, 2, 1]  # persons a step
    assert row["counts"]["diversity_pairs"] == 5
    assert row["metrics"]["diversity watched"] == 1.0
    centre = (slice(None), slice(14, 18), slice(7, 9))  # always the person
    for one, other in itertools.chain.from_iterable(zip(*pair, strict=True) for pair in seen):
        assert torch.equal(one[centre], other[centre])
        assert not torch.equal(one[:, :2, :2], other[:, :2, :2])


def test_results_follow_from_the_seed(saved):
    def metrics(**options):
        return evaluate_contexts(*saved, contexts=2, sources=4, device="cpu", **options)["metrics"]

    assert metrics() == metrics()
    assert metrics(seed=1) != metrics()


def test_a_translation_has_no_diversity_but_changes_its_source(source, target, tmp_path):
    config = write_toy_translation(tmp_path, "gan", source, target)
    content = runpy.run_path(config)["model"]
    checkpoint = write_weights(tmp_path / "gan.pth", METHODS.build(dict(content)))
    row = evaluate_contexts(config, checkpoint, device="cpu")
    assert row["metrics"]["diversity deep_distance (colour)"] == 0
    assert row["metrics"]["change deep_distance (colour)"] > 0
    assert row["counts"]["diversity_pairs"] == 0
    assert any("0 by definition" in note for note in row["notes"])


def test_mistakes(saved, source, target, tmp_path):
    for options, said in (
        ({"contexts": 3}, "an even number of at least 2, got 3"),
        ({"contexts": 0}, "an even number of at least 2, got 0"),
        ({"sources": 0}, "at least 1, got 0"),
        ({"distances": []}, "some of deep-distance, lpips, got none"),
        ({"distances": ["ssim"]}, "some of deep-distance, lpips, got ssim"),
        ({"distances": ["lpips"]}, "LPIPS needs AlexNet's weights"),
        ({"contexts": 6}, "6 were asked for of 4 images"),
    ):
        with pytest.raises(UserError, match=said):
            evaluate_contexts(*saved, device="cpu", **options)
    config = write_toy_translation(tmp_path, "gan", source, target)
    with open(config, "a") as file:
        file.write("model['stochastic'] = True\n")
    with pytest.raises(UserError, match=r"CycleGAN in '.*' draws by chance, and diversity is measured over contexts"):
        evaluate_contexts(config, saved[1])


def test_the_tool_writes_a_row(saved, source, target, tmp_path, monkeypatch, capsys):
    out = tmp_path / "row.images.seed0.json"
    options = ["--contexts", "2", "--sources", "3", "--count", "4", "--in", str(source), "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["evaluate_contexts.py", *saved, *options, "--out", str(out)])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(TOOL), run_name="__main__")
    row = read_image_row(out)
    assert (row["count"], row["counts"]["fake"], row["counts"]["diversity_pairs"]) == (4, 4, 3)
    assert json.loads(out.read_text()) == row
    assert "diversity deep_distance (colour)" in capsys.readouterr().out
