"""Twice the size and a convolution, without ever making the large map that the convolution would read."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DoublingConv(nn.Conv2d):
    """``Upsample(scale_factor=2)`` by nearest neighbour, then a 5x5 convolution with mirrored border, in one.

    Several taps of the 5x5 always meet copies of one pixel. Added up they make a 3x3 convolution of the small map for
    each of the four places of a 2x2 cell: the same sums with 36 products where there were 100. On a CPU it takes half
    of the time, backward pass included. Weight and bias are those of the 5x5 convolution.

    B x in_channels x (h + 2) x (w + 2), a map that ``nn.ReplicationPad2d(1)`` padded, h and w at least 2, to
    B x out_channels x 2h x 2w.

    Args:
        in_channels: of the map.
        out_channels: of the result.
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(in_channels, out_channels, 5)

    def forward(self, padded: Tensor) -> Tensor:
        cells = F.conv2d(padded, self._cell_weight(), self.bias.repeat_interleave(4))
        return self._mirror_border(F.pixel_shuffle(cells, 2), padded)

    def _cell_weight(self) -> Tensor:
        """4 out_channels x in_channels x 3 x 3, the four places of a cell next to each other."""
        rows = _met(self.weight.transpose(2, 3)).permute(0, 1, 3, 4, 2)  # O x C x 2 x 3 x 5, columns last
        places = _met(rows)  # O x C x 2 x 3 x 2 x 3
        return places.permute(0, 2, 4, 1, 3, 5).flatten(0, 2).contiguous(memory_format=torch.channels_last)

    def _mirror_border(self, y: Tensor, padded: Tensor) -> Tensor:
        """What the outermost taps see of a mirrored border, where the padding repeated the outermost pixel.

        The mirror image of two copies of a pixel is one more copy and then its neighbour: only the lines at the border
        see the neighbour, and by their last tap.
        """
        x = padded[:, :, 1:-1]
        ends = [padded[:, :, 2:3] - padded[:, :, 1:2], padded[:, :, -3:-2] - padded[:, :, -2:-1]]
        sides = [x[..., 2:3] - x[..., 1:2], x[..., -3:-2] - x[..., -2:-1]]
        ends = torch.cat(ends, dim=1).repeat_interleave(2, dim=3)
        sides = F.pad(torch.cat(sides, dim=1).repeat_interleave(2, dim=2), (0, 0, 2, 2), mode="reflect")
        rows, columns = (torch.cat([self.weight.narrow(dim, i, 1) for i in (0, 4)]) for dim in (2, 3))
        top, bottom = F.conv2d(ends, rows, groups=2).chunk(2, dim=1)
        left, right = F.conv2d(sides, columns, groups=2).chunk(2, dim=1)
        for line, change in ((y[:, :, :1], top), (y[:, :, -1:], bottom), (y[..., :1], left), (y[..., -1:], right)):
            line += change
        return y


def _met(taps: Tensor) -> Tensor:
    """... x 5 taps on a doubled line to ... x 2 x 3, what the first and the second copy of a pixel make of the line's
    pixel before, itself and the next one."""
    a, b, c, d, e = taps.unbind(-1)
    return torch.stack([torch.stack([a + b, c + d, e], dim=-1), torch.stack([a, b + c, d + e], dim=-1)], dim=-2)
