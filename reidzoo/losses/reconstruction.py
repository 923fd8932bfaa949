"""How far a drawn image, or what a network sees in it, is from the true one."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.base.precision import at_least_float32
from reidzoo.registry import LOSSES


@LOSSES.register
class L1Loss(nn.Module):
    """Mean absolute difference over batch, channels and places: Isola et al., pix2pix, CVPR 2017, equation 3.

    drawn, true: B x C x H x W. Returns a scalar in float32, or in float64 for float64 maps. On features: Johnson,
    Alahi & Fei-Fei, ECCV 2016, and the ablation "feature" of Siarohin et al., CVPR 2018.
    """

    def forward(self, drawn: Tensor, true: Tensor) -> Tensor:
        return (at_least_float32(drawn) - true).abs().mean()


@LOSSES.register
class NearestNeighbourLoss(nn.Module):
    """Each place of a drawn map against the most alike one near it in the true map: Siarohin et al., CVPR 2018.

    ``mean_p min_{q in N(p)} sum_c |drawn(p) - true(q)|``, where N(p) is the square of ``window`` x ``window`` places
    around p within the map; mean over batch and places. A person drawn a pixel aside costs nothing that a blurred one
    would save. drawn, true: B x C x H x W. Returns a scalar in float32, or in float64 for float64 maps; gradients reach
    ``drawn`` alone, through the nearest place; of equal ones the centre's, then the first's. Channels are summed, so
    that a window of 1 is C times :class:`L1Loss`.

    Args:
        window: side of the square, odd; the released commands have 3 for Market-1501 and 5 for DeepFashion.

    Raises:
        UserError: a window that is not odd and positive.
    """

    def __init__(self, window: int = 3):
        super().__init__()
        if type(window) is not int or window < 1 or window % 2 == 0:
            raise UserError(f"NearestNeighbourLoss takes an odd window of at least 1, got {window!r}: 3 or 5")
        reach = window // 2
        shifts = [(down, right) for down in range(-reach, reach + 1) for right in range(-reach, reach + 1)]
        #: rows down and columns right of the true map, the centre first
        self.shifts = sorted(shifts, key=lambda shift: shift != (0, 0))
        self.reach = reach

    def forward(self, drawn: Tensor, true: Tensor) -> Tensor:
        drawn, true = at_least_float32(drawn), at_least_float32(true.detach())
        return (drawn - self.nearest(drawn.detach(), true)).abs().sum(dim=1).mean()

    def nearest(self, drawn: Tensor, true: Tensor) -> Tensor:
        """What stands at the nearest place of the true map, B x C x H x W."""
        height, width = true.shape[2:]
        padded = F.pad(true, (self.reach,) * 4)
        within = F.pad(torch.ones_like(true[:1, 0]), (self.reach,) * 4) > 0
        found, least = true, torch.full_like(true[:, 0], float("inf"))
        for down, right in self.shifts:
            rows = slice(self.reach + down, self.reach + down + height)
            columns = slice(self.reach + right, self.reach + right + width)
            shifted = padded[:, :, rows, columns]
            distance = (drawn - shifted).abs().sum(dim=1).where(within[:, rows, columns], float("inf"))
            closer = distance < least
            least = least.where(~closer, distance)
            found = found.where(~closer[:, None], shifted)
        return found
