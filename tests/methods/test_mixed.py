"""What LSRO, all-in-one and pseudo labels share: one pass, one mean, and labels of fakes that nobody reads."""

import copy

import pytest
import torch
from toy_mixed import K, mixed_batch, rows_of, toy

from reidzoo.base.errors import UserError
from reidzoo.base.labels import UNLABELLED_PID
from reidzoo.methods.ide import IDE
from reidzoo.registry import METHODS

#: what each method logs of generated images beside its loss
OF_FAKES = {
    "AllInOne": {"accuracy_fake"},
    "LSRO": {"floor_fake"},
    "PseudoLabel": {"used_fake", "confidence_fake"},
}
NAMES = sorted(OF_FAKES)
ALWAYS = {"AllInOne": {}, "LSRO": {}, "PseudoLabel": {"begin_epoch": 0}}


def expected_of_fake(name, row):
    """The paper's loss of one generated image, from its log p(k)."""
    return {"AllInOne": -row[-1], "LSRO": -sum(row) / len(row), "PseudoLabel": -max(row)}[name]


@pytest.mark.parametrize("weight", [1.0, 0.3])
@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_the_mean_over_the_mixed_batch_after_one_pass(name, weight):
    method, data = toy(name, **ALWAYS[name], fake_weight=weight), mixed_batch()
    twin = copy.deepcopy(method)
    logits = twin.head(twin.backbone(data["images"])).logits
    real = fake = 0.0
    for row, y, z in zip(rows_of(logits), data["pids"].tolist(), data["is_generated"].tolist(), strict=True):
        if z:
            fake += expected_of_fake(name, row)
        else:
            real -= row[y]
    terms = method(**data, mode="loss")
    assert set(terms) == {"loss_real", "loss_fake", "ce_real", "ce_fake", "accuracy_real"} | OF_FAKES[name]
    assert terms["loss_real"].item() == pytest.approx(real / 6, abs=1e-5)
    assert terms["loss_fake"].item() == pytest.approx(weight * fake / 6, abs=1e-5)
    assert terms["ce_real"].item() == pytest.approx(real / 4, abs=1e-5)
    assert terms["ce_fake"].item() == pytest.approx(fake / 2, abs=1e-5)
    assert method.backbone.conv1.bn.num_batches_tracked == 1
    for key, value in method.state_dict().items():
        torch.testing.assert_close(value, twin.state_dict()[key])


@pytest.mark.parametrize("name", NAMES)
def test_kinds_that_pass_apart_are_normalised_by_their_own_statistics(name):
    method, data = toy(name, **ALWAYS[name], separate_passes=True), mixed_batch()
    twin, joint = copy.deepcopy(method), toy(name, **ALWAYS[name])
    real, fake = data["images"][~data["is_generated"]], data["images"][data["is_generated"]]
    by_hand = [twin.head(twin.backbone(images)).logits for images in (real, fake)]
    labels = data["pids"][~data["is_generated"]].tolist()
    expected = -sum(row[y] for row, y in zip(rows_of(by_hand[0]), labels, strict=True)) / 6
    terms, joint_terms = method(**data, mode="loss"), joint(**data, mode="loss")
    assert terms["loss_real"].item() == pytest.approx(expected, abs=1e-5)
    assert terms["loss_fake"].item() == pytest.approx(
        method.fake_weight * sum(expected_of_fake(name, row) for row in rows_of(by_hand[1])) / 6, abs=1e-5
    )
    assert abs(terms["loss_real"] - joint_terms["loss_real"]) > 1e-4
    assert (method.backbone.conv1.bn.num_batches_tracked, joint.backbone.conv1.bn.num_batches_tracked) == (2, 1)
    for key, value in method.state_dict().items():
        torch.testing.assert_close(value, twin.state_dict()[key])
    with pytest.raises(UserError, match="a batch of 5 has a single fake image"):
        method(**mixed_batch(4, 1), mode="loss")


@pytest.mark.parametrize("name", NAMES)
def test_labels_of_generated_images_are_never_read(name):
    method, data = toy(name, **ALWAYS[name]), mixed_batch()
    start = copy.deepcopy(method)
    gradients = []
    for label in (UNLABELLED_PID, 0, 10**9):
        trained = copy.deepcopy(start)
        pids = data["pids"].masked_fill(data["is_generated"], label)
        trained.parse_losses(trained(**{**data, "pids": pids}, mode="loss"))[0].backward()
        gradients.append([parameter.grad for parameter in trained.parameters()])
    assert all(torch.equal(*pair) for other in gradients[1:] for pair in zip(gradients[0], other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_one_kind(name):
    method = toy(name, **ALWAYS[name])
    real, fake = mixed_batch(4, 0), mixed_batch(0, 4)
    assert set(method(**fake, mode="loss")) == {"loss_fake", "ce_fake"} | OF_FAKES[name]
    terms = method(**real, mode="loss")
    assert set(terms) == {"loss_real", "ce_real", "accuracy_real"}
    assert terms["loss_real"] == terms["ce_real"]
    if name != "AllInOne":  # it has one class more
        ide = METHODS.build({"type": "IDE", "backbone": {"type": "OSNet", "width": 0.25}, "num_pids": K,
                             "head": {"type": "LinearHead", "hidden": 8, "dropout": 0.0}}).double()  # fmt: skip
        ide.load_state_dict(method.state_dict())
        torch.testing.assert_close(terms["loss_real"], ide.losses(real["images"], real["pids"])["loss_id"])


@pytest.mark.parametrize("name", NAMES)
def test_real_images_may_have_a_loss_of_their_own(name):
    smoothing = {"type": "CrossEntropy", "label_smoothing": 0.1}
    plain, smooth = toy(name, **ALWAYS[name]), toy(name, **ALWAYS[name], real_loss=smoothing)
    smooth.load_state_dict(plain.state_dict())
    ours, theirs = plain(**mixed_batch(), mode="loss"), smooth(**mixed_batch(), mode="loss")
    assert (ours["loss_real"] - theirs["loss_real"]).abs() > 1e-3
    assert torch.equal(ours["loss_fake"], theirs["loss_fake"])


@pytest.mark.parametrize("name", NAMES)
def test_mistakes(name):
    with pytest.raises(UserError, match=f"fake_weight of {name} is at least 0, got -0.1"):
        toy(name, fake_weight=-0.1)
    method, data = toy(name), mixed_batch()
    with pytest.raises(UserError, match=f"{name} learns from real and generated images, and these batches do not tell"):
        method(data["images"], data["pids"], mode="loss")
    with pytest.raises(UserError, match="IDE does not tell generated images from real ones"):
        IDE({"type": "OSNet", "width": 0.25}, {"type": "LinearHead"}, num_pids=K)(**data, mode="loss")
