"""Pictures of poses: the limbs of a skeleton in the colours of their side."""

from __future__ import annotations

import cv2
import numpy as np
from matplotlib.colors import to_rgb

from reidzoo.base.skeletons import JOINTS, LIMBS, MISSING
from reidzoo.visualization.canvas import BLUE, GREY, VERMILION

#: pixels drawn for each of the image's
ZOOM = 4
THICKNESS = 3  # of a limb, in image pixels; a joint's radius is half of it
_SHIFT = 4  # bits of a pixel that cv2 is told


def draw_skeleton(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A pose on white: the person's right limbs vermilion, left ones blue, what has no side grey.

    Args:
        points: 18 x 2, (y, x) in pixels of the image, -1 in both where missing.
        size: height and width of the image.

    Returns:
        4 H x 4 W x 3 uint8 RGB.
    """
    picture = np.full((ZOOM * size[0], ZOOM * size[1], 3), 255, dtype=np.uint8)
    points = np.asarray(points, dtype=np.float64)
    there = (points > MISSING).all(axis=1)
    for start, end in LIMBS:
        if there[start] and there[end]:
            ends = (_place(points[joint]) for joint in (start, end))
            cv2.line(picture, *ends, _colour(end), ZOOM * THICKNESS, cv2.LINE_AA, _SHIFT)
    for joint in np.flatnonzero(there):
        radius = round(ZOOM * THICKNESS / 2 * 2**_SHIFT)
        cv2.circle(picture, _place(points[joint]), radius, _colour(joint), cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return picture


def _place(point: np.ndarray) -> tuple[int, int]:
    """(x, y) in fractions of the picture's pixels: the middle of the image's pixel is the middle of its square."""
    y, x = ((point + 0.5) * ZOOM - 0.5) * 2**_SHIFT
    return round(x), round(y)


def _colour(joint: int) -> tuple[int, int, int]:
    side = JOINTS[joint].partition("_")[0]
    colour = {"right": VERMILION, "left": BLUE}.get(side, GREY)
    return tuple(round(255 * value) for value in to_rgb(colour))
