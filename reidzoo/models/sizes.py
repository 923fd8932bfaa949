"""What a network that is built for one size of image, or of noise, takes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from reidzoo.base.errors import UserError


def checked_size(network: nn.Module, image_size: Sequence[int], divisor: int) -> tuple[int, int]:
    """``image_size`` as (height, width), both multiples of ``divisor``.

    Raises:
        UserError: anything else.
    """
    size = tuple(image_size)
    if len(size) != 2 or any(type(side) is not int or side < 1 or side % divisor for side in size):
        raise UserError(
            f"{type(network).__name__} expects image_size=(height, width) in multiples of {divisor}, got {size}: "
            "choose another size, and resize the training images to it"
        )
    return size


def halvings_down_to(
    network: nn.Module, image_size: Sequence[int], rows: int, at_least: int = 1
) -> tuple[tuple[int, int], int]:
    """The checked size, and how often it can be halved with ``rows`` left: these or up to twice as many without it.

    Raises:
        UserError: fewer than ``at_least`` halvings, or a size that so many do not divide.
    """
    size = checked_size(network, image_size, 2**at_least)
    halvings = (size[0] // rows).bit_length() - 1
    if halvings < at_least:
        raise UserError(
            f"{type(network).__name__} expects image_size=(height, width) of {rows * 2**at_least} rows at least, got "
            f"{size}: choose another size, and resize the training images to it"
        )
    return checked_size(network, size, 2**halvings), halvings


def check_built_size(network: nn.Module, images: Tensor) -> None:
    """Refuse images of another size than ``network.image_size``.

    Raises:
        UserError: with both sizes.
    """
    size = tuple(images.shape[-2:])
    if size != network.image_size:
        raise UserError(
            f"this {type(network).__name__} was built for images of {network.image_size[0]} x {network.image_size[1]}, "
            f"got {size[0]} x {size[1]}: build it with image_size={size}"
        )


def check_noise(network: nn.Module, noise: Tensor) -> None:
    """Refuse what is not B x ``network.noise_size``.

    Raises:
        UserError: with both shapes.
    """
    if noise.ndim != 2 or noise.shape[1] != network.noise_size:
        raise UserError(
            f"this {type(network).__name__} was built for noise of B x {network.noise_size}, got "
            f"{' x '.join(map(str, noise.shape))}: the method's noise() draws it"
        )
