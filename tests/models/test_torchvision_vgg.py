import hashlib

import pytest
import torch
import torchvision

from reidzoo.base.errors import UserError
from reidzoo.models.backbones import TorchvisionVGG19
from reidzoo.models.early_layer import EarlyLayer


@pytest.fixture(scope="module")
def state():
    return TorchvisionVGG19().state_dict()


def test_convolutions_are_torchvisions(state):
    with torch.device("meta"):
        theirs = torchvision.models.vgg19().state_dict()
    shapes = {name: tensor.shape for name, tensor in theirs.items() if name.startswith("features.")}
    assert {name: tensor.shape for name, tensor in state.items()} == shapes
    assert sum(tensor.numel() for tensor in state.values()) == 20_024_384


@pytest.mark.parametrize(
    ("layer", "convolutions", "shape"), [("features.3", 2, (1, 64, 32, 16)), ("features.6", 3, (1, 128, 16, 8))]
)
def test_the_layers_that_papers_name(layer, convolutions, shape):
    """block1_conv2 at full size and block2_conv1 at half of it, after their ReLU."""
    early = EarlyLayer(TorchvisionVGG19(), layer)
    seen = early(torch.randn(1, 3, 32, 16))
    assert seen.shape == shape
    assert seen.min() == 0
    assert sum(isinstance(module, torch.nn.Conv2d) for module in early.modules()) == convolutions


def test_weights_from_files_and_torchs_hub_cache(tmp_path, monkeypatch, state):
    path = tmp_path / "checkpoints" / "file.pth"
    path.parent.mkdir()
    torch.save({**state, "classifier.0.bias": torch.zeros(3)}, path)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UserError, match=r"VGG-19 are expected at '.*vgg19-dcbb9e9d.pth' and nothing is downloaded"):
        TorchvisionVGG19(weights="imagenet")
    name = f"vgg19-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth"
    enum = torchvision.models.VGG19_Weights.IMAGENET1K_V1
    value = type(enum.value)(url=f"https://example.org/{name}", transforms=None, meta={})
    monkeypatch.setattr(enum, "_value_", value)
    path = path.rename(path.with_name(name))
    for weights in ("imagenet", str(path)):
        loaded = TorchvisionVGG19(weights=weights).state_dict()
        assert all(torch.equal(tensor, state[key]) for key, tensor in loaded.items())


def test_blocks_can_be_frozen():
    network = TorchvisionVGG19(frozen_stages=2)
    frozen = [name for name, parameter in network.named_parameters() if not parameter.requires_grad]
    assert frozen == [f"features.{i}.{part}" for i in (0, 2, 5, 7) for part in ("weight", "bias")]
    with pytest.raises(UserError, match="can freeze 0 to 5 stages"):
        TorchvisionVGG19(frozen_stages=6)


def test_its_first_blocks_freeze():
    backbone = TorchvisionVGG19(frozen_stages=2)
    frozen = {name for name, parameter in backbone.named_parameters() if not parameter.requires_grad}
    assert frozen == {f"features.{layer}.{kind}" for layer in (0, 2, 5, 7) for kind in ("weight", "bias")}
