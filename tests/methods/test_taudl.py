"""Classifiers of single cameras, the association beside them, passes of single cameras, and a start from a source."""

import math

import pytest
import torch
from mmengine.config import Config

from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.losses import TrackletAssociation
from reidzoo.methods.ide import IDE
from reidzoo.methods.taudl import TAUDL

BACKBONE = {"type": "OSNet", "width": 0.25, "embedding": False}
HEAD = {"type": "TrackletHead", "hidden": 8}
PER_CAMERA = [2, 3, 4]
TRACKLETS = torch.tensor([5, 5, 0, 0, 3, 3, 1, 1, 8, 8, 8])  # of cameras 2, 0, 1, 0, 2
CAMERAS = [2, 2, 0, 0, 1, 1, 0, 0, 2, 2, 2]
FIRST = {0: 0, 1: 2, 2: 5}


def toy(**arguments):
    torch.manual_seed(0)
    method = TAUDL(BACKBONE, HEAD, **{"tracklets_per_camera": PER_CAMERA, **arguments}).double()
    with torch.no_grad():
        method.head.classifier.weight.normal_()
        method.head.classifier.bias.normal_()
    return method


def images(size=11):
    return torch.randn(size, 3, 32, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(4))


def features_of(method, batch):
    """The feature layer, in the formula: average, FC, BN of the batch or of the running statistics, ReLU."""
    linear, norm, _ = method.head.hidden
    pooled = method.backbone(batch).mean(dim=(2, 3))
    values = pooled @ linear.weight.T + linear.bias
    mean, variance = norm.running_mean, norm.running_var
    if method.training:
        mean, variance = values.mean(0), values.var(0, unbiased=False)
    return ((values - mean) / (variance + norm.eps).sqrt() * norm.weight + norm.bias).clamp_min(0)


def classification_twin(method, features):
    """Sum over cameras of the mean cross-entropy over that camera's images and tracklets alone."""
    total = 0.0
    for camera, first in FIRST.items():
        columns = range(first, first + PER_CAMERA[camera])
        rows = [row for row in range(len(TRACKLETS)) if CAMERAS[row] == camera]
        for row in rows:
            weight, bias = method.head.classifier.weight, method.head.classifier.bias
            logits = {column: (features[row] @ weight[column] + bias[column]).item() for column in columns}
            log_sum = math.log(math.fsum(math.exp(value) for value in logits.values()))
            total += (log_sum - logits[int(TRACKLETS[row])]) / len(rows)
    return total


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("weight", [0.7, 0.0, 1.0])
def test_both_losses_in_float64(training, weight):
    method = toy(association_weight=weight).train(training)
    losses = method(images(), tracklets=TRACKLETS, mode="loss")
    features = features_of(method, images())
    expected = (1 - weight) * classification_twin(method, features)
    assert losses["loss_tracklets"].item() == pytest.approx(expected, rel=1e-6)  # CrossEntropy is float32
    association = TrackletAssociation()(features, TRACKLETS, torch.tensor(CAMERAS))
    assert losses["loss_association"].item() == pytest.approx(weight * association.item(), rel=1e-9)
    assert set(losses) == {"loss_tracklets", "loss_association", "accuracy"}


def test_a_camera_that_the_batch_has_not_adds_nothing():
    method = toy(association_weight=0.0).eval()
    some = torch.tensor([row for row, camera in enumerate(CAMERAS) if camera != 1])
    every = method(images(), tracklets=TRACKLETS, mode="loss")["loss_tracklets"]
    fewer = method(images()[some], tracklets=TRACKLETS[some], mode="loss")["loss_tracklets"]
    only = torch.tensor([4, 5])
    alone = method.head(method.backbone(images()[only])).logits[:, 2:5]
    expected = torch.nn.functional.cross_entropy(alone, TRACKLETS[only] - 2)
    torch.testing.assert_close((every - fewer).double(), expected, atol=1e-5, rtol=0)


def test_images_move_the_classifiers_of_their_own_cameras_only():
    method = toy(association_weight=0.0)
    some = torch.tensor(CAMERAS) > 0
    method(images()[some], tracklets=TRACKLETS[some], mode="loss")["loss_tracklets"].backward()
    assert method.head.classifier.weight.grad.any(dim=1).tolist() == [False] * 2 + [True] * 7


