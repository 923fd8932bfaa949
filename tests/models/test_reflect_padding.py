"""The faster convolution with a mirrored border is torch's own, in value and in gradient."""

import pytest
import torch
from torch import nn

from reidzoo.models.reflect_padding import reflected


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 1, 1), (7, 1, 1), (3, 2, 1), (3, 1, 2)])
@pytest.mark.parametrize("autocast", [False, True])
def test_it_is_torchs_convolution(kernel, stride, dilation, autocast):
    torch.manual_seed(0)
    ours = reflected(2, 3, kernel, stride, dilation)
    theirs = nn.Conv2d(
        2, 3, kernel, stride, padding=dilation * (kernel // 2), dilation=dilation, padding_mode="reflect"
    )
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 2, 9, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        expected, with_gradient = theirs(x), ours(x)
        with torch.no_grad():
            without = ours(x)
    assert torch.equal(with_gradient, expected)
    assert with_gradient.requires_grad
    assert torch.equal(without, expected)
    assert without.dtype == (torch.bfloat16 if autocast else torch.float32)
    assert not without.requires_grad
