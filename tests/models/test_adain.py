"""AdaIN against its formula, in both memory orders."""

import pytest
import torch

from reidzoo.models.adain import adain

ORDERS = (torch.contiguous_format, torch.channels_last)


def toy(batch=3, order=torch.contiguous_format, dtype=torch.float64):
    """Maps, weights and biases."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(batch, 4, 5, 3, dtype=torch.float64, generator=rng) * 3 + 7
    weight, bias = torch.randn(2, batch, 4, dtype=torch.float64, generator=rng)
    return x.to(dtype).contiguous(memory_format=order), weight.to(dtype), bias.to(dtype)


def twin(x, weight, bias):
    """One channel of one image after the other."""
    out = torch.empty_like(x)
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            values = x[i, c]
            mean = values.sum() / 15
            variance = (values - mean).square().sum() / 15
            out[i, c] = weight[i, c] * (values - mean) / (variance + 1e-5).sqrt() + bias[i, c]
    return out


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("batch", [1, 3])
def test_formula_and_gradients(order, batch):
    inputs = [each.requires_grad_() for each in toy(batch, order)]
    torch.testing.assert_close(adain(*inputs), twin(*inputs))
    slopes = torch.randn(batch, 4, 5, 3, dtype=torch.float64)
    of = torch.autograd.grad((adain(*inputs) * slopes).sum(), inputs)
    expected = torch.autograd.grad((twin(*inputs) * slopes).sum(), inputs)
    for ours, theirs in zip(of, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("order", ORDERS)
def test_mean_and_deviation_are_the_given_ones(order):
    """No 1 is added: a weight of 0 leaves the bias alone."""
    x, weight, bias = toy(order=order)
    weight[0] = 0
    out = adain(x, weight, bias)
    torch.testing.assert_close(out.mean(dim=(2, 3)), bias)
    torch.testing.assert_close(out.std(dim=(2, 3), correction=0), weight.abs(), rtol=1e-4, atol=0)
    assert torch.equal(out[0], bias[0, :, None, None].expand(4, 5, 3))


@pytest.mark.parametrize("order", ORDERS)
def test_under_autocast_statistics_are_float32s(order):
    """A mean of 100 deviations: bfloat16's 8 bits would lose the map. Weights come in bfloat16 from a linear layer."""
    x, weight, bias = toy(order=order, dtype=torch.float32)
    x = (x * 0.1 + 100).bfloat16()
    weight, bias = weight.bfloat16(), bias.bfloat16()
    exact = twin(x.double(), weight.double(), bias.double())
    with torch.autocast("cpu", torch.bfloat16):
        out = adain(x, weight, bias)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.double(), exact, rtol=2**-7, atol=1e-2)


def test_channels_last_stays():
    x, weight, bias = toy(order=torch.channels_last, dtype=torch.float32)
    assert adain(x, weight, bias).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("order", ORDERS)
def test_a_flat_channel_becomes_its_bias(order):
    _, weight, bias = toy(dtype=torch.float32)
    x = torch.full((3, 4, 5, 3), 2.0).contiguous(memory_format=order)
    torch.testing.assert_close(adain(x, weight, bias), bias[:, :, None, None].expand(3, 4, 5, 3), atol=1e-3, rtol=0)