def test_accuracy_counts_inside_the_own_camera():
    method = toy().eval()
    with torch.no_grad():
        method.head.classifier.weight.zero_()
        method.head.classifier.bias.copy_(torch.tensor([0, 1, 0, 1, 0, 1, 0, 0, 0]) + 9.0 * (torch.arange(9) < 2))
    losses = method(images(), tracklets=TRACKLETS, mode="loss")  # it says 1, 3 and 5
    assert losses["accuracy"].item() == pytest.approx((2 + 2 + 2) / 11)


def test_passes_of_single_cameras_are_normalised_by_themselves_and_come_back_in_order():
    method = toy(separate_passes=True).train()
    losses = method(images(), tracklets=TRACKLETS, mode="loss")
    features = torch.zeros(len(TRACKLETS), 8, dtype=torch.float64)
    for camera in (0, 1, 2):
        own = torch.tensor(CAMERAS) == camera
        features[own] = features_of(method, images()[own])
    expected = 0.3 * classification_twin(method, features)
    assert losses["loss_tracklets"].item() == pytest.approx(expected, rel=1e-6)
    association = TrackletAssociation()(features, TRACKLETS, torch.tensor(CAMERAS))
    assert losses["loss_association"].item() == pytest.approx(0.7 * association.item(), rel=1e-9)
    joint = toy().train()(images(), tracklets=TRACKLETS, mode="loss")
    assert joint["loss_tracklets"].item() != pytest.approx(expected, rel=1e-3)


def test_the_test_feature_is_the_feature_layer():
    method = toy().eval()
    torch.testing.assert_close(method.embed(images()), features_of(method, images()))
    assert method(images(), mode="predict").dtype == torch.float32


def test_a_single_image_of_a_camera_has_no_pass():
    with pytest.raises(UserError, match=r"a batch of 5 has a single image of a camera, .*raise images_per_tracklet"):
        toy(separate_passes=True)(images(5), tracklets=TRACKLETS[:5], mode="loss")


def test_batches_without_tracklets():
    with pytest.raises(UserError, match="TAUDL learns tracklets, and these batches have none: train on Tracklets"):
        toy()(images(2), pids=torch.tensor([0, 1]), mode="loss")


@pytest.mark.parametrize("numbers", [[5], [3, 1], [0, 2]])
def test_too_few_cameras_or_tracklets(numbers):
    with pytest.raises(UserError, match=r"two cameras or more with two tracklets or more each, got .*: count them"):
        TAUDL(BACKBONE, HEAD, tracklets_per_camera=numbers)


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_a_weight_out_of_its_range(weight):
    with pytest.raises(UserError, match=rf"association_weight of TAUDL lies in \[0, 1\], got {weight}"):
        TAUDL(BACKBONE, HEAD, PER_CAMERA, association_weight=weight)


def test_a_run_starts_from_a_source_and_its_rows_say_what_supervised_it(toy_config, toy_market, tmp_path):
    """Backbone and feature layer come from the other run, and the classifier's size from the tracklets."""
    source = IDE(BACKBONE, {"type": "LinearHead", "hidden": 8}, num_pids=5)
    torch.save({"state_dict": source.state_dict(), "meta": {}}, tmp_path / "source.pth")
    dataset = {"_delete_": True, "type": "Tracklets", "dataset": {"type": "Market1501", "root": str(toy_market)}}
    changes = {
        "model": {"_delete_": True, "type": "TAUDL", "backbone": BACKBONE, "head": HEAD},
        "train_dataloader.dataset": dataset,
        "train_dataloader.sampler": {"type": "TrackletSampler", "images_per_tracklet": 2},
        "train_dataloader.batch_size": 8,
        "load_from": str(tmp_path / "source.pth"),
        "allow_partial_load": ["head.classifier."],
        "optim_wrapper.optimizer.lr": 0.0,
        "train_cfg.max_epochs": 1,
    }
    config = toy_config(**changes)
    runner = train(config, work_dir=tmp_path / "run")
    assert Config.fromfile(tmp_path / "run" / config.name).model.tracklets_per_camera == [6, 6]
    for name in ("backbone.conv1.conv.weight", "head.hidden.0.weight"):
        assert torch.equal(runner.model.state_dict()[name], source.state_dict()[name])
    assert runner.model.head.classifier.weight.shape == (12, 8)
    row = evaluate(config, tmp_path / "run" / "epoch_1.pth")
    assert row["train_split"].endswith("tracklets from identity and camera (intra-camera supervision)")
    assert row["metrics"]["num_valid_queries"] > 0
