"""LPIPS, the learned perceptual image patch similarity: Zhang et al., CVPR 2018, version 0.1 on AlexNet.

    paper (equation 1)     here
    x, x_0                 first, second
    y^l, y_0^l             one, other: maps of layer l, of unit length along the channels
    w_l                    heads[l]

The paper multiplies the difference by w_l before squaring; the released code, and this, weigh the squared difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torchvision.models import alexnet

from reidzoo.base.errors import UserError
from reidzoo.base.weights import load_weights

#: the five ReLUs of AlexNet's ``features``, and their channels
LAYERS = {1: 64, 4: 192, 7: 384, 9: 256, 11: 256}
#: below, AlexNet's second pooling has nothing to pool
SMALLEST = 31
#: of ImageNet's images, for values in [-1, 1]; the digits of the released code
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)


class LPIPS(nn.Module):
    """Distance of two images as people would judge it.

    Attributes:
        name: ``lpips-alex``.

    Args:
        alexnet_state: torchvision's AlexNet by its names; its classifier is passed over.
        head_state: the released weights w_l: ``lin0.model.1.weight`` to ``lin4.model.1.weight``, 1 x C x 1 x 1.
        sources: what errors call the two origins.

    Raises:
        UserError: tensors that do not fit.
    """

    name = "lpips-alex"

    def __init__(self, alexnet_state: Mapping[str, Tensor], head_state: Mapping[str, Tensor], sources: tuple[str, str]):
        super().__init__()
        with torch.device("meta"):  # its classifier has 59 million weights that nobody needs
            network = alexnet(weights=None)
        self.features = network.features.to_empty(device="cpu")[: max(LAYERS) + 1]
        prefix = "features."
        maps = {name.removeprefix(prefix): state for name, state in alexnet_state.items() if name.startswith(prefix)}
        load_weights(self.features, maps, source=sources[0], remedy="name torchvision's file of AlexNet")
        self.heads = nn.ModuleList(nn.Conv2d(channels, 1, 1, bias=False) for channels in LAYERS.values())
        heads = {re.sub(r"^lin(\d)\.model\.1\.", r"\1.", name): tensor for name, tensor in head_state.items()}
        load_weights(self.heads, heads, source=sources[1], remedy="name the heads of LPIPS 0.1 on AlexNet")
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    @torch.inference_mode()
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Two batches B x 3 x H x W uint8 RGB, image beside image, to B float64, 0 of equal images.

        The size of the images matters: the paper's are patches of 64 x 64, and papers score at their own sizes.

        Raises:
            UserError: shapes or types that differ from these, or images below 31 pixels.
        """
        for images in (first, second):
            if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3 or images.shape != first.shape:
                shapes = " and ".join(" x ".join(map(str, each.shape)) for each in (first, second))
                raise UserError(f"LPIPS expects two batches B x 3 x H x W of uint8 of one size, got {shapes}")
        if min(first.shape[2:]) < SMALLEST:
            height, width = first.shape[2:]
            raise UserError(
                f"LPIPS on AlexNet needs at least {SMALLEST} pixels a side, got images of {height} x {width}"
            )
        pairs = zip(self._maps(first), self._maps(second), self.heads, strict=True)
        # sum_l 1/(H_l W_l) sum_hw w_l . (y^l_hw - y_0^l_hw)^2
        return sum(head((one - other).square()).mean(dim=(1, 2, 3)).double() for one, other, head in pairs)

    def _maps(self, images: Tensor) -> list[Tensor]:
        """B x C x h x w of each layer, of unit length along C."""
        x = (images.to(self.shift.device).float() / 127.5 - 1 - self.shift) / self.scale
        maps = []
        for number, layer in enumerate(self.features):
            x = layer(x)
            if number in LAYERS:
                maps.append(normalize(x, dim=1, eps=1e-10))
        return maps
