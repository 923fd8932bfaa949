"""All-in-one: one output more in training, nothing else at test."""

import torch
from mmengine.config import Config
from toy_mixed import PARTS, K, mixed_batch, toy

from reidzoo.apis.configs import complete_for_loading
from reidzoo.methods.ide import IDE
from reidzoo.registry import METHODS


def test_there_is_one_class_more_and_it_is_that_of_generated_images():
    method, data = toy("AllInOne"), mixed_batch()
    logits = method.head(method.backbone(data["images"])).logits
    assert logits.shape == (6, K + 1)
    with torch.no_grad():
        method.head.classifier.bias[K] = 1e3  # now everybody is taken for generated
    terms = method(**data, mode="loss")
    assert terms["ce_fake"] == 0
    assert terms["accuracy_fake"] == 1
    assert terms["accuracy_real"] == 0


def test_features_are_those_of_the_same_network_without_the_extra_class():
    method, ide = toy("AllInOne").eval(), IDE(**PARTS).double().eval()
    state = method.state_dict()
    for name in ("head.classifier.weight", "head.classifier.bias"):
        state[name] = state[name][:K]
    ide.load_state_dict(state)
    images = mixed_batch()["images"]
    with torch.no_grad():
        assert torch.equal(method(images, mode="predict"), ide(images, mode="predict"))


def test_a_checkpoint_that_knows_its_identities_is_enough_to_load_it():
    parts = {key: value for key, value in PARTS.items() if key != "num_pids"}
    cfg = Config({"model": {"type": "AllInOne", **parts}})
    complete_for_loading(cfg, {"dataset_meta": {"num_pids": K}}, "epoch_1.pth")
    METHODS.build(cfg.model).load_state_dict(toy("AllInOne").state_dict())
