"""The wrapper around each network of a method: one process is enough to see names and values."""

import pytest
import torch
import torch.distributed
from torch import nn

from reidzoo.engine.distributed import SeparateDistributedDataParallel


class Pair(nn.Module):
    """Two networks, of which one's name begins like the other's, and a buffer between them."""

    def __init__(self):
        super().__init__()
        self.generator = nn.Linear(2, 2)
        self.register_buffer("step", torch.zeros(()))
        self.generator_back = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


@pytest.fixture
def _one_process():
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.usefixtures("_one_process")
def test_state_dicts_are_those_of_a_single_process():
    alone, pair = Pair(), Pair()
    SeparateDistributedDataParallel(pair)
    assert isinstance(pair.generator, nn.parallel.DistributedDataParallel)
    assert set(pair.state_dict()) == set(alone.state_dict())
    pair.load_state_dict(alone.state_dict())
    for name, value in alone.state_dict().items():
        assert torch.equal(pair.state_dict()[name], value), name
