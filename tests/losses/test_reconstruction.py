import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.losses import L1Loss, NearestNeighbourLoss


def toy_maps(dtype=torch.float64, size=(5, 4)):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 2, 3, *size, dtype=dtype, generator=generator)


def twin(drawn, true, window):
    """Place by place, neighbour by neighbour."""
    batch, _, height, width = drawn.shape
    reach, total = window // 2, 0.0
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                total += min(
                    (drawn[b, :, y, x] - true[b, :, v, u]).abs().sum()
                    for v in range(max(0, y - reach), min(height, y + reach + 1))
                    for u in range(max(0, x - reach), min(width, x + reach + 1))
                )
    return total / (batch * height * width)


def test_l1_is_the_mean_absolute_difference():
    assert L1Loss()(torch.tensor([[[[1.0, 2.0]]]]), torch.tensor([[[[0.0, 5.0]]]])) == 2
    assert L1Loss()(*toy_maps().bfloat16()).dtype == torch.float32


@pytest.mark.parametrize("window", [1, 3, 5, 11])
def test_nearest_neighbour_loss_agrees_with_the_plain_twin(window):
    drawn, true = toy_maps()
    torch.testing.assert_close(NearestNeighbourLoss(window)(drawn, true), twin(drawn, true, window))


@pytest.mark.parametrize("window", [1, 3])
def test_gradients_of_the_nearest_neighbour_loss_are_those_of_the_twin_and_reach_the_drawn_map_only(window):
    drawn, true = toy_maps().requires_grad_(), toy_maps().flip(0).requires_grad_()
    NearestNeighbourLoss(window)(drawn[0], true[0]).backward()
    gradient = drawn.grad.clone()
    drawn.grad = None
    twin(drawn[0], true[0].detach(), window).backward()
    torch.testing.assert_close(gradient, drawn.grad)
    assert true.grad is None


def test_a_window_of_one_is_the_sum_over_channels_of_l1():
    drawn, true = toy_maps()
    torch.testing.assert_close(NearestNeighbourLoss(1)(drawn, true), 3 * L1Loss()(drawn, true))


def test_a_picture_moved_by_one_place_costs_nothing_but_at_its_border():
    true = toy_maps()[0]
    moved = true.roll(1, dims=3)
    moved[..., 0] = true[..., 0]
    assert NearestNeighbourLoss(3)(moved, true) == 0
    assert NearestNeighbourLoss(1)(moved, true) > 0.5


def test_nothing_outside_of_the_map_is_near():
    """Zeros around the true map would be the nearest to a drawn map of zeros."""
    assert NearestNeighbourLoss(3)(torch.zeros(1, 2, 3, 3), torch.ones(1, 2, 3, 3)) == 2


def test_the_neighbours_are_those_of_the_true_map():
    """One bright place: a dark drawn map finds dark neighbours; a dark true map has no bright one for the drawn."""
    bright, dark = torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3)
    bright[0, 0, 1, 1] = 9
    assert NearestNeighbourLoss(3)(dark, bright) == 0
    assert NearestNeighbourLoss(3)(bright, dark) == 1  # 9 over nine places


def test_bfloat16_is_compared_in_float32():
    drawn, true = toy_maps(torch.float32).bfloat16()
    loss = NearestNeighbourLoss()(drawn, true)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, NearestNeighbourLoss()(drawn.float(), true.float()))


@pytest.mark.parametrize("window", [0, 2, -1, 3.0])
def test_windows_that_have_no_centre(window):
    with pytest.raises(UserError, match=rf"odd window of at least 1, got {window}: 3 or 5"):
        NearestNeighbourLoss(window)
