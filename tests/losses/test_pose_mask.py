"""The pose-mask loss on images small enough to add up by hand."""

import pytest
import torch

from reidzoo.losses import PoseMaskLoss

IMAGE = torch.zeros(1, 3, 2, 2)
DRAWN = torch.tensor([[1.0, -2.0], [3.0, 0.5]]).expand(1, 3, 2, 2)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ([[0.0, 0.0], [0.0, 0.0]], 6.5 / 4),  # plain L1
        ([[1.0, 1.0], [1.0, 1.0]], 13 / 4),  # twice that
        ([[0.0, 1.0], [0.0, 0.0]], (1 + 2 * 2 + 3 + 0.5) / 4),
        ([[0.0, 0.0], [1.0, 1.0]], (1 + 2 + 2 * 3 + 2 * 0.5) / 4),
    ],
)
def test_by_hand(mask, expected):
    assert PoseMaskLoss()(DRAWN, IMAGE, torch.tensor(mask)[None, None]).item() == pytest.approx(expected)


def test_each_image_has_its_own_mask():
    drawn, masks = torch.cat([DRAWN, 2 * DRAWN]), torch.stack([torch.zeros(1, 2, 2), torch.ones(1, 2, 2)])
    assert PoseMaskLoss()(drawn, torch.cat([IMAGE] * 2), masks).item() == pytest.approx((6.5 + 2 * 13) / 8)


def test_gradient_is_twice_as_strong_on_the_person():
    drawn = DRAWN.clone().requires_grad_()
    PoseMaskLoss()(drawn, IMAGE, torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])).backward()
    sign = torch.tensor([[2.0, -1.0], [1.0, 2.0]]) / 12
    torch.testing.assert_close(drawn.grad, sign.expand(1, 3, 2, 2))


def test_precision():
    masks = torch.ones(1, 1, 2, 2)
    assert PoseMaskLoss()(DRAWN.bfloat16(), IMAGE.bfloat16(), masks).dtype == torch.float32
    assert PoseMaskLoss()(DRAWN.double(), IMAGE.double(), masks.double()).dtype == torch.float64
