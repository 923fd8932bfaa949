"""LSRO: a generated image pulls until all identities are equally likely, and no further."""

import math

import pytest
import torch
from toy_mixed import K, mixed_batch, toy


def gradients_of_logits(method, data, logits):
    """What each row of ``logits``, as if the network had given them, receives."""
    logits.requires_grad_()
    method.head.forward = lambda maps: type("Output", (), {"logits": logits})
    terms = method(**data, mode="loss")
    method.parse_losses(terms)[0].backward()
    return logits.grad, terms


def test_an_undecided_network_learns_nothing_from_generated_images():
    data = mixed_batch(4, 2)
    gradient, terms = gradients_of_logits(toy("LSRO"), data, torch.full((6, K), 0.3, dtype=torch.float64))
    assert gradient[data["is_generated"]].abs().max() < 1e-12
    assert (gradient[~data["is_generated"]].abs().sum(dim=1) > 0.1).all()
    assert terms["ce_fake"].item() == pytest.approx(math.log(K), abs=1e-12)
    assert terms["floor_fake"].item() == pytest.approx(math.log(K), abs=1e-6)


def test_the_gradient_of_a_generated_image_is_its_surplus_over_one_kth():
    data = mixed_batch(4, 2)
    logits = torch.randn(6, K, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    surplus = (logits.softmax(dim=1) - 1 / K) / 6  # d/dz_j of -1/K sum_k log p(k) is p(j) - 1/K
    gradient, _ = gradients_of_logits(toy("LSRO"), data, logits)
    torch.testing.assert_close(gradient[data["is_generated"]], surplus[data["is_generated"]])


def test_the_floor_is_that_of_the_number_of_identities():
    assert toy("LSRO", num_pids=751)(**mixed_batch(), mode="loss")["floor_fake"].item() == pytest.approx(
        6.621, abs=1e-3
    )
