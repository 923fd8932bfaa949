"""From the orders of other skeletons to COCO-18, :data:`reidzoo.base.skeletons.JOINTS`."""

from __future__ import annotations

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import MISSING

#: the position in OpenPose's BODY_25 of each of the 18 points; it has the middle of the hips and the feet besides
BODY25_TO_18 = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)

LEFT_SHOULDER, RIGHT_SHOULDER = 5, 6
"""In COCO's 17, which has no neck and tells left before right."""
NECK = 17
#: the position of each of the 18 points in COCO's 17 and a neck behind them
_COCO17_TO_18 = (0, NECK, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)

#: the position in MediaPipe's 33 of each of COCO's 17; the others are more of the face, hands and feet
_MEDIAPIPE33_TO_COCO17 = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)


def coco17_to_18(points: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 18 points of persons of whom COCO's 17 are known: the neck is the midpoint of the shoulders.

    Args:
        points: N x 17 x 2, ``MISSING`` in both for a missing point.
        scores: N x 17, the confidence in each point.

    Returns:
        Points N x 18 x 2 float32, the neck missing where a shoulder is; scores N x 18 float32, the neck's the smaller
        one of both shoulders.

    Raises:
        UserError: arrays of other shapes.
    """
    if points.shape[1:] != (17, 2) or scores.shape != points.shape[:2]:
        raise UserError(
            f"COCO-17 poses are N x 17 x 2 points and N x 17 scores, got {points.shape} and {scores.shape}: "
            "another skeleton needs a conversion of its own"
        )
    shoulders = points[:, [LEFT_SHOULDER, RIGHT_SHOULDER]].astype(np.float32)
    visible = (shoulders > MISSING).all(axis=(1, 2))[:, None]
    neck = np.where(visible, shoulders.mean(axis=1), MISSING)
    neck_score = scores[:, [LEFT_SHOULDER, RIGHT_SHOULDER]].min(axis=1)
    with_neck = np.concatenate((points, neck[:, None]), axis=1, dtype=np.float32)
    scores = np.concatenate((scores, neck_score[:, None]), axis=1, dtype=np.float32)
    return with_neck[:, _COCO17_TO_18], scores[:, _COCO17_TO_18]


def mediapipe33_to_18(points: np.ndarray, visibilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 18 points of persons of whom MediaPipe's 33 landmarks are known; otherwise as :func:`coco17_to_18`.

    Args:
        points: N x 33 x 2, ``MISSING`` in both for a missing point.
        visibilities: N x 33.

    Raises:
        UserError: arrays of other shapes.
    """
    if points.shape[1:] != (33, 2) or visibilities.shape != points.shape[:2]:
        raise UserError(
            f"poses of MediaPipe are N x 33 x 2 points and N x 33 visibilities, got {points.shape} and "
            f"{visibilities.shape}: another skeleton needs a conversion of its own"
        )
    return coco17_to_18(points[:, _MEDIAPIPE33_TO_COCO17], visibilities[:, _MEDIAPIPE33_TO_COCO17])
