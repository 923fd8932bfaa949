"""Other methods of a network than ``forward``, also where it stands in a wrapper for several processes."""

from __future__ import annotations

from typing import Any

from mmengine.model import is_model_wrapper
from torch import nn


def bare(network: nn.Module) -> nn.Module:
    """The network itself, for what needs no exchange of gradients: a test, or what has no parameters."""
    return network.module if is_model_wrapper(network) else network


def call(network: nn.Module, method: str, *inputs: Any) -> Any:
    """``network.<method>(*inputs)``, in a wrapper through the wrapper's own ``forward``.

    It is that call which tells the wrapper that a backward pass will come, whose gradients are to be exchanged.
    """
    inner = bare(network)
    if inner is network:
        return getattr(network, method)(*inputs)
    inner.forward = getattr(inner, method)  # of this object only, the class's stays
    try:
        return network(*inputs)
    finally:
        del inner.forward
