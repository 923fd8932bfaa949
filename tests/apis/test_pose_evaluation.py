"""Images in given poses judged beside photographs in these poses: which pairs, which masks, what a row says."""

import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import nn
from toy_poses import SIZE, pose_of, write_posed_market, write_toy_transfer, write_weights

from reidzoo.apis import image_evaluation
from reidzoo.apis.image_rows import image_metrics_table, read_image_row
from reidzoo.apis.pose_evaluation import PAPERS, evaluate_poses
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.pose_masks import pose_mask
from reidzoo.base.skeletons import JOINT_INDEX, MISSING
from reidzoo.data.poses.annotations import read_annotations, write_annotations
from reidzoo.data.poses.pairs import draw_test_pairs, valid_pairs, write_pairs
from reidzoo.evaluation import mask_ssim, ssim
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.registry import METHODS

TOOL = Path(__file__).resolve().parents[2] / "tools" / "evaluate_poses.py"


class MeanColour(nn.Module):
    """Three features an image, or 1008 logits."""

    def __init__(self, tap=None):
        super().__init__()
        self.name, self.num_features, self.tap = "colour", 3, tap

    def forward(self, images):
        colours = images.float().mean((2, 3))
        return colours if self.tap is None else nn.functional.pad(colours / 10, (0, 1005))


@pytest.fixture(autouse=True)
def colour_network(monkeypatch):
    monkeypatch.setattr(
        image_evaluation, "feature_network", lambda name, weights=None, *, tap=None, **_: MeanColour(tap)
    )


@pytest.fixture
def market(tmp_path):
    """8 test images of 2 persons: 24 ordered pairs."""
    return write_posed_market(tmp_path / "market", train_pids=2, test_pids=2)


@pytest.fixture
def saved(market, tmp_path):
    """Config and checkpoint of an untrained method."""
    config = write_toy_transfer(tmp_path, "transfer", market)
    torch.manual_seed(0)
    return config, write_weights(tmp_path / "transfer.pth", METHODS.build(Config.fromfile(config).model))


@pytest.fixture
def photographs(market):
    """Test images H x W x 3 and poses by file name."""
    files = [path for part in ("query", "bounding_box_test") for path in (market / part).iterdir()]
    images = {path.name: cv2.imread(str(path))[:, :, ::-1].copy() for path in files}
    return images, {name: pose_of(name) for name in images}


@pytest.fixture
def draws(monkeypatch):
    """Sets what the method draws from images and both poses."""
    return lambda function: monkeypatch.setattr(PoseTransferMethod, "repose", lambda self, *batch: function(*batch))


def stacked(photographs, names):
    images = np.stack([photographs[0][name] for name in names])
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy())


def pairs_of(market):
    return valid_pairs(read_annotations(market / "keypoints-test.csv"))


def test_values_are_those_of_the_pairs_with_masks_of_the_target_poses(saved, market, photographs, draws):
    draws(lambda images, source, target: images)  # a method that changes nothing
    metrics = evaluate_poses(*saved, batch_size=5, device="cpu")["metrics"]
    sources, targets = (stacked(photographs, names) for names in zip(*pairs_of(market), strict=True))
    assert len(sources) == 24
    points = torch.from_numpy(np.stack([photographs[1][name] for _, name in pairs_of(market)])).float()
    expected = {"l1 ([-1, 1])": (sources.double() - targets.double()).abs().mean() / 127.5}
    for preset in ("pg2", "deform"):
        masks = pose_mask(points, SIZE, preset)
        assert 0 < masks.float().mean() < 255
        expected[f"ssim ({preset})"] = ssim(targets, sources, preset).mean()
        expected[f"mask-ssim ({preset})"] = mask_ssim(targets, sources, masks, preset).mean()
    for name, value in expected.items():
        assert metrics[name] == pytest.approx(float(value), abs=2e-6)
    assert metrics["fid (colour)"] == pytest.approx(0, abs=1e-3)  # of all ordered pairs both sides have the same


