"""Walks the shelf: every backbone keeps the contract of its room, whoever added it."""

import inspect
import re

import pytest
import torch

import reidzoo.models.backbones  # noqa: F401  (fills the shelf)
from reidzoo.registry import BACKBONES

TOY = {"OSNet": {"width": 0.25}, "TorchvisionResNet": {"depth": 18}, "TimmBackbone": {"name": "test_convnext"}}
NAMES = sorted(name for name, cls in BACKBONES.module_dict.items() if cls.__module__.startswith("reidzoo."))


@pytest.fixture(params=NAMES)
def backbone(request):
    if request.param == "TimmBackbone":
        pytest.importorskip("timm")  # an optional extra
    torch.manual_seed(0)
    return BACKBONES.build({"type": request.param, **TOY.get(request.param, {})})


def test_the_shelf_is_not_empty():
    assert {"OSNet", "TimmBackbone", "TorchvisionResNet"} <= set(NAMES)


@pytest.mark.parametrize(("height", "width"), [(128, 64), (96, 48), (100, 50)])
def test_attributes_are_true(backbone, height, width):
    with torch.no_grad():
        feature_map = backbone.eval()(torch.randn(2, 3, height, width))
    assert feature_map.shape[:2] == (2, backbone.out_channels)
    for size, cells in ((height, feature_map.shape[2]), (width, feature_map.shape[3])):
        assert abs(cells - size / backbone.stride) < 1


def test_gradients_reach_every_parameter(backbone):
    backbone(torch.randn(2, 3, 64, 64)).square().mean().backward()
    for name, parameter in backbone.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_finite_under_bf16_autocast(backbone):
    with torch.autocast("cpu", torch.bfloat16):
        feature_map = backbone(torch.randn(2, 3, 64, 64))
    assert feature_map.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_documented_with_source_attributes_and_weights(name):
    cls = BACKBONES.module_dict[name]
    assert re.search(r"\b(19|20)\d\d\b", cls.__doc__), "name the paper and its year"
    assert "out_channels" in cls.__doc__
    assert "stride" in cls.__doc__
    arguments = inspect.signature(cls).parameters
    assert arguments["weights"].default is None
    assert arguments["frozen_stages"].default == 0
    assert arguments["freeze_bn"].default is None
