"""By what the batch norms of a network normalise, for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from reidzoo.methods.generative import keep_modes


@contextmanager
def batch_statistics(*networks: nn.Module) -> Iterator[None]:
    """Inside, networks in training mode are evaluated (nothing is dropped), but for their batch norms, which normalise
    by the statistics of the batch; running statistics stay as they are.

    For a network that judges images unlike those its running statistics were gathered from. Batch norms that are in
    evaluation mode before, frozen ones, stay in it.
    """
    with ExitStack() as modes:
        for network in networks:
            modes.enter_context(keep_modes(network))
        norms = _norms_by_batch(*networks)
        tracking = [norm.track_running_stats for norm in norms]
        for module in (module for network in networks for module in network.modules()):
            module.training = module in norms
        for norm in norms:
            norm.track_running_stats = False
        try:
            yield
        finally:
            for norm, tracked in zip(norms, tracking, strict=True):
                norm.track_running_stats = tracked


@contextmanager
def normalised_apart(*networks: nn.Module, batches: int) -> Iterator[None]:
    """Inside, batch norms that normalise by the batch take their input as ``batches`` equal batches, one after another.

    One pass of a concatenation then equals a pass of each part in the same order, running statistics included, and
    every other layer works on all of them at once. The number of rows is a multiple of ``batches``.
    """
    norms = _norms_by_batch(*networks)
    for norm in norms:
        norm.forward = partial(_part_by_part, norm.forward, batches)  # of this object only, the class's stays
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def _part_by_part(normalise: Callable[[Tensor], Tensor], batches: int, values: Tensor) -> Tensor:
    return torch.cat([normalise(part) for part in values.chunk(batches)])


def _norms_by_batch(*networks: nn.Module) -> dict[BatchNorm, None]:
    modules = (module for network in networks for module in network.modules())
    return {module: None for module in modules if isinstance(module, BatchNorm) and module.training}