def test_the_targets_themselves_are_perfect(saved, photographs, draws):
    by_pose = {pose.astype(np.float32).tobytes(): name for name, pose in photographs[1].items()}

    def perfect(images, source, target):
        return stacked(photographs, [by_pose[points.numpy().tobytes()] for points in target])

    draws(perfect)
    metrics = evaluate_poses(*saved, count=7, device="cpu")["metrics"]
    for name, value in metrics.items():
        assert value == pytest.approx(1 if "ssim" in name else 0, abs=1e-6)


def test_a_row_says_what_was_judged(saved, tmp_path):
    row = evaluate_poses(*saved, count=9, device="cpu")
    name = "Market1501 test"
    assert (row["kind"], row["real"]) == ("images", f"{name}, targets of pairs")
    assert row["fake"] == f"{name}, in the targets' poses by PG2StageOne"
    assert row["generator"].pop("commit") == row["commit"]
    assert row["generator"] == {
        "method": "PG2StageOne",
        "generator": "PG2Generator",
        "config": "transfer.py",
        "checkpoint_sha256": sha256(saved[1]),
    }
    assert row["counts"] == {"real": 9, "fake": 9, "pairs": 9, "unpaired": 0}
    assert (row["size"], row["resized"], row["count"]) == ([32, 16], False, 9)
    assert len(row["metrics"]) == len(PAPERS)
    assert any("different sources and" in note for note in row["notes"])
    assert any("deform and pg2 draw around the target pose" in note for note in row["notes"])
    assert any("fid rests on our own embedding" in note for note in row["notes"])
    assert str(tmp_path) not in str(row)
    assert "pairs: 9, 0 fake images have no partner" in image_metrics_table(row)


def test_pairs_are_the_literatures_draw_or_those_of_a_file(saved, market, photographs, tmp_path, draws):
    seen = []

    def looks(images, source, target):
        seen.extend(zip(source.numpy(), target.numpy(), strict=True))
        return images

    draws(looks)
    names = {pose.astype(np.float32).tobytes(): name for name, pose in photographs[1].items()}

    def judged(**changes):
        seen.clear()
        evaluate_poses(*saved, metrics=("l1",), device="cpu", **changes)
        return sorted(tuple(names[points.tobytes()] for points in pair) for pair in seen)

    every = pairs_of(market)
    assert judged() == sorted(every)
    assert judged(count=5) == sorted(draw_test_pairs(every, 5))
    write_pairs(tmp_path / "pairs.csv", every[3:9])
    assert judged(pairs=tmp_path / "pairs.csv") == sorted(every[3:9])
    assert judged(pairs=tmp_path / "pairs.csv", count=2) == sorted(draw_test_pairs(every[3:9], 2))
    (market / "keypoints-test.csv").rename(market / "other.csv")
    assert judged(annotations="other.csv", root=market) == sorted(every)


def test_images_come_in_the_size_of_training(market, tmp_path):
    generator = {"type": "PG2Generator", "width": 2, "bottleneck": 3, "image_size": (64, 32)}
    model = {"type": "PG2StageOne", "generator": generator}
    transforms = [{"type": "Resize", "height": 64, "width": 32}, {"type": "RandomFlip"}]
    config = write_toy_transfer(tmp_path, "large", market, transforms=transforms, model=model)
    row = evaluate_poses(config, write_weights(tmp_path / "w.pth", METHODS.build(model)), metrics=("l1",), device="cpu")
    assert (row["size"], row["resized"]) == ([64, 32], True)


