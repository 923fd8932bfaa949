"""Random erasing of images that are on their device already, for a step that needs them with and without it.

Zhong, Zheng, Kang, Li & Yang, "Random Erasing Data Augmentation", AAAI 2020 (arXiv:1708.04896), algorithm 1; the
transform ``RandomErasing`` does it to bytes, before the network ever sees them whole.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: rectangles that are tried for an image; one that is drawn larger than the image is drawn anew
TRIES = 100


def erase_at_random(
    images: Tensor,
    prob: float = 0.5,
    area: tuple[float, float] = (0.02, 0.4),
    aspect: tuple[float, float] = (0.3, 1 / 0.3),
) -> Tensor:
    """Images with, each by itself, a rectangle of zeros: the mean colour where images are normalised.

    Draws come from torch's generator of the CPU, so that they are the same on every device, and are as many whatever
    they come to.

    Args:
        images: B x C x H x W float; not written to.
        prob: of an image to lose something, 0 to 1.
        area: lowest and highest erased share of the image.
        aspect: lowest and highest height / width of the rectangle.

    Returns:
        B x C x H x W, a copy.
    """
    count, height, width = len(images), *images.shape[-2:]
    chosen = torch.rand(count) < prob
    areas = torch.empty(count, TRIES).uniform_(*area) * height * width
    aspects = torch.empty(count, TRIES).uniform_(*aspect)
    heights, widths = (areas * aspects).sqrt().round(), (areas / aspects).sqrt().round()
    fits = (heights < height) & (widths < width)
    first = fits.int().argmax(dim=1, keepdim=True)  # of several, the first try
    erased = chosen & fits.any(dim=1)
    spans = []
    for lengths, whole in ((heights, height), (widths, width)):
        length = lengths.gather(1, first).where(erased[:, None], 0)
        start = (torch.rand(count, 1) * (whole - length + 1)).floor()
        places = torch.arange(whole)
        spans.append((places >= start) & (places < start + length))
    rows, columns = (span.to(images.device) for span in spans)
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)
