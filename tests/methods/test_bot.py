"""BagOfTricks: its terms, its switches and the class centres."""

import pytest
import torch
import torch.nn.functional as F

from reidzoo.base.errors import UserError
from reidzoo.losses import BatchHardTriplet
from reidzoo.methods.bot import CENTER_RATE, BagOfTricks, ClassCenters

PIDS = torch.tensor([0, 0, 2, 2])


def toy(**changes):
    torch.manual_seed(0)
    return BagOfTricks(
        **{"backbone": {"type": "OSNet", "width": 0.25}, "head": {"type": "BNNeckHead"}, "num_pids": 3, **changes}
    )


def test_terms_are_classification_and_triplets_on_the_feature_before_the_neck():
    method, images = toy(id_loss={"type": "CrossEntropy", "label_smoothing": 0.1}), torch.randn(4, 3, 64, 32)
    losses = method.losses(images, PIDS)
    feature = method.backbone(images).mean(dim=(2, 3))
    logits = method.head.classifier(method.head.neck(feature))
    torch.testing.assert_close(losses["loss_id"], F.cross_entropy(logits, PIDS, label_smoothing=0.1))
    torch.testing.assert_close(losses["loss_triplet"], BatchHardTriplet(0.3)(feature, PIDS))
    assert "loss_center" not in losses


def test_the_test_feature_follows_the_head():
    images = torch.randn(4, 3, 64, 32)
    neck, plain = toy().eval(), toy(head={"type": "LinearHead", "hidden": None, "dropout": 0.0}).eval()
    neck.head.neck.running_mean.fill_(1.0)
    torch.testing.assert_close(neck.embed(images), neck.head.neck(neck.backbone(images).mean(dim=(2, 3))))
    torch.testing.assert_close(plain.embed(images), plain.backbone(images).mean(dim=(2, 3)))


def test_centres_move_towards_their_identities_and_only_in_training():
    centers = ClassCenters(3, 2)
    centers.values[:] = torch.tensor([[0.0, 0.0], [5.0, 5.0], [1.0, 1.0]])
    features = torch.tensor([[1.0, 0.0], [3.0, 0.0], [1.0, 1.0], [1.0, 3.0]])
    assert centers(features, PIDS).item() == pytest.approx((1 + 9 + 0 + 4) / 4)
    # identity 0: sum of (c - f) = -(4, 0), over 1 + 2 images; identity 1 absent; identity 2: -(0, 2) / 3
    expected = [[CENTER_RATE * 4 / 3, 0.0], [5.0, 5.0], [1.0, 1.0 + CENTER_RATE * 2 / 3]]
    torch.testing.assert_close(centers.values, torch.tensor(expected))
    before = centers.values.clone()
    centers.eval()(features, PIDS)
    assert torch.equal(centers.values, before)


def test_centre_term_is_weighted_and_pulls_features():
    method = toy(center_weight=0.5)
    images = torch.randn(4, 3, 64, 32)
    values = method.centers.values.clone()
    feature = method.backbone(images).mean(dim=(2, 3))
    expected = 0.5 * (feature - values[PIDS]).square().sum(1).mean()
    losses = method.losses(images, PIDS)
    torch.testing.assert_close(losses["loss_center"], expected)
    losses["loss_center"].backward()
    assert next(method.backbone.parameters()).grad.abs().sum() > 0


def test_centres_travel_with_the_checkpoint():
    assert "centers.values" in toy(center_weight=5e-4).state_dict()
    assert "centers.values" not in toy().state_dict()


def test_negative_weight():
    with pytest.raises(UserError, match="center_weight of BagOfTricks is at least 0"):
        toy(center_weight=-1)
