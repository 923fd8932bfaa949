"""Weights from elsewhere: what a person brings, through every door that takes it, told completely and never run."""

import logging
import os

import pytest
import torch
from mmengine.logging import MMLogger
from torchvision.models import resnet18

from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.registry import BACKBONES


class Payload:
    """Unpickled with trust, this creates a file."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.open, (str(self.target), os.O_CREAT | os.O_WRONLY)


@pytest.fixture(params=[True, False], ids=["zip", "legacy"])
def hostile(request, tmp_path):
    """A ``.pth.tar`` with real weights of OSNet and a payload beside them, in both formats of torch."""
    state = BACKBONES.build({"type": "OSNet", "width": 0.25}).state_dict()
    content = {"state_dict": state, "epoch": 60, "note": Payload(tmp_path / "made")}
    torch.save(content, tmp_path / "osnet.pth.tar", _use_new_zipfile_serialization=request.param)
    return tmp_path / "osnet.pth.tar"


def test_the_payload_would_run_where_pickles_are_trusted(hostile, tmp_path):
    os.close(torch.load(hostile, weights_only=False)["note"])
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("door", ["weights", "load_from", "test"])
def test_code_in_a_checkpoint_is_refused_at_every_door(hostile, toy_config, tmp_path, door):
    backbone = {"type": "OSNet", "width": 0.25, "weights": str(hostile)}
    doors = {
        "weights": lambda: train(toy_config(**{"model.backbone": backbone}), work_dir=tmp_path / "run"),
        "load_from": lambda: train(toy_config(load_from=str(hostile)), work_dir=tmp_path / "run"),
        "test": lambda: evaluate(toy_config(), hostile, options={"model.num_pids": 6}),
    }
    with pytest.raises(UserError, match=r"asks for the Python object '\w+\.open', which was not executed") as refusal:
        doors[door]()
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "made").exists()


@pytest.fixture
def log():
    """The lines that the current logger writes."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel("INFO")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_a_torchvision_classifier_is_reported(tmp_path, log):
    torch.save(resnet18(weights=None).state_dict(), tmp_path / "resnet18.pth")
    BACKBONES.build({"type": "TorchvisionResNet", "depth": 18, "weights": str(tmp_path / "resnet18.pth")})
    (line,) = [line for line in log if "starts from" in line]
    assert line == f"TorchvisionResNet starts from {tmp_path}/resnet18.pth: 120 fit, 2 ignored (fc.bias, fc.weight)"


def test_a_network_of_another_kind_is_refused_with_both_sides(tmp_path):
    torch.save(resnet18(weights=None).state_dict(), tmp_path / "resnet18.pth")
    with pytest.raises(UserError, match=r"nothing was loaded.* missing .* unexpected "):
        BACKBONES.build({"type": "OSNet", "width": 0.25, "weights": str(tmp_path / "resnet18.pth")})
