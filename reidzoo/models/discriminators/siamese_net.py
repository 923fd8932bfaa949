"""SPGAN's Siamese network: Deng, Zheng, Ye, Kang, Yang, Jiao, "Image-Image Domain Adaptation ...", CVPR 2018."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.initialization import init_glorot
from reidzoo.models.sizes import check_built_size
from reidzoo.registry import DISCRIMINATORS

#: halvings of 4 by each form's stages; its image size in the publication
STAGES = {"torch": 3, "tf": 4, "paper": 4}
PUBLISHED_SIZE = {"torch": (256, 128), "tf": (256, 256), "paper": (256, 256)}
DROPOUT = 0.5


class Stage(nn.Module):
    """Convolution 4x4 of stride 2, max pooling 2x2 of stride 2, leaky ReLU 0.2: a quarter of the size.

    The pooling stands before the ReLU, which is monotone: the same values from a quarter of the work. With ``same``
    both pad as TensorFlow's SAME does, so that n cells become ceil(n / 2) and one cell stays one; otherwise sizes are
    multiples of 4.
    """

    def __init__(self, in_channels: int, out_channels: int, same: bool):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 4, stride=2)
        self.same = same

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        x = self.conv(F.pad(x, (1, 1 + width % 2, 1, 1 + height % 2)))  # an odd side gets its third cell at the end
        return F.leaky_relu(F.max_pool2d(x, 2, ceil_mode=self.same), 0.2)


@DISCRIMINATORS.register
class SiameseNet(nn.Module):
    """Images to unit vectors, whose distances SPGAN's contrastive loss learns (Deng et al., CVPR 2018).

    Three forms were published; none has a norm layer. At their sizes and width 64:

    * ``"torch"``: the authors' PyTorch code, 256 x 128. Three stages to 4 x 2 x 256, FC to 128, leaky ReLU, dropout
      0.5, FC to 64, both without bias: 929,216 parameters. PyTorch's own start.
    * ``"tf"``: the authors' TensorFlow code, 256 x 256. Four stages to 1 x 1 x 512, FC to 128, leaky ReLU, dropout
      0.5, FC to 64: 2,830,464 parameters. Start: Xavier uniform, biases 0.
    * ``"paper"``: four stages to 1 x 1 x 512 and one FC to 128: 2,822,208 parameters. Start as ``"tf"``.

    Dropout acts in training mode, also within the generator's step: the two images of a pair see different masks.
    The head computes in float32 under autocast, since distances live on small differences.

    Args:
        form: "torch", "tf" or "paper".
        width: channels of the first stage; they double in each. Widths of the FC layers follow it.
        image_size: height and width of the images, which the first FC depends on. With "torch" multiples of 64:
            128 x 64 ends in a map of 2 x 1 instead of 4 x 2, hence 732,608 parameters. The other forms take every
            size; a side of 256 or less ends in one cell. None: the form's size in the publication.

    Raises:
        UserError: an unknown form, a width below 1, or a size that the form cannot halve.
    """

    smoke: ClassVar = {"width": 4}

    def __init__(self, form: str = "torch", width: int = 64, image_size: Sequence[int] | None = None):
        super().__init__()
        if form not in STAGES or width < 1:
            raise UserError(
                f"SiameseNet expects form {', '.join(map(repr, STAGES))} and a width of at least 1, "
                f"got form={form!r}, width={width}"
            )
        self.image_size = _checked_size(form, image_size)
        channels = [3] + [width * 2**i for i in range(STAGES[form])]
        same = form != "torch"
        self.stages = nn.Sequential(*(Stage(*pair, same) for pair in pairwise(channels)))
        inputs = channels[-1]
        for side in self.image_size:
            inputs *= -(-side // 4 ** STAGES[form])  # halving with ceil, twice in each stage
        self.head = nn.Sequential(nn.Linear(inputs, 2 * width, bias=same))
        if form != "paper":
            self.head.extend([nn.LeakyReLU(0.2), nn.Dropout(DROPOUT), nn.Linear(2 * width, width, bias=same)])
        if same:
            init_glorot(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W in [-1, 1] to unit vectors B x ``width``, in the form "paper" B x 2 ``width``.

        Raises:
            UserError: images of another size than ``image_size``.
        """
        check_built_size(self, images)
        features = self.stages(images).flatten(1)
        with torch.autocast(features.device.type, enabled=False):
            features = features.to(torch.promote_types(features.dtype, torch.float32))
            return F.normalize(self.head(features))


def _checked_size(form: str, image_size: Sequence[int] | None) -> tuple[int, int]:
    size = PUBLISHED_SIZE[form] if image_size is None else tuple(image_size)
    divisor = 4 ** STAGES[form] if form == "torch" else 1
    if len(size) != 2 or any(side < 1 or side % divisor for side in size):
        raise UserError(
            f"SiameseNet of form '{form}' expects image_size=(height, width) in multiples of {divisor}, got {size}: "
            "resize the images, or take form 'tf'"
        )
    return size
