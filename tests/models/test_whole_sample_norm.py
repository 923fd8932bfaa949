import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.models.whole_sample_norm import WholeSampleNorm, checked_norm


def toy_map(dtype=torch.float64):
    return torch.randn(3, 4, 6, 5, dtype=dtype, generator=torch.Generator().manual_seed(0)) * 3 + 1


def test_is_its_formula():
    """(x - mean) / (std + 1e-3) over all channels and cells of an image, then one scale and one shift."""
    norm, x = WholeSampleNorm().double(), toy_map()
    norm.weight.data.fill_(1.5)
    norm.bias.data.fill_(-0.25)
    rows = []
    for image in x:
        centred = image - image.sum() / image.numel()
        deviation = (centred.square().sum() / image.numel()).sqrt()
        rows.append(1.5 * centred / (deviation + 1e-3) - 0.25)
    torch.testing.assert_close(norm(x), torch.stack(rows))


def test_two_parameters_whatever_the_channels():
    assert [tuple(parameter.shape) for parameter in WholeSampleNorm().parameters()] == [(), ()]


def test_channels_keep_their_differences():
    x = toy_map()
    x[:, 0] += 100
    assert WholeSampleNorm()(x)[:, 0].mean() > 1  # instance norm makes it 0


def test_a_constant_map_has_finite_gradients():
    x = torch.ones(2, 3, 4, 4, requires_grad=True)
    norm = WholeSampleNorm()
    out = norm(x)
    out.square().sum().backward()
    assert not out.any()
    assert x.grad.isfinite().all()
    assert norm.weight.grad.isfinite()


def test_gradients():
    norm = WholeSampleNorm().double()
    assert torch.autograd.gradcheck(norm, toy_map().requires_grad_())


def test_bfloat16_maps_are_normalised_in_float32():
    x = toy_map(torch.float32) + 64
    coarse = WholeSampleNorm()(x.bfloat16())
    assert coarse.dtype == torch.bfloat16
    torch.testing.assert_close(coarse.float(), WholeSampleNorm()(x.bfloat16().float()), atol=0.02, rtol=0.02)


def test_unknown_norm():
    with pytest.raises(UserError, match=r"^Linear has no norm 'whole', known: instance, sample$"):
        checked_norm(torch.nn.Linear(1, 1), "whole")
