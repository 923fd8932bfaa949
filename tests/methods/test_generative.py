"""A discriminator that judges and does not learn, and the precision of a generator's step."""

import pytest
import torch
from torch import nn

from reidzoo.engine.precision import AutocastOptimWrapper
from reidzoo.methods.generative import frozen


def test_a_frozen_discriminator_has_no_gradient_after_the_generators_step():
    generator, discriminator = nn.Linear(4, 4), nn.Linear(4, 1)
    wrapper = AutocastOptimWrapper(torch.optim.SGD(generator.parameters(), lr=0.1))
    before = generator.weight.detach().clone()
    with frozen(discriminator), wrapper.optim_context(generator):
        loss = discriminator(generator(torch.ones(2, 4))).mean()
    wrapper.update_params(loss)
    assert all(parameter.grad is None for parameter in discriminator.parameters())
    assert not torch.equal(generator.weight, before)  # the gradient went through the discriminator
    discriminator(torch.ones(2, 4)).mean().backward()
    assert all(parameter.grad is not None for parameter in discriminator.parameters())  # it learns again


def test_what_was_frozen_before_stays_so_and_errors_undo_the_rest():
    network = nn.Linear(4, 1)
    network.bias.requires_grad_(False)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), frozen(network):
        network(torch.ones(1, 5))
    assert network.weight.requires_grad
    assert not network.bias.requires_grad


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_autocast_is_seen_inside_the_step(precision, dtype):
    generator, discriminator = nn.Linear(4, 4), nn.Linear(4, 1)
    wrapper = AutocastOptimWrapper(torch.optim.SGD(generator.parameters(), lr=0.1), precision=precision)
    with frozen(discriminator), wrapper.optim_context(generator):
        assert discriminator(generator(torch.ones(2, 4))).dtype == dtype
