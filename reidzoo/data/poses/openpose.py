"""The JSON file that OpenPose writes for an image."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINTS, MISSING
from reidzoo.data.poses.skeleton_conversion import BODY25_TO_18


def read_openpose(path: str | Path, min_confidence: float = 0.3) -> np.ndarray:
    """The pose of the most confident person in OpenPose's ``people[].pose_keypoints_2d`` (COCO_18 or BODY_25).

    The person is the one whose confidences sum to most; of equal ones, that with the larger box.

    Args:
        path: of the JSON file.
        min_confidence: points of less are missing, as are those at (0, 0), where OpenPose puts what it does not find.

    Returns:
        18 x 2 int64, (y, x) in whole pixels; all missing where the file has no person.

    Raises:
        UserError: no such file, no JSON, or no lists of 18 or 25 points.
    """
    path = Path(path)
    try:
        people = json.loads(path.read_text(encoding="utf-8"))["people"]
        rows = [np.array(person["pose_keypoints_2d"], dtype=np.float64).reshape(-1, 3) for person in people]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"'{path}' is no pose file of OpenPose ({type(error).__name__}: {error}): it has a list 'people' of "
            "entries with 'pose_keypoints_2d', x, y and confidence of each point"
        ) from error
    lengths = sorted({len(row) for row in rows} - {len(JOINTS), 25})
    if lengths:
        raise UserError(
            f"'{path}' has a person of {lengths[0]} points: run OpenPose with its model COCO (18) or BODY_25"
        )
    if not rows:
        return np.full((len(JOINTS), 2), MISSING)
    person = max((row if len(row) == len(JOINTS) else row[list(BODY25_TO_18)] for row in rows), key=_rank)
    found = (person[:, 2] >= min_confidence) & person[:, :2].any(axis=1)
    return np.where(found[:, None], np.rint(person[:, 1::-1]).astype(np.int64), MISSING)


def _rank(person: np.ndarray) -> tuple[float, float]:
    """Sum of the confidences, and area of the box around the points that were found."""
    found = person[person[:, 2] > 0, :2]
    area = np.prod(found.max(axis=0) - found.min(axis=0)) if len(found) else 0.0
    return float(person[:, 2].sum()), float(area)
