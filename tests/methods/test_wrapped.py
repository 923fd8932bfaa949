"""Other methods than ``forward`` of a network in a wrapper for several processes."""

import pytest
import torch
import torch.distributed
from mmengine.model import MMDistributedDataParallel
from torch import nn

from reidzoo.methods.wrapped import bare, call


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return -x

    def times(self, x, factor):
        return factor * self.scale * x

    def fail(self):
        raise ZeroDivisionError


@pytest.fixture
def wrapped():
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield MMDistributedDataParallel(Net())
    torch.distributed.destroy_process_group()


def test_a_method_goes_through_the_wrapper(wrapped):
    prepared = []
    wrapped.register_forward_hook(lambda module, inputs, output: prepared.append(output))
    assert bare(wrapped) is wrapped.module
    result = call(wrapped, "times", torch.tensor(3.0), 5)
    assert result.item() == 30
    assert prepared[0] is result
    result.backward()
    assert wrapped.module.scale.grad.item() == 15
    assert wrapped(torch.tensor(1.0)).item() == -1, "afterwards forward is forward again"


def test_forward_is_itself_again_after_an_error(wrapped):
    with pytest.raises(ZeroDivisionError):
        call(wrapped, "fail")
    assert wrapped(torch.tensor(1.0)).item() == -1


def test_without_a_wrapper_it_is_a_plain_call():
    network = Net()
    assert bare(network) is network
    assert call(network, "times", torch.tensor(3.0), 5).item() == 30
