"""The deep distance: known angles, scale, zeros and refusals."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.evaluation import deep_distance


def test_known_angles():
    first = torch.tensor([[3.0, 0.0], [2.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    second = torch.tensor([[7.0, 0.0], [0.0, 5.0], [-4.0, 0.0], [1.0, 0.0]])
    distances = deep_distance(first, second)
    assert distances.dtype == torch.float64
    assert distances.tolist() == pytest.approx([0.0, 2.0, 4.0, 2 - 2**0.5])


def test_it_is_symmetric_and_blind_to_length():
    rng = torch.Generator().manual_seed(0)
    first, second = (torch.randn(5, 16, generator=rng) for _ in range(2))
    assert torch.allclose(deep_distance(first, second), deep_distance(second * 30, first / 4))


def test_features_of_zeros():
    zeros, ones = torch.zeros(1, 4), torch.ones(1, 4)
    assert deep_distance(zeros, zeros).item() == 0
    assert deep_distance(zeros, ones).item() == pytest.approx(1)


@pytest.mark.parametrize("shapes", [((2, 4), (3, 4)), ((2, 4), (2, 5)), ((4,), (4,))])
def test_shapes_that_do_not_pair_are_refused(shapes):
    with pytest.raises(UserError, match="two batches B x D of features"):
        deep_distance(*map(torch.zeros, shapes))
