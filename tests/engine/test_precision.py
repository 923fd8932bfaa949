"""Autocast on any device."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.engine.precision import AutocastOptimWrapper


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_the_context_sets_the_precision(precision, dtype):
    net = torch.nn.Linear(2, 2)
    wrapper = AutocastOptimWrapper(torch.optim.SGD(net.parameters(), lr=0.1), precision=precision)
    with wrapper.optim_context(net):
        assert net(torch.ones(1, 2)).dtype == dtype
    assert net(torch.ones(1, 2)).dtype == torch.float32


def test_unknown_precision():
    net = torch.nn.Linear(2, 2)
    with pytest.raises(UserError, match="fp32, bf16, got 'fp8'"):
        AutocastOptimWrapper(torch.optim.SGD(net.parameters(), lr=0.1), precision="fp8")
