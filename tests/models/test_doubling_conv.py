"""The convolution of a doubled map against doubling, mirroring and convolving."""

import pytest
import torch
import torch.nn.functional as F

from reidzoo.models.doubling_conv import DoublingConv


def ours(layer, x):
    return layer(F.pad(x, (1,) * 4, mode="replicate"))


def plain(layer, x):
    doubled = F.interpolate(x, scale_factor=2, mode="nearest")
    return F.conv2d(F.pad(doubled, (2,) * 4, mode="reflect"), layer.weight, layer.bias)


@pytest.mark.parametrize("size", [(7, 5), (2, 3), (2, 2)])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_equals_the_convolution_of_the_doubled_map(size, order):
    torch.manual_seed(0)
    layer = DoublingConv(3, 4).double().to(memory_format=order)
    x = torch.randn(2, 3, *size, dtype=torch.float64).to(memory_format=order).requires_grad_()
    towards = torch.randn(2, 4, 2 * size[0], 2 * size[1], dtype=torch.float64)
    inputs = (x, layer.weight, layer.bias)
    found, expected = ours(layer, x), plain(layer, x)
    torch.testing.assert_close(found, expected)
    for one, two in zip(*(torch.autograd.grad((y * towards).sum(), inputs) for y in (found, expected)), strict=True):
        torch.testing.assert_close(one, two)


def test_it_is_as_exact_as_the_plain_one_in_bfloat16():
    torch.manual_seed(0)
    layer, x = DoublingConv(16, 8), torch.randn(2, 16, 12, 9)
    exact = plain(layer, x)
    with torch.autocast("cpu", torch.bfloat16):
        found, theirs = ours(layer, x), plain(layer, x)
    assert found.dtype == torch.bfloat16
    assert (found - exact).abs().mean() < 1.2 * (theirs - exact).abs().mean()


def test_its_state_is_that_of_a_convolution():
    layer = DoublingConv(3, 4)
    assert {name: tuple(value.shape) for name, value in layer.state_dict().items()} == {
        "weight": (4, 3, 5, 5),
        "bias": (4,),
    }
