"""CamStyle: two kinds of images, two losses, and batch norms that see one kind at a time."""

import copy
import math

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.base.labels import UNLABELLED_PID
from reidzoo.methods.camstyle import CamStyle
from reidzoo.methods.ide import IDE
from reidzoo.registry import METHODS

PARTS = {
    "backbone": {"type": "OSNet", "width": 0.25},
    "head": {"type": "LinearHead", "hidden": 8, "dropout": 0.0},
    "num_pids": 5,
}


def camstyle(**changes):
    torch.manual_seed(0)
    return METHODS.build({"type": "CamStyle", **PARTS, **changes}).double()


def batch(real=4, fake=2):
    generator = torch.Generator().manual_seed(1)
    size = real + fake
    return {
        "images": torch.randn(size, 3, 64, 32, generator=generator, dtype=torch.float64),
        "pids": torch.randint(0, 5, (size,), generator=generator),
        "is_generated": torch.randperm(size, generator=generator) >= real,  # in any order
    }


def cross_entropy(logits, pids, eps):
    """-1/B sum_i sum_k q_k log p_k with q_k = (1 - eps) 1[k = y] + eps / K, written out."""
    total = 0.0
    for row, y in zip(logits.tolist(), pids.tolist(), strict=True):
        log_z = math.log(sum(math.exp(value) for value in row))
        for k, value in enumerate(row):
            total -= ((1 - eps) * (k == y) + eps / len(row)) * (value - log_z)
    return total / len(pids)


def single_passes(method, data):
    """Logits of the real and of the fake images, each kind alone, and the network as that leaves it."""
    network = copy.deepcopy(method)
    kinds = [~data["is_generated"], data["is_generated"]]
    return [network.head(network.backbone(data["images"][rows])).logits for rows in kinds], network


@pytest.mark.parametrize(("changes", "eps", "weight"), [
    ({}, 0.1, 1.0),
    ({"fake_loss": {"type": "CrossEntropy"}}, 0.0, 1.0),  # vanilla
    ({"fake_weight": 0.25}, 0.1, 0.25),
])  # fmt: skip
def test_the_losses_are_those_of_the_paper(changes, eps, weight):
    method, data = camstyle(**changes), batch()
    (real, fake), _ = single_passes(method, data)
    real_pids, fake_pids = data["pids"][~data["is_generated"]], data["pids"][data["is_generated"]]
    terms = method(**data, mode="loss")
    assert set(terms) == {"loss_real", "loss_fake", "accuracy_real", "accuracy_fake"}
    assert terms["loss_real"].item() == pytest.approx(cross_entropy(real, real_pids, 0.0), abs=1e-5)
    assert terms["loss_fake"].item() == pytest.approx(weight * cross_entropy(fake, fake_pids, eps), abs=1e-5)
    assert terms["accuracy_real"].item() == (real.argmax(1) == real_pids).double().mean().item()
    assert terms["accuracy_fake"].item() == (fake.argmax(1) == fake_pids).double().mean().item()


def test_separate_passes_are_two_passes_and_not_the_joint_one():
    method, data = camstyle(), batch()
    _, by_hand = single_passes(method, data)
    joint = camstyle(separate_passes=False)
    joint.load_state_dict(method.state_dict())
    whole = copy.deepcopy(joint)
    separate_terms, joint_terms = method(**data, mode="loss"), joint(**data, mode="loss")
    assert (separate_terms["loss_real"] - joint_terms["loss_real"]).abs() > 1e-4  # in float64

    logits = whole.head(whole.backbone(data["images"])).logits
    expected = cross_entropy(logits[data["is_generated"]], data["pids"][data["is_generated"]], 0.1)
    assert joint_terms["loss_fake"].item() == pytest.approx(expected, abs=1e-5)
    for found, other in ((method, by_hand), (joint, whole)):  # running statistics: two updates, real first, and one
        for name, value in found.state_dict().items():
            torch.testing.assert_close(value, other.state_dict()[name])
    assert method.backbone.conv1.bn.num_batches_tracked == 2
    assert joint.backbone.conv1.bn.num_batches_tracked == 1


def test_a_fake_counts_more_than_a_real_where_there_are_fewer():
    """Of 6 + 2 images a fake weighs as three real ones, in the gradient of logits that are all alike."""
    method, data = camstyle(separate_passes=False, fake_loss={"type": "CrossEntropy"}), batch(6, 2)
    logits = torch.zeros(8, 5, dtype=torch.float64, requires_grad=True)
    method.logits_by_kind = lambda images, fake: {"real": logits[~fake], "fake": logits[fake]}
    method.parse_losses(method(**data, mode="loss"))[0].backward()
    weights = logits.grad.norm(dim=1)
    assert torch.allclose(weights[data["is_generated"]], 3 * weights[~data["is_generated"]].mean())


@pytest.mark.parametrize("separate", [True, False])
def test_a_batch_of_real_images_is_ides(separate):
    method, data = camstyle(separate_passes=separate), batch(4, 0)
    ide = IDE(**PARTS).double()
    ide.load_state_dict(method.state_dict())
    terms = method(**data, mode="loss")
    assert set(terms) == {"loss_real", "accuracy_real"}
    torch.testing.assert_close(terms["loss_real"], ide.losses(data["images"], data["pids"])["loss_id"])
    assert set(method(**batch(0, 4), mode="loss")) == {"loss_fake", "accuracy_fake"}


def test_mistakes():
    with pytest.raises(UserError, match="fake_weight of CamStyle is at least 0, got -1"):
        CamStyle(**PARTS, fake_weight=-1)
    method, data = camstyle(), batch(4, 1)
    with pytest.raises(UserError, match="a batch of 5 has a single fake image"):
        method(**data, mode="loss")
    assert torch.isfinite(camstyle(separate_passes=False)(**data, mode="loss")["loss_fake"])
    with pytest.raises(UserError, match="these batches do not tell them apart"):
        method(data["images"], data["pids"], mode="loss")
    with pytest.raises(UserError, match="IDE does not tell generated images from real ones"):
        IDE(**PARTS)(**data, mode="loss")


def test_images_that_show_nobody_are_refused():
    data = batch()
    data["pids"][data["is_generated"]] = UNLABELLED_PID
    with pytest.raises(UserError, match=r"drawn from noise: train on a GeneratedFolder, or learn from them with LSRO"):
        camstyle()(**data, mode="loss")
