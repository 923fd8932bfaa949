"""What a map of attention pays for its edges and its size, against a loop and on maps that are known."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.losses import AttentionLoss


def test_it_is_that_of_the_formula():
    maps = torch.rand(3, 1, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rough = size = 0.0
    for image in maps[:, 0].tolist():
        for y in range(5):
            for x in range(4):
                size += image[y][x] ** 2 / 20 / 3
                rough += (image[y + 1][x] - image[y][x]) ** 2 / 3 if y < 4 else 0
                rough += (image[y][x + 1] - image[y][x]) ** 2 / 3 if x < 3 else 0
    assert AttentionLoss(0.02, 0.7)(maps).item() == pytest.approx(0.02 * rough + 0.7 * size, rel=1e-12)


def test_known_maps():
    assert AttentionLoss()(torch.zeros(2, 1, 8, 4)) == 0
    assert AttentionLoss()(torch.ones(2, 1, 8, 4)).item() == pytest.approx(0.1)
    half = torch.zeros(2, 1, 8, 4)
    half[:, :, :, :2] = 1  # one edge of 8 places
    assert AttentionLoss(smooth_weight=1.0, size_weight=0.0)(half).item() == pytest.approx(8)
    assert AttentionLoss(smooth_weight=0.0)(half.bfloat16()).dtype == torch.float32


@pytest.mark.parametrize("wrong", [{"smooth_weight": -1.0}, {"size_weight": -1.0}])
def test_negative_weights(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(UserError, match=f"AttentionLoss expects weights of at least 0, got .*{name}={value}"):
        AttentionLoss(**wrong)
