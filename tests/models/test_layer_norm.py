"""MUNIT's layer norm against its formula."""

import pytest
import torch

from reidzoo.models.layer_norm import LayerNorm

ORDERS = (torch.contiguous_format, torch.channels_last)


def toy_norm():
    torch.manual_seed(0)
    norm = LayerNorm(4).double()
    norm.bias.data.normal_()
    return norm


def toy_map(dtype=torch.float64):
    return torch.randn(3, 4, 6, 5, dtype=dtype, generator=torch.Generator().manual_seed(1)) * 3 + 1


def twin(norm, x):
    """As released: the unbiased deviation, and eps beside it."""
    rows = []
    for image in x:
        centred = image - image.sum() / image.numel()
        deviation = (centred.square().sum() / (image.numel() - 1)).sqrt()
        rows.append(centred / (deviation + 1e-5) * norm.weight[:, None, None] + norm.bias[:, None, None])
    return torch.stack(rows)


@pytest.mark.parametrize("order", ORDERS)
def test_formula_and_gradients(order):
    """Up to eps / std = 1e-5 / 3, and to the last digit of the same formula with the root of squares."""
    norm, x = toy_norm(), toy_map().contiguous(memory_format=order).requires_grad_()
    inputs = (x, norm.weight, norm.bias)
    slopes = torch.randn(3, 4, 6, 5, dtype=torch.float64)
    torch.testing.assert_close(norm(x), twin(norm, x), rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(
        torch.autograd.grad((norm(x) * slopes).sum(), inputs),
        torch.autograd.grad((twin(norm, x) * slopes).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-4)


def test_the_number_of_values_is_less_one():
    """Of two values the deviations of both kinds differ by a factor of 1.41."""
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64).view(1, 2, 1, 1)
    norm = LayerNorm(2).double()
    norm.weight.data.fill_(1)
    torch.testing.assert_close(norm(x).flatten(), x.flatten() / 2**0.5)


def test_parameters_and_start():
    torch.manual_seed(0)
    norm = LayerNorm(1000)
    assert {name: tuple(p.shape) for name, p in norm.named_parameters()} == {"weight": (1000,), "bias": (1000,)}
    assert 0 <= norm.weight.min() < 0.01
    assert 0.99 < norm.weight.max() <= 1
    assert norm.weight.mean().item() == pytest.approx(0.5, abs=0.05)
    assert not norm.bias.any()


@pytest.mark.parametrize("order", ORDERS)
def test_a_constant_map_has_finite_gradients(order):
    norm, x = LayerNorm(3), torch.full((2, 3, 4, 4), 5.0).contiguous(memory_format=order).requires_grad_()
    out = norm(x)
    out.square().sum().backward()
    assert out.abs().max() < 0.1
    assert x.grad.isfinite().all()
    assert norm.weight.grad.isfinite().all()


@pytest.mark.parametrize("order", ORDERS)
def test_bfloat16_maps_are_normalised_in_float32(order):
    norm, x = toy_norm(), (toy_map(torch.float32) + 64).bfloat16().contiguous(memory_format=order)
    with torch.autocast("cpu", torch.bfloat16):
        out = norm.float()(x)
    assert out.dtype == torch.bfloat16
    assert out.is_contiguous(memory_format=order)
    torch.testing.assert_close(out.double(), twin(norm.double(), x.double()), rtol=2**-7, atol=1e-2)
