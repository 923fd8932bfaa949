"""The discriminator of PG2: Ma, Jia, Sun, Schiele, Tuytelaars & Van Gool, "Pose Guided ...", NIPS 2017, as released."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import ClassVar

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.same_padding import halving
from reidzoo.models.sizes import check_built_size, halvings_down_to
from reidzoo.registry import DISCRIMINATORS

LEAST_ROWS = 8  # of the last map
WIDEST = 8  # times the width
SPREAD = 0.02  # standard deviation of the weights at the start


@DISCRIMINATORS.register
class PG2Discriminator(nn.Module):
    """Convolutions 5x5 of stride 2 down to 8 rows and a linear layer to one score (Ma et al., NIPS 2017, as released).

    Four convolutions for 128 x 64, five for 256 x 256; channels double up to 8 times ``width``; leaky ReLU 0.2 after
    each, batch norm in all but the first. As released, convolutions before a batch norm have biases, which it takes
    away again. 4,324,737 parameters for 128 x 64, 10,896,257 for 256 x 256. Start: uniform of standard deviation 0.02,
    biases 0, batch norm 1 and 0.

    Batch norm always uses the statistics of the batch, in evaluation, too: a score depends on which images are judged
    together, and the method has to judge in one pass those that shall share statistics.

    Args:
        width: channels after the first convolution.
        image_size: height and width of the images.
        in_channels: 3 for images, 6 for pairs of them.

    Raises:
        UserError: a width below 1, or a size that cannot be halved so often.
    """

    smoke: ClassVar = {"width": 2}

    def __init__(self, width: int = 64, image_size: Sequence[int] = (128, 64), in_channels: int = 3):
        super().__init__()
        if width < 1:
            raise UserError(f"PG2Discriminator expects a width of at least 1, got width={width}: the paper has 64")
        self.image_size, halvings = halvings_down_to(self, image_size, LEAST_ROWS)
        channels = [width * min(2**i, WIDEST) for i in range(halvings)]
        body: list[nn.Module] = [halving(in_channels, width, 5), nn.LeakyReLU(0.2, inplace=True)]
        for narrow, wide in pairwise(channels):
            norm = nn.BatchNorm2d(wide, track_running_stats=False)
            body += [halving(narrow, wide, 5), norm, nn.LeakyReLU(0.2, inplace=True)]
        cells = self.image_size[0] * self.image_size[1] // 4**halvings
        self.body = nn.Sequential(*body, nn.Flatten(), nn.Linear(channels[-1] * cells, 1))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.uniform_(module.weight, -SPREAD * sqrt(3), SPREAD * sqrt(3))
                nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Images B x ``in_channels`` x H x W in [-1, 1] to scores B x 1, without sigmoid.

        Raises:
            UserError: images of another size than ``image_size``.
        """
        check_built_size(self, images)
        return self.body(images)
