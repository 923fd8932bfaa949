"""Exported backbones load strictly where their names belong, and their header says what they are."""

import json

import pytest
import torch
from safetensors import safe_open

from reidzoo.apis.publishing import export_backbone
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.registry import BACKBONES


def test_an_exported_backbone_starts_another_network(toy_config, tmp_path):
    runner = train(toy_config(), work_dir=tmp_path / "run")
    out = tmp_path / "osnet.safetensors"
    export_backbone(tmp_path / "run" / "epoch_2.pth", out, half=True)
    net = BACKBONES.build({"type": "OSNet", "width": 0.25, "weights": str(out)})
    for name, tensor in runner.model.backbone.state_dict().items():
        assert torch.allclose(net.state_dict()[name], tensor, rtol=1e-3, atol=1e-6), name  # float16 keeps 3 digits
    with safe_open(out, "pt") as file:
        assert json.loads(file.metadata()["trained_on"]) == "Market1501 train"
        assert "SeededEpochLoop" in file.metadata()["config"]
        assert "work_dir" not in file.metadata()["config"]


def test_refusals(toy_config, tmp_path):
    with pytest.raises(UserError, match="safetensors files"):
        export_backbone(tmp_path / "x.pth", tmp_path / "y.pth")
    torch.save({"weight": torch.ones(1)}, tmp_path / "no_backbone.pth")
    with pytest.raises(UserError, match=r"no entry under 'backbone\.'"):
        export_backbone(tmp_path / "no_backbone.pth", tmp_path / "y.safetensors")
