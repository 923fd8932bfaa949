"""How steep a discriminator is at real images: Mescheder, Geiger & Nowozin, "Which Training Methods for GANs do
actually Converge?", ICML 2018 (arXiv:1801.04406), equation 9 (R1), without its gamma / 2."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from reidzoo.base.precision import at_least_float32


def mean_squared_slope(scores: Tensor, images: Tensor) -> Tensor:
    """Mean over the batch of the squared norm of the summed scores' gradient at the images; can be learnt from.

    scores: any shape, computed from images, B x C x H x W, which require a gradient. Returns a scalar in float32, or in
    float64 for float64 images. Each image's scores may depend on no other image.
    """
    (slope,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return at_least_float32(slope).square().sum(dim=(1, 2, 3)).mean()


def penalised_scores(
    discriminator: Callable[[Tensor], Sequence[Tensor]], real: Tensor
) -> tuple[Sequence[Tensor], Tensor]:
    """What a discriminator says of real images, and the sum over its maps of :func:`mean_squared_slope`.

    One forward pass gives both, in float32 at least whatever the autocast: products of small slopes vanish among
    bfloat16's 8 bits. The slope is that at the images as they are given, also of a map that sees them smaller.

    Args:
        discriminator: from B x 3 x H x W to maps of scores, one for each scale.
        real: B x 3 x H x W; no gradient reaches them.
    """
    images = at_least_float32(real.detach()).requires_grad_()
    with torch.autocast(images.device.type, enabled=False):
        scores = discriminator(images)
        slopes = [mean_squared_slope(each, images) for each in scores]
    return scores, torch.stack(slopes).sum()
