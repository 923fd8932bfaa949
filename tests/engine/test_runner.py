"""Checkpoints into a run: strict unless the config names what may differ; parameter groups from the config."""

import pytest
import torch

from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_weights
from reidzoo.methods import IDE


@pytest.fixture(scope="module")
def pretrained(toy_market, tmp_path_factory):
    """Weights of the toy network, with a classifier of one identity more."""
    torch.manual_seed(1)
    network = IDE({"type": "OSNet", "width": 0.25}, {"type": "LinearHead", "hidden": 16}, num_pids=7)
    path = tmp_path_factory.mktemp("pretrained") / "seven.pth"
    torch.save(network.state_dict(), path)
    return path


def start(config, tmp_path, **options):
    """The model as it is after loading: a learning rate of zero leaves it there."""
    still = {"optim_wrapper.optimizer.lr": 0.0, "train_cfg.max_epochs": 1, "log_level": "INFO"}
    return train(config, work_dir=tmp_path / "run", options={**still, **options}).model


def test_allow_partial_load_may_be_a_list_of_prefixes(toy_config, pretrained, tmp_path):
    allowed = {"load_from": str(pretrained), "allow_partial_load": ["head.classifier."]}
    model, state = start(toy_config(), tmp_path, **allowed), read_weights(pretrained)
    assert model.head.classifier.out_features == 6
    for name, parameter in model.named_parameters():
        if not name.startswith("head.classifier."):
            assert torch.equal(parameter, state[name]), name
    log = next((tmp_path / "run").rglob("*.log")).read_text()
    assert "head.classifier.weight: left as initialised" in log
    assert "backbone.conv1.conv.weight: from the file" in log


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        (["head.hidden."], r"not among the allowed prefixes: head\.classifier\.weight"),
        (["head.classifier.", "heads."], r"prefix 'heads\.' of allow_partial_load begins no name"),
        ("head.classifier.", "True, False or a list of name prefixes, got 'head.classifier.'"),
        ([""], r"True, False or a list of name prefixes, got \[''\]"),
    ],
)
def test_wrong_prefixes_are_refused(toy_config, pretrained, tmp_path, allowed, said):
    with pytest.raises(UserError, match=said):
        start(toy_config(), tmp_path, load_from=str(pretrained), allow_partial_load=allowed)


def test_learning_rates_of_the_config_reach_their_parameters(toy_config, tmp_path):
    """0.1 for new layers and twice that for their offsets, 0.01 for the backbone, none for what is frozen."""
    rates = {"backbone": {"lr_mult": 0.1}, "head.classifier.bias": {"lr_mult": 2.0}}
    config = toy_config(**{
        "model.backbone.frozen_stages": 1, "optim_wrapper.paramwise_cfg": {"custom_keys": rates},
        "optim_wrapper.optimizer.lr": 0.1, "train_cfg.max_epochs": 1, "log_level": "INFO",
    })  # fmt: skip
    runner = train(config, work_dir=tmp_path / "run")
    groups = runner.optim_wrapper.optimizer.param_groups
    found = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    for name, parameter in runner.model.named_parameters():
        frozen = name.startswith("backbone.conv1.")
        expected = 0.01 if name.startswith("backbone.") else 0.2 if name == "head.classifier.bias" else 0.1
        assert found.get(id(parameter)) == (None if frozen else pytest.approx(expected)), name
    log = next((tmp_path / "run").rglob("*.log")).read_text()
    assert "3 of 327 parameters are frozen" in log
    assert "requires_grad=False" not in log
