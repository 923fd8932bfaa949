"""The generator of Deformable GAN: Siarohin, Sangineto, Lathuilière & Sebe, CVPR 2018, as released."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError, nearest
from reidzoo.base.pose_maps import heat_maps
from reidzoo.base.skeletons import JOINTS
from reidzoo.models.deformable_skip import SAMPLINGS, deform, part_motion
from reidzoo.models.initialization import init_glorot
from reidzoo.models.sizes import check_built_size, halvings_down_to
from reidzoo.models.whole_sample_norm import checked_norm
from reidzoo.registry import GENERATORS

WIDEST = 8  # times the width
LEAST_ROWS = 4  # of the innermost map: 4 to 7
DEFORMED = 4  # maps, from the largest, that are moved to the target pose
DROPPED = 3  # doublings with dropout, from the innermost
DROPOUT = 0.5


class Encoder(nn.Module):
    """A convolution at full size, then halvings; all maps before their activation, largest first."""

    def __init__(self, in_channels: int, channels: Sequence[int], norm: type[nn.Module]):
        super().__init__()
        self.first = nn.Conv2d(in_channels, channels[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(narrow, wide, 4, stride=2, padding=1, bias=False) for narrow, wide in pairwise(channels)
        )
        self.norms = nn.ModuleList([*(norm() for _ in channels[2:]), nn.Identity()])

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.first(x)]
        for down, norm in zip(self.down, self.norms, strict=True):
            maps.append(norm(down(F.leaky_relu(maps[-1], 0.2))))
        return maps


class Doubling(nn.Module):
    """ReLU, transposed convolution to twice the size, norm, dropout."""

    def __init__(self, in_channels: int, out_channels: int, norm: type[nn.Module], dropout: float):
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False)
        self.norm = norm()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.norm(self.up(F.relu(x))))


@GENERATORS.register
class DeformableGenerator(nn.Module):
    """A U-Net with an encoder for the source image and one for the target pose; skips move with the body's parts.

    Siarohin et al., CVPR 2018, as released. The first encoder sees the source image and its pose, the second the target
    pose; poses come as heat maps of 6 pixels. 4x4 convolutions of stride 2 halve the size down to 4 to 7 rows; the
    four largest maps of the first encoder are moved to the target pose (:mod:`reidzoo.models.deformable_skip`); dropout
    0.5 in the three innermost doublings; tanh. 61,109,085 parameters for 128 x 64, 82,080,611 for 256 x 256; the
    U-Net without deformation has one encoder for the image and both poses: 36,072,533 for 128 x 64. Start: Glorot
    uniform, biases 0.

    Args:
        width: channels at full size; they double with each halving, up to 8 times as many.
        image_size: height and width of the images, which set the number of halvings: 5 for 128 rows, 6 for 256.
        deformable: two encoders and deformed skips; without, the authors' baseline.
        sampling: of the deformed maps, "nearest" (released code) or "bilinear".
        norm: "sample" (released code) or "instance", see :mod:`reidzoo.models.whole_sample_norm`.

    Attributes:
        image_size: as given.

    Raises:
        UserError: a width below 1, a size that cannot be halved so often, another sampling or norm.
    """

    smoke: ClassVar = {"width": 1}

    def __init__(
        self,
        width: int = 64,
        image_size: Sequence[int] = (128, 64),
        deformable: bool = True,
        sampling: str = "nearest",
        norm: str = "sample",
    ):
        super().__init__()
        if width < 1:
            raise UserError(
                f"DeformableGenerator expects a width of at least 1, got width={width}: the released code has 64"
            )
        if sampling not in SAMPLINGS:
            raise UserError(f"DeformableGenerator has no sampling '{sampling}', {nearest(sampling, SAMPLINGS)}")
        norm_class = checked_norm(self, norm)
        self.image_size, halvings = halvings_down_to(self, image_size, LEAST_ROWS)
        self.sampling = sampling

        channels = [width * min(2**i, WIDEST) for i in range(halvings + 1)]
        joints = len(JOINTS)
        if deformable:
            self.appearance = Encoder(3 + joints, channels, norm_class)
            self.pose = Encoder(joints, channels, norm_class)
        else:
            self.appearance, self.pose = Encoder(3 + 2 * joints, channels, norm_class), None
        skips = [2 * number for number in channels] if deformable else channels
        self.up = nn.ModuleList()  # from the innermost; each but the first eats what the one before drew, and a skip
        for i in range(halvings):
            eaten = skips[-1] if i == 0 else channels[-i] + skips[-1 - i]
            self.up.append(Doubling(eaten, channels[-1 - i], norm_class, DROPOUT if i < DROPPED else 0.0))
        self.last = nn.Conv2d(channels[1] + skips[0], 3, 3, padding=1)
        init_glorot(self)

    def forward(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> Tensor:
        """The persons of the images in other poses.

        Args:
            images: B x 3 x H x W in [-1, 1].
            source_points: B x 18 x 2, (y, x) in pixels of these images, both shoulders and hips among them.
            target_points: the same of the poses to draw.

        Returns:
            B x 3 x H x W in (-1, 1).

        Raises:
            UserError: images of another size than ``image_size``.
        """
        check_built_size(self, images)
        skips = self._skips(images, source_points, target_points)
        x = self.up[0](skips.pop())
        for up in self.up[1:]:
            x = up(torch.cat([x, skips.pop()], dim=1))
        return self.last(F.relu(torch.cat([x, skips.pop()], dim=1))).tanh()

    def _skips(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> list[Tensor]:
        """What the decoder is given beside its own maps, largest first."""
        source, target = (heat_maps(each, self.image_size).to(images.dtype) for each in (source_points, target_points))
        if self.pose is None:
            return self.appearance(torch.cat([images, source, target], dim=1))
        motion = part_motion(source_points, target_points, self.image_size)
        maps = self.appearance(torch.cat([images, source], dim=1))
        moved = [deform(each, motion, self.sampling) for each in maps[:DEFORMED]]
        poses = self.pose(target)
        return [torch.cat(pair, dim=1) for pair in zip([*moved, *maps[DEFORMED:]], poses, strict=True)]
