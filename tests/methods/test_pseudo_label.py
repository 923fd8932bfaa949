"""Pseudo labels: from an epoch on, with a weight, found anew at every step."""

import copy

import pytest
import torch
from toy_mixed import PARTS, mixed_batch, toy

from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.methods.pseudo_label import PseudoLabel


def gradients(method, data):
    """Of all parameters after one batch, as one row, and the terms."""
    method = copy.deepcopy(method)
    terms = method(**data, mode="loss")
    method.parse_losses(terms)[0].backward()
    return torch.cat([parameter.grad.flatten() for parameter in method.parameters()]), terms


def test_generated_images_count_after_epoch_20_and_not_before():
    method, data = toy("PseudoLabel"), mixed_batch()
    found = {}
    for epoch in (1, 20, 21, 50):
        method.set_epoch(epoch)
        found[epoch], terms = gradients(method, data)
        assert terms["used_fake"] == (epoch > 20)
        assert terms["loss_fake"].item() == pytest.approx(0.1 * terms["ce_fake"].item() / 3 * (epoch > 20))
    assert torch.equal(found[1], found[20])
    assert torch.equal(found[21], found[50])
    assert not torch.allclose(found[20], found[21])
    method.fake_weight = 0.0
    assert torch.equal(gradients(method, data)[0], found[20])  # before is weight 0: they pass, and do not pull


def test_before_that_epoch_batch_norms_see_generated_images_and_a_batch_of_them_alone_is_no_mistake():
    method, data = toy("PseudoLabel"), mixed_batch()
    blank = {**data, "images": data["images"] * ~data["is_generated"][:, None, None, None]}
    assert not torch.allclose(gradients(method, data)[0], gradients(method, blank)[0])
    gradient, terms = gradients(method, mixed_batch(0, 4))
    assert terms["loss_fake"] == 0
    assert gradient.abs().max() == 0


def test_the_label_follows_the_prediction():
    """The gradient of a generated image makes it more of what it is taken for; another arg-max, another label."""
    method, data = toy("PseudoLabel", begin_epoch=0, fake_weight=1.0), mixed_batch(0, 4)
    for best in (1, 3):
        with torch.no_grad():
            method.head.classifier.bias.zero_()[best] = 6.0
        trained = copy.deepcopy(method)
        terms = trained(**data, mode="loss")
        terms["loss_fake"].backward()
        assert (trained.head.classifier.bias.grad < 0).nonzero().flatten().tolist() == [best]
        logits = copy.deepcopy(method)
        probabilities = logits.head(logits.backbone(data["images"])).logits.softmax(dim=1)
        assert terms["confidence_fake"].item() == pytest.approx(probabilities.amax(dim=1).mean().item(), abs=1e-6)


def test_nobody_has_told_the_epoch():
    with pytest.raises(UserError, match="was not told which one it is: train it with reidzoo's Runner"):
        PseudoLabel(**PARTS).double()(**mixed_batch(), mode="loss")
    with pytest.raises(UserError, match="begin_epoch of PseudoLabel is at least 0, got -1"):
        toy("PseudoLabel", begin_epoch=-1)


@pytest.mark.slow
def test_a_resumed_run_goes_on_counting_its_epochs(toy_config, toy_market, tmp_path):
    """Resumed for the one epoch in which generated images count; their weight is large enough to be seen."""
    parts = {key: value for key, value in PARTS.items() if key != "num_pids"}
    kind = {"type": "Market1501", "root": str(toy_market)}
    dataset = {"_delete_": True, "type": "RealAndGenerated", "real": kind, "generated": kind}

    def run(epochs, folder, resume=False, begin_epoch=2):
        model = {"_delete_": True, "type": "PseudoLabel", "begin_epoch": begin_epoch, "fake_weight": 10.0, **parts}
        sampler = {"type": "RealFakeSampler", "real_fake": (1, 1)}
        loader = {"train_dataloader.sampler": sampler, "train_dataloader.dataset": dataset}
        config = toy_config(**{"train_cfg.max_epochs": epochs, "model": model, **loader})
        return train(config, work_dir=tmp_path / folder, resume=resume).model.state_dict()

    whole, never = run(3, "whole"), run(3, "never", begin_epoch=3)
    run(2, "parts")
    resumed = run(3, "parts", resume=True)
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
    assert not torch.equal(whole["head.classifier.weight"], never["head.classifier.weight"])
