"""The first step of a sample with a pose."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINTS, MISSING
from reidzoo.data.moving import Sample


class LoadPose:
    """Gives a sample ``points``, 18 x 2 float32, (y, x) in pixels of its image as it is on disk.

    Args:
        poses: 18 x 2 by file name.

    Raises:
        UserError: points lie outside the image, so the poses are those of images of another size.
    """

    def __init__(self, poses: Mapping[str, np.ndarray]):
        self.poses = poses

    def __call__(self, sample: Sample) -> Sample:
        points = self.poses[sample["path"].name]
        height, width = sample["image"].shape[:2]
        outside = np.flatnonzero((points >= (height, width)).any(axis=1) & (points != MISSING).all(axis=1))
        if len(outside):
            y, x = points[outside[0]]
            raise UserError(
                f"{len(outside)} of the points of '{sample['path']}' lie outside its {height} x {width} pixels, first "
                f"{JOINTS[outside[0]]} at y = {y}, x = {x}: give poses that were found on images of this size"
            )
        sample["points"] = points.astype(np.float32)
        return sample
