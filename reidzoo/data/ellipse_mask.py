"""A prior in the place of masks: where a person stands in a detector's box, without looking."""

from __future__ import annotations

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.data.moving import Sample
from reidzoo.registry import TRANSFORMS


@TRANSFORMS.register
class EllipseMask:
    """Where the person is, where no mask was made: an upright ellipse in the middle of the detector's box.

    It comes first among the transforms, as :class:`reidzoo.data.transforms.LoadMask` does, and stands in its place. The
    default sides are about those of a standing person in a box of Market-1501.

    Args:
        height: of the ellipse, as a share of the image's.
        width: of the ellipse, as a share of the image's.

    Attributes:
        mask_source: what a log says of where masks come from.

    Raises:
        UserError: a share outside (0, 1], or an image that was moved before.
    """

    def __init__(self, height: float = 0.95, width: float = 0.6):
        if not (0 < height <= 1 and 0 < width <= 1):
            raise UserError(f"EllipseMask takes shares of the image's sides in (0, 1], got {height} and {width}")
        self.height, self.width = height, width
        self.mask_source = f"an ellipse of {height:g} of the image's height and {width:g} of its width"

    def __call__(self, sample: Sample) -> Sample:
        if "moved" in sample:
            raise UserError("EllipseMask expects images as they are on disk and got a moved one: put it first")
        sides = np.array(sample["image"].shape[:2])
        radii = sides * (self.height, self.width) / 2
        # of each pixel's centre, from the image's, in radii
        rows, columns = ((np.arange(side) + 0.5 - side / 2) / radius for side, radius in zip(sides, radii, strict=True))
        sample["mask"] = np.where(rows[:, None] ** 2 + columns[None] ** 2 <= 1, 255, 0).astype(np.uint8)
        return sample
