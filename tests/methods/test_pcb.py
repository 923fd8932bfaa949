"""PCB's loss, and the three stages that induce RPP's part classifier."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.base.weights import load_weights
from reidzoo.methods.pcb import PCB

BACKBONE = {"type": "OSNet", "width": 0.25, "embedding": False}
INDUCED = "head.part_classifier."


def toy_method(*, refined=False, **arguments):
    torch.manual_seed(0)
    head = {"type": "PCBHead", "parts": 2, "hidden": 8, "dropout": 0.0, "refined": refined}
    return PCB(BACKBONE, head, num_pids=3, **arguments)


def toy_batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 3, 64, 32, generator=generator), torch.arange(6) % 3


def steps(method, count=2):
    """``count`` steps of SGD over all parameters, as the Runner's optimiser takes them; returns the losses."""
    method.train()
    optimiser = torch.optim.SGD(method.parameters(), lr=0.01, momentum=0.9, weight_decay=0.01)
    images, pids = toy_batch()
    losses = []
    for _ in range(count):
        optimiser.zero_grad()
        loss = method.losses(images, pids)["loss_id"]
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def changed(method, before):
    return {name for name, tensor in method.state_dict().items() if not torch.equal(tensor, before[name])}


def copy_of(method):
    return {name: tensor.clone() for name, tensor in method.state_dict().items()}


def test_loss_is_the_sum_over_parts():
    method, (images, pids) = toy_method(), toy_batch()
    for classifier in method.head.classifiers:
        torch.nn.init.normal_(classifier.weight)
    method.eval()
    losses = method.losses(images, pids)
    logits = method.head(method.backbone(images)).logits.double()
    terms, hits = [], 0
    for part in range(2):
        for image in range(6):
            row = logits[image, part]
            terms.append(row.exp().sum().log() - row[pids[image]])
            hits += int(row.argmax() == pids[image])
    assert losses["loss_id"].item() == pytest.approx(sum(terms).item() / 6, rel=1e-5)
    assert losses["accuracy"].item() == pytest.approx(hits / 12)


def test_losses_of_even_odds():
    """New classifiers know nothing: P ln K, here 2 ln 3."""
    assert toy_method().losses(*toy_batch())["loss_id"].item() == pytest.approx(2.197, abs=0.02)


def test_induction_changes_the_part_classifier_only():
    method = toy_method(refined=True, induction=True)
    before = copy_of(method)
    steps(method)
    assert changed(method, before) == {INDUCED + "score.weight", INDUCED + "score.bias"}


def test_without_induction_everything_learns():
    method = toy_method(refined=True)
    before = copy_of(method)
    steps(method)
    learnt = changed(method, before)
    assert {name for name in before if name.startswith("head.")} <= learnt
    assert {"backbone.conv1.conv.weight", "backbone.conv1.bn.running_mean"} <= learnt


def test_induction_lowers_the_loss_of_the_frozen_classifiers():
    method = toy_method(refined=True, induction=True)
    for classifier in method.head.classifiers:
        torch.nn.init.normal_(classifier.weight)  # classifiers that have an opinion
    losses = steps(method, 5)
    assert losses[-1] < losses[0] - 1e-3


def test_norms_stay_frozen_however_the_mode_is_switched():
    method = toy_method(refined=True, induction=True)
    norms = [module for module in method.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
    assert len(norms) > 10
    for mode in (True, False, True):
        method.train(mode)
        assert not any(norm.training for norm in norms)
        assert method.head.dropout.training is mode
    assert all(norm.training for norm in toy_method().train().backbone.modules())


def test_stages_pass_their_checkpoints_on():
    """Stage 2 lacks nothing of stage 1 but the part classifier; stage 3 has exactly stage 2's entries."""
    stage1, stage2 = toy_method(), toy_method(refined=True, induction=True)
    with pytest.raises(UserError, match="2 missing"):
        load_weights(stage2, stage1.state_dict(), source="stage 1")
    report = load_weights(stage2, stage1.state_dict(), source="stage 1", allow_partial=[INDUCED])
    assert set(report.missing) == {INDUCED + "score.weight", INDUCED + "score.bias"}
    assert load_weights(toy_method(refined=True), stage2.state_dict(), source="stage 2").complete


def test_heads_that_do_not_fit_pcb():
    with pytest.raises(UserError, match="head of parts, got LinearHead: take PCBHead, or method IDE"):
        PCB(BACKBONE, {"type": "LinearHead"}, num_pids=3)
    with pytest.raises(UserError, match="teaches a part classifier, and this head has none: set refined=True"):
        toy_method(induction=True)
