import pytest
import torch
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.models.backbones import OSNet, TorchvisionResNet
from reidzoo.models.early_layer import EarlyLayer


@pytest.mark.parametrize(
    ("network", "layer"), [(lambda: OSNet(0.25), "conv1"), (lambda: TorchvisionResNet(18), "layer1")]
)
def test_is_what_the_layer_gives_in_the_whole_network(network, layer):
    torch.manual_seed(0)
    whole = network().eval()
    seen = []
    whole.get_submodule(layer).register_forward_hook(lambda module, given, result: seen.append(result))
    images = torch.randn(2, 3, 64, 32)
    whole(images)
    early = EarlyLayer(whole, layer)
    torch.testing.assert_close(early(images), seen[0])
    assert sum(p.numel() for p in early.parameters()) < sum(p.numel() for p in whole.parameters()) / 10


def test_osnet_before_its_pooling_halves_the_size():
    assert EarlyLayer(OSNet(0.25), "conv1")(torch.zeros(1, 3, 128, 64)).shape == (1, 16, 64, 32)


def test_does_not_learn_nor_leave_evaluation_and_passes_gradients_on():
    layer, images = EarlyLayer(OSNet(0.25), "conv1"), torch.randn(2, 3, 32, 16, requires_grad=True)
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    layer.train()(images).sum().backward()
    assert images.grad.any()
    assert not any(module.training for module in layer.modules())
    assert not any(parameter.requires_grad for parameter in layer.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in layer.state_dict().items())


def test_layers_that_are_not_there():
    with pytest.raises(UserError, match=r"^OSNet has no layer 'conv6', did you mean 'conv5'"):
        EarlyLayer(OSNet(0.25), "conv6")


def test_networks_that_choose_their_way():
    class Fickle(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return self.conv(x) if x.sum() > 0 else x

    with pytest.raises(UserError, match=r"^Fickle cannot be cut off behind 'conv' \(.*\): take another network"):
        EarlyLayer(Fickle(), "conv")