def test_inception_scores_look_at_what_was_drawn(saved, market, draws):
    draws(lambda images, source, target: images)
    scores = {"metrics": ("is", "mask-is"), "features": "inception"}
    found = evaluate_poses(*saved, **scores, device="cpu")["metrics"]
    assert set(found) == {f"{name} (colour, 10 splits)" for name in ("is", "is std", "mask-is", "mask-is std")}
    assert found["is (colour, 10 splits)"] != found["mask-is (colour, 10 splits)"]
    other = evaluate_poses(*saved, **scores, seed=1, device="cpu")["metrics"]
    assert other["is (colour, 10 splits)"] != found["is (colour, 10 splits)"]  # the splits see another order


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": ("ssim",)}, "no metric 'ssim'"),
        ({"metrics": ("dssim-lab",)}, "dssim-lab compares images of one identity, and pairs are judged one by one"),
        ({"metrics": ("is",)}, "'is' is defined on the classes of Inception-v3 alone"),
        ({"count": 0}, "count is the number of pairs that are judged, at least 1, got 0"),
        ({"batch_size": 0}, "batch_size is the number of images a step, at least 1, got 0"),
        ({"root": "nowhere"}, r"no file of poses 'nowhere/keypoints-test\.csv'"),
        ({"annotations": "nowhere.csv"}, r"no file of poses '.*nowhere\.csv'"),
        ({"pairs": "nowhere.csv"}, r"no file of pairs 'nowhere\.csv'"),
        ({"device": "gpu3"}, "no device 'gpu3' here"),
    ],
)
def test_wrong_values(saved, changes, said):
    with pytest.raises(UserError, match=said):
        evaluate_poses(*saved, **{"device": "cpu", **changes})


def test_pairs_and_poses_that_do_not_fit(saved, market, tmp_path):
    def refused(said, **changes):
        with pytest.raises(UserError, match=said):
            evaluate_poses(*saved, metrics=("l1",), device="cpu", **changes)

    poses = read_annotations(market / "keypoints-test.csv")
    one, other, third = list(poses)[:3]
    write_pairs(tmp_path / "pairs.csv", [(one, other), ("0009_c1s1_000000_01.jpg", other)])
    refused("list of pairs names 3 images, of which 1 .'0009_c1s1_000000_01.jpg'", pairs=tmp_path / "pairs.csv")
    write_pairs(tmp_path / "pairs.csv", [(one, other), (other, third)])
    poses[third][JOINT_INDEX["left_hip"]] = MISSING
    write_annotations(market / "keypoints-test.csv", poses)
    refused(f"list of pairs names 1 .'{third}'., without 4 visible points", pairs=tmp_path / "pairs.csv")
    poses[one][5] = (3, 40)
    write_annotations(market / "keypoints-test.csv", poses)
    refused(f"1 of the points of '.*{one}' lie outside its 32 x 16 pixels, first left_shoulder")
    write_annotations(market / "keypoints-test.csv", {name: np.full((18, 2), MISSING) for name in poses})
    refused("no two images of one person have visible shoulders and hips")
    cfg = Config.fromfile(saved[0])
    cfg.train_dataloader.dataset.annotations = "poses.csv"
    cfg.dump(str(tmp_path / "named.py"))
    with pytest.raises(UserError, match=r"file of poses 'poses\.csv' is not named after 'train'"):
        evaluate_poses(tmp_path / "named.py", saved[1], device="cpu")


def test_a_broken_image_is_named(saved, market):
    broken = sorted((market / "query").iterdir())[0]
    broken.write_bytes(b"no image")
    with pytest.raises(UserError, match=rf"1 of 8 images cannot be decoded .first: .*{broken.name}"):
        evaluate_poses(*saved, metrics=("l1",), device="cpu")


def test_the_tool_writes_a_row(saved, tmp_path, monkeypatch, capsys):
    out = tmp_path / "transfer.images.seed0.json"
    arguments = [*saved, "--metrics", "l1,ssim-pg2", "--count", "4", "--device", "cpu", "--out", out]
    monkeypatch.setattr(sys, "argv", ["evaluate_poses.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(TOOL), run_name="__main__")
    assert ended.value.code == 0
    assert set(read_image_row(out)["metrics"]) == {"l1 ([-1, 1])", "ssim (pg2)"}
    assert "ssim (pg2)" in capsys.readouterr().out
