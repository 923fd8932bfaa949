"""Instance norm against its formula, in both memory orders."""

import pytest
import torch

from reidzoo.models.instance_norm import InstanceNorm

ORDERS = (torch.contiguous_format, torch.channels_last)


def twin(x):
    """One channel of one image after the other."""
    rows = [(c - c.mean()) / (c.square().mean() - c.mean().square() + 1e-5).sqrt() for image in x for c in image]
    return torch.stack(rows).view(x.shape)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("batch", [1, 3])
def test_formula_and_gradient(order, batch):
    torch.manual_seed(0)
    x = (torch.randn(batch, 4, 5, 3, dtype=torch.float64) * 3 + 7).contiguous(memory_format=order).requires_grad_()
    weight = torch.randn(batch, 4, 5, 3, dtype=torch.float64)
    torch.testing.assert_close(InstanceNorm()(x), twin(x))
    (gradient,) = torch.autograd.grad((InstanceNorm()(x) * weight).sum(), x)
    (expected,) = torch.autograd.grad((twin(x) * weight).sum(), x)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_channels_last_stays(dtype):
    x = torch.randn(2, 4, 5, 3).to(dtype).to(memory_format=torch.channels_last)
    normed = InstanceNorm()(x)
    assert normed.is_contiguous(memory_format=torch.channels_last)
    assert normed.dtype == dtype


def test_there_is_nothing_to_train_or_to_store_and_eval_is_training():
    norm = InstanceNorm()
    assert norm.state_dict() == {}
    x = torch.randn(2, 4, 5, 3)
    assert torch.equal(norm.train()(x), norm.eval()(x))


@pytest.mark.parametrize("order", ORDERS)
def test_a_flat_channel_becomes_zero(order):
    x = torch.full((2, 3, 4, 4), 3.0).contiguous(memory_format=order)
    torch.testing.assert_close(InstanceNorm()(x), torch.zeros_like(x), atol=1e-3, rtol=0)
