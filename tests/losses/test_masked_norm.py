"""The norm of a masked difference against a loop, and where it counts nothing."""

import pytest
import torch

from reidzoo.losses import MaskedNormLoss


def test_it_is_that_of_the_formula():
    generator = torch.Generator().manual_seed(0)
    drawn, true = torch.rand(2, 3, 3, 5, 4, dtype=torch.float64, generator=generator)
    masks = torch.randint(0, 2, (3, 1, 5, 4), generator=generator).double()
    total = 0.0
    for b in range(3):
        squares = 0.0
        for y in range(5):
            for x in range(4):
                for c in range(3):
                    squares += (masks[b, 0, y, x].item() * (drawn[b, c, y, x] - true[b, c, y, x]).item()) ** 2
        total += (squares / 60) ** 0.5
    loss = MaskedNormLoss()(drawn, true, masks)
    assert loss.dtype == torch.float64
    assert loss.item() == pytest.approx(total / 3, rel=1e-12)


@pytest.mark.parametrize("size", [(8, 4), (16, 12)])
def test_a_quarter_of_an_image_that_is_off_by_one_costs_a_half_at_every_size(size):
    drawn, masks = torch.ones(2, 3, *size), torch.zeros(2, 1, *size)
    masks[:, :, : size[0] // 2, : size[1] // 2] = 1
    assert MaskedNormLoss()(drawn, torch.zeros_like(drawn), masks).item() == pytest.approx(0.5)


def test_nothing_counts_without_a_nan_and_only_masked_places_get_a_gradient():
    true, masks = torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)
    drawn = torch.ones(1, 3, 4, 4, requires_grad=True)
    loss = MaskedNormLoss()(drawn, true, masks)
    loss.backward()
    assert loss == 0
    assert (drawn.grad == 0).all()
    masks[..., 0] = 1
    drawn.grad = None
    MaskedNormLoss()(drawn, true, masks).backward()
    assert (drawn.grad[..., 0] > 0).all()
    assert (drawn.grad[..., 1:] == 0).all()


def test_bfloat16_is_summed_in_float32():
    drawn, masks = torch.full((1, 3, 8, 8), 0.1, dtype=torch.bfloat16), torch.ones(1, 1, 8, 8)
    loss = MaskedNormLoss()(drawn, torch.zeros(1, 3, 8, 8), masks)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(drawn[0, 0, 0, 0].item())
