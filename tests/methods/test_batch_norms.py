"""One pass of several batches against a pass of each, and a pass that leaves no trace."""

import copy

import pytest
import torch
from torch import nn

from reidzoo.methods.batch_norms import batch_statistics, normalised_apart


@pytest.fixture
def network():
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5), nn.BatchNorm1d(5)]
    network = nn.Sequential(*layers).train()
    network(torch.randn(4, 3, 6, 5))
    return network.double()


@pytest.fixture
def images():
    return torch.randn(6, 3, 6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_one_pass_of_three_batches_equals_three_passes(network, images):
    twin = copy.deepcopy(network)
    expected = torch.cat([twin(part) for part in images.chunk(3)])
    with normalised_apart(network, batches=3):
        outputs = network(images)
    torch.testing.assert_close(outputs, expected)
    expected.square().sum().backward()
    outputs.square().sum().backward()
    for (name, ours), theirs in zip(network.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, msg=name)
    for (name, ours), theirs in zip(network.named_buffers(), twin.buffers(), strict=True):
        torch.testing.assert_close(ours, theirs, msg=name)
    assert not torch.allclose(network(images), outputs), "afterwards it is one batch again"


def test_in_evaluation_mode_nothing_is_apart(network, images):
    expected = network.eval()(images)
    with normalised_apart(network, batches=4):  # does not divide 6
        assert torch.equal(network(images), expected)


def test_by_the_batch_and_without_a_trace(network, images):
    dropping = nn.Sequential(network, nn.Dropout(0.9)).train()
    twin = copy.deepcopy(network)
    before = copy.deepcopy(dropping.state_dict())
    with batch_statistics(dropping):
        outputs = dropping(images)
    assert torch.equal(outputs, twin(images))
    for name, value in dropping.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(module.training for module in dropping.modules())
    dropping(images)
    assert not torch.equal(network[1].running_mean, before["0.1.running_mean"]), "afterwards they are tracked again"


def test_batch_norms_that_are_frozen_stay_so(network, images):
    network[1].eval()
    twin = copy.deepcopy(network)
    with batch_statistics(network):
        assert not network[1].training
        outputs = network(images)
    assert torch.equal(outputs, twin(images))
    assert [module.training for module in network] == [True, False, True, True, True, True]


def test_everything_is_restored_after_an_error(network):
    with pytest.raises(RuntimeError), batch_statistics(network), normalised_apart(network, batches=2):
        network(torch.zeros(2, 1, 6, 5, dtype=torch.float64))
    assert all(module.training for module in network.modules())
    assert network[1].track_running_stats
    assert "forward" not in vars(network[1])
