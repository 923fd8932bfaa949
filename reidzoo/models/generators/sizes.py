"""The sizes that an image-to-image network can take."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.base.errors import UserError


def check_image_size(network: nn.Module, images: Tensor, least: int) -> None:
    """Refuse images whose sides are not multiples of ``network.divisor``, or are below ``least``.

    Raises:
        UserError: with the size that came and the nearest ones that fit.
    """
    height, width = images.shape[-2:]
    divisor = network.divisor
    if min(height, width) >= least and height % divisor == width % divisor == 0:
        return
    below, above = (
        " x ".join(str(max(least, round_side(side))) for side in (height, width))
        for round_side in (lambda side: side // divisor * divisor, lambda side: -(-side // divisor) * divisor)
    )
    raise UserError(
        f"{type(network).__name__} expects a height and width divisible by {divisor}, {least} at least, got "
        f"{height} x {width}: resize to {below if below == above else f'{below} or {above}'}"
    )
