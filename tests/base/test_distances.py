"""Distances against the plain loop in float64, and what must not happen."""

import numpy as np
import pytest
import torch

from reidzoo.base.distances import cosine_distance, squared_euclidean


def _twin(a, b, pair):
    return np.array([[pair(row, other) for other in b.double().numpy()] for row in a.double().numpy()])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_squared_euclidean_equals_the_loop(dtype):
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(4, 7, generator=generator, dtype=dtype)
    b = torch.randn(5, 7, generator=generator, dtype=dtype)
    expected = _twin(a, b, lambda x, y: ((x - y) ** 2).sum())
    found = squared_euclidean(a, b)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5 if dtype == torch.float32 else 1e-12)


def test_cosine_distance_equals_the_loop():
    generator = torch.Generator().manual_seed(1)
    a, b = torch.randn(4, 7, generator=generator), torch.randn(5, 7, generator=generator)
    expected = _twin(a, b, lambda x, y: 1 - x @ y / np.sqrt((x @ x) * (y @ y)))
    np.testing.assert_allclose(cosine_distance(a, b).numpy(), expected, atol=1e-6)


def test_known_values():
    a, b = torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([[3.0, 4.0], [-2.0, 0.0]])
    assert squared_euclidean(a, b).tolist() == [[25.0, 4.0], [20.0, 9.0]]
    expected = torch.tensor([[1.0, 1.0], [0.4, 2.0]])  # the zero row has no direction
    torch.testing.assert_close(cosine_distance(a, b), expected)


def test_rounding_never_leaves_the_range():
    features = torch.randn(64, 256, generator=torch.Generator().manual_seed(2)) + 10
    assert squared_euclidean(features, features).min() >= 0
    cosine = cosine_distance(features, features)
    assert cosine.min() >= 0
    assert cosine.max() <= 2


@pytest.mark.parametrize("distance", [squared_euclidean, cosine_distance])
def test_half_precision_inputs_and_autocast_are_computed_in_float32(distance):
    generator = torch.Generator().manual_seed(3)
    a = torch.randn(4, 32, generator=generator).bfloat16()
    expected = distance(a.float(), a.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = distance(a, a)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("distance", [squared_euclidean, cosine_distance])
def test_gradients_are_finite_even_between_equal_rows(distance):
    features = torch.ones(3, 4, requires_grad=True)
    distance(features, features).sum().backward()
    assert torch.isfinite(features.grad).all()
