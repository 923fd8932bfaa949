"""What is frozen does not move by a bit, everything else does: of every backbone on the shelf."""

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

import reidzoo.models.backbones  # noqa: F401  (fills the shelf)
from reidzoo.base.errors import UserError
from reidzoo.models.backbones.freezing import FreezableBackbone, parameters_of
from reidzoo.registry import BACKBONES

TOY = {
    "OSNet": {"width": 0.25, "embedding": True},
    "TorchvisionResNet": {"depth": 18},
    "TimmBackbone": {"name": "test_resnet"},
}
#: backbones without batch norm, which are slow at their one size: their own tests freeze them
WITHOUT_NORMS = {"TorchvisionVGG19"}
STEM = {
    "OSNet": ("conv1.",),
    "TorchvisionResNet": ("conv1.", "bn1."),
    "TimmBackbone": ("network.conv1.", "network.bn1."),
}
SECOND = {
    "OSNet": ("conv1.", "conv2.", "pool2."),
    "TorchvisionResNet": ("conv1.", "bn1.", "layer1."),
    "TimmBackbone": ("network.conv1.", "network.bn1.", "network.layer1."),
}
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def build(name, **arguments):
    if name == "TimmBackbone":
        pytest.importorskip("timm")  # an optional extra
    torch.manual_seed(0)
    return BACKBONES.build({"type": name, **TOY[name], **arguments})


def test_every_backbone_is_tried():
    assert set(TOY) | WITHOUT_NORMS == {
        name for name, cls in BACKBONES.module_dict.items() if cls.__module__.startswith("reidzoo.")
    }


def moved(backbone, steps=2):
    """Names of the entries that training changes; decay and momentum are on, evaluation comes in between."""
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    learning = [parameter for parameter in backbone.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning or [nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9, weight_decay=0.1)
    for step in range(steps):
        backbone.eval()
        backbone.train()
        loss = backbone(torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(step))).square().mean()
        optimizer.zero_grad()
        if learning:
            loss.backward()
        optimizer.step()
    return {name for name, tensor in backbone.state_dict().items() if not torch.equal(tensor, before[name])}


def affine_names(backbone):
    return {
        f"{prefix}.{name}"
        for prefix, module in backbone.named_modules()
        if isinstance(module, BatchNorm)
        for name, _ in module.named_parameters()
    }


@pytest.mark.parametrize("name", TOY)
def test_nothing_is_frozen_unless_asked_for(name):
    backbone = build(name)
    assert moved(backbone) == set(backbone.state_dict())


@pytest.mark.parametrize(("frozen_stages", "prefixes"), [(1, STEM), (2, SECOND)])
@pytest.mark.parametrize("name", TOY)
def test_frozen_stages_stay_to_the_bit_and_the_others_learn(name, frozen_stages, prefixes):
    backbone = build(name, frozen_stages=frozen_stages)
    frozen = {entry for entry in backbone.state_dict() if entry.startswith(prefixes[name])}
    assert frozen
    assert moved(backbone) == set(backbone.state_dict()) - frozen


@pytest.mark.parametrize("name", TOY)
def test_all_stages_leave_only_what_lies_behind_them(name):
    backbone = build(name, frozen_stages=5)
    assert all(entry.startswith("fc.") for entry in moved(backbone))


@pytest.mark.parametrize("name", TOY)
def test_statistics_alone_or_with_scale_and_shift(name):
    statistics = build(name, freeze_bn="statistics")
    fixed = {entry for entry in statistics.state_dict() if entry.endswith(STATISTICS)}
    assert moved(statistics) == set(statistics.state_dict()) - fixed
    both = build(name, freeze_bn="affine")
    assert moved(both) == set(both.state_dict()) - fixed - affine_names(both)


def test_frozen_norms_use_the_statistics_that_they_keep():
    backbone = build("TorchvisionResNet", freeze_bn="statistics")
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        assert torch.equal(backbone.train()(images), backbone.eval()(images))


def test_norms_that_become_synchronised_stay_frozen():
    backbone = nn.SyncBatchNorm.convert_sync_batchnorm(build("TorchvisionResNet", frozen_stages=2))
    backbone.train()
    assert not any(module.training for module in (backbone.bn1, *backbone.layer1.modules()))
    assert all(module.training for module in backbone.layer2.modules())


def test_nothing_is_dropped_in_a_frozen_stage():
    class Dropping(FreezableBackbone):
        def __init__(self):
            super().__init__()
            self.stem, self.rest = (nn.Sequential(nn.Conv2d(3, 3, 1), nn.Dropout()) for _ in range(2))

        def stages(self):
            return [parameters_of(self.stem), parameters_of(self.rest)]

    backbone = Dropping()
    backbone.freeze(1, None)
    backbone.train()
    assert not any(module.training for module in backbone.stem.modules())
    assert all(module.training for module in backbone.rest.modules())
    with pytest.raises(UserError, match="Dropping has no batch norm, and freeze_bn='statistics' asks to freeze it"):
        backbone.freeze(0, "statistics")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"frozen_stages": 6}, r"TorchvisionResNet can freeze 0 to 5 stages, the stem first, got frozen_stages=6"),
        ({"frozen_stages": -1}, "can freeze 0 to 5 stages"),
        ({"frozen_stages": True}, "got frozen_stages=True"),
        ({"freeze_bn": True}, "freeze_bn of TorchvisionResNet is 'statistics', 'affine' or None, got True"),
    ],
)
def test_what_cannot_be_frozen_is_told(arguments, said):
    with pytest.raises(UserError, match=said):
        build("TorchvisionResNet", **arguments)
