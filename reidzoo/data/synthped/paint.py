"""The canvas: textured outlines laid over each other from back to front, with a label for every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np

HEIGHT, WIDTH = 128, 64
"""Size of a finished picture."""
SUPERSAMPLING = 3
"""Everything is drawn this many times larger, then averaged down."""
_SHIFT = 4  # fractional bits of cv2.fillPoly's coordinates
_ROUND = (np.linspace(1.08, 0.84, 8)[:, None] * np.cos(np.linspace(-0.75, 0.75, 8))).astype(np.float32)[..., None]
"""Shading of what has no texture of its own, 8 x 8 x 1."""


class Label(IntEnum):
    """What a pixel of the canvas shows."""

    BACKGROUND = 0
    HEAD = 1
    HAIR = 2
    TORSO = 3
    HEM = 4
    BAG = 5
    RIGHT_UPPER_ARM = 6
    RIGHT_FOREARM = 7
    LEFT_UPPER_ARM = 8
    LEFT_FOREARM = 9
    RIGHT_THIGH = 10
    RIGHT_CALF = 11
    LEFT_THIGH = 12
    LEFT_CALF = 13
    FOREIGN = 14
    """Another person or an object in front."""


@dataclass
class Canvas:
    """``image`` H x W x 3 uint8 RGB and ``labels`` H x W uint8, both supersampled."""

    image: np.ndarray
    labels: np.ndarray

    @classmethod
    def over(cls, background: np.ndarray) -> Canvas:
        """A canvas that shows nothing but ``background``, which it takes over."""
        return cls(background, np.zeros(background.shape[:2], np.uint8))

    def paint(self, outline: np.ndarray, texture: np.ndarray, quad: np.ndarray, label: int) -> None:
        """Fill ``outline`` (N x 2 pixels) with ``texture`` (h x w x 3 uint8), whose corners lie on ``quad``.

        ``quad`` is 4 x 2: where the texture's top left, top right, bottom right and bottom left corners fall.
        """
        low = np.maximum(np.floor(outline.min(axis=0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(outline.max(axis=0)).astype(int) + 2, (self.labels.shape[1], self.labels.shape[0]))
        if (high <= low).any():
            return
        width, height = (high - low).tolist()
        corners = np.array([[0, 0], [texture.shape[1], 0], [texture.shape[1], texture.shape[0]], [0, texture.shape[0]]])
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), (quad - low).astype(np.float32))
        patch = cv2.warpPerspective(
            texture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        points = np.round((outline - low) * (1 << _SHIFT)).astype(np.int32)[None]
        cover = np.zeros((height, width), np.uint8)
        cv2.fillPoly(cover, points, 255, cv2.LINE_AA, _SHIFT)
        window = np.s_[low[1] : high[1], low[0] : high[0]]
        share = cover[..., None].astype(np.uint16)
        blended = (patch * share + self.image[window] * (255 - share) + 127) // 255
        self.image[window] = blended
        self.labels[window][cover > 127] = label

    def fill(self, outline: np.ndarray, colour: tuple[int, int, int], label: int) -> None:
        """Fill ``outline`` with one colour, a little darker towards its lower edge and its sides."""
        texture = np.clip(np.array(colour, np.float32) * _ROUND, 0, 255).astype(np.uint8)
        low, high = outline.min(axis=0), outline.max(axis=0) + 1e-3
        quad = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
        self.paint(outline, texture, quad, label)


_HALF_TURN = np.linspace(0, np.pi, 7)
_CAP = np.stack([np.cos(_HALF_TURN), np.sin(_HALF_TURN)], axis=1)
_FULL_TURN = np.linspace(0, 2 * np.pi, 20, endpoint=False)
_CIRCLE = np.stack([np.cos(_FULL_TURN), np.sin(_FULL_TURN)], axis=1)


def capsule(
    start: np.ndarray, end: np.ndarray, start_radius: float, end_radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Outline and texture corners of a tapered limb; the texture runs from ``start`` (top) to ``end`` (bottom)."""
    along = end - start
    length = np.hypot(*along)
    along = along / length if length > 1e-3 else np.array([0.0, 1.0])
    left = np.array([-along[1], along[0]])
    top = start + start_radius * (_CAP[:, :1] * left - _CAP[:, 1:] * along)
    bottom = end + end_radius * (_CAP[:, 1:] * along - _CAP[:, :1] * left)
    above, below = start - 0.7 * start_radius * along, end + 0.7 * end_radius * along
    quad = np.array(
        [above + start_radius * left, above - start_radius * left, below - end_radius * left, below + end_radius * left]
    )
    return np.concatenate([top, bottom]), quad


def ellipse(centre: np.ndarray, radius_x: float, radius_y: float) -> np.ndarray:
    """Outline of an upright ellipse, 20 x 2."""
    return centre + _CIRCLE * (radius_x, radius_y)
