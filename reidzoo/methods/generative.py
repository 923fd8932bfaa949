"""What methods that also generate images share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from reidzoo.methods.preprocessor import ImagePreprocessor
from reidzoo.registry import METHODS


def unit_range_preprocessor(config: dict[str, Any] | None) -> ImagePreprocessor:
    """The preprocessor of ``config``; None brings bytes to [-1, 1], where generators draw."""
    return METHODS.build(config or {"type": "ImagePreprocessor", "mean": (127.5,) * 3, "std": (127.5,) * 3})


def to_bytes(drawn: Tensor, preprocessor: ImagePreprocessor, *, truncate: bool = False) -> Tensor:
    """Back from what ``preprocessor`` makes of images: floats B x 3 x H x W to uint8 RGB, rounded or cut off."""
    pixels = drawn.float() * preprocessor.std + preprocessor.mean
    return (pixels if truncate else pixels.round()).clamp(0, 255).byte()


def form_of(value: Any) -> str:
    """What an error says of a value that is no batch of images: shape and dtype of an array, or its class."""
    return f"{tuple(value.shape)} {value.dtype}" if hasattr(value, "dtype") else type(value).__name__


@contextmanager
def frozen(*modules: nn.Module) -> Iterator[None]:
    """What is computed inside sends no gradient into these modules' parameters; their inputs still receive theirs.

    For a generator's step, whose images the discriminator judges and must not learn from. The backward pass itself may
    come after the block. Parameters that were frozen before stay frozen.
    """
    held = [parameter for module in modules for parameter in module.parameters() if parameter.requires_grad]
    for parameter in held:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in held:
            parameter.requires_grad_(True)


@contextmanager
def keep_modes(network: nn.Module) -> Iterator[None]:
    """Afterwards every module of ``network`` trains or is evaluated as before, whatever happened inside."""
    modes = {module: module.training for module in network.modules()}
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def in_mode(network: nn.Module, *, training: bool) -> Iterator[None]:
    """Inside, every module of ``network`` trains or is evaluated, as told; afterwards each is in its own mode again."""
    with keep_modes(network):
        network.train(training)
        yield
