"""Pairs inside a batch, and the two losses on one feature."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reidzoo.base.errors import UserError
from reidzoo.methods.verif_identif import VerifIdentif, draw_pairs

BACKBONE = {"type": "OSNet", "width": 0.25}
HEAD = {"type": "LinearHead", "hidden": None, "dropout": 0.0}


def pairable(pids):
    return 1 < len(set(pids)) < len(pids)


@given(st.lists(st.integers(0, 4), min_size=3, max_size=12).filter(pairable), st.integers(0, 99))
def test_pairs_are_what_they_say_one_to_one(pids, seed):
    torch.manual_seed(seed)
    pids = torch.tensor(pids)
    first, second, same = draw_pairs(pids)
    assert torch.equal(pids[first] == pids[second], same.bool())
    assert (first != second).all()
    assert same.sum() * 2 == len(same)
    anchors = [row for row in range(len(pids)) if (pids == pids[row]).sum() > 1]
    assert first[same == 1].tolist() == anchors
    assert first[same == 0].tolist() == anchors


def test_two_images_of_an_identity_are_each_others_positives():
    first, second, same = draw_pairs(torch.tensor([3, 3, 8, 8]))
    assert first[same == 1].tolist() == [0, 1, 2, 3]
    assert second[same == 1].tolist() == [1, 0, 3, 2]


def test_partners_follow_the_seed_and_reach_every_candidate():
    pids = torch.arange(4).repeat_interleave(3)
    torch.manual_seed(5)
    once = draw_pairs(pids)
    torch.manual_seed(5)
    assert all(map(torch.equal, once, draw_pairs(pids)))
    seen = {tuple(pair) for _ in range(200) for pair in torch.stack(draw_pairs(pids)[:2], 1).tolist()}
    assert len(seen) == 12 * 11  # all ordered pairs of different images


@pytest.mark.parametrize(
    ("pids", "said"),
    [
        ([0, 1, 2], "3 image.* of 3 identities has no positive pair: use IdentitySampler with images_per_pid"),
        ([4, 4], "2 image.* of 1 identities has no negative pair: use IdentitySampler with pids_per_batch"),
    ],
)
def test_a_batch_without_pairs_of_one_kind(pids, said):
    with pytest.raises(UserError, match=said):
        draw_pairs(torch.tensor(pids))


def test_both_losses_in_float64():
    torch.manual_seed(0)
    method = VerifIdentif(BACKBONE, HEAD, num_pids=3, verification_dropout=0.0).double().eval()
    with torch.no_grad():
        for parameter in method.verification.parameters():
            parameter.normal_()
    images, pids = torch.randn(6, 3, 32, 16, dtype=torch.float64), torch.tensor([0, 0, 1, 1, 2, 2])
    torch.manual_seed(7)
    losses = method(images, pids, mode="loss")
    torch.manual_seed(7)
    first, second, same = draw_pairs(pids)
    feature = method.embed(images)  # the pooled feature
    head, verifier = method.head.classifier, method.verification.classifier
    logits = feature @ head.weight.T + head.bias
    twin = -sum(logits[i, pids[i]] - logits[i].exp().sum().log() for i in range(6)) / 6
    assert losses["loss_id"].item() == pytest.approx(twin.item(), rel=1e-5)
    twin = 0.0
    for i, j, q in zip(first, second, same, strict=True):
        z = verifier.weight @ (feature[i] - feature[j]) ** 2 + verifier.bias
        twin -= (z[q] - z.exp().sum().log()) / 12
    assert losses["loss_verification"].item() == pytest.approx(twin.item(), rel=1e-5)
    assert set(losses) == {"loss_id", "loss_verification", "accuracy", "verification_accuracy"}


def test_verification_starts_near_even_odds():
    method = VerifIdentif(BACKBONE, HEAD, num_pids=2)
    losses = method(torch.randn(4, 3, 32, 16), torch.tensor([0, 0, 1, 1]), mode="loss")
    assert losses["loss_verification"].item() == pytest.approx(math.log(2), abs=0.05)
