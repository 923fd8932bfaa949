"""The skeleton that poses are written in: COCO-18, the order of OpenPose, right eye before left eye.

Left and right are the person's own. Points are stored as two lists, ``y`` and ``x``, in pixels of the
image; ``MISSING`` stands in both for a point that cannot be seen.
"""

from __future__ import annotations

MISSING = -1

JOINTS = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
)
"""Names of the 18 points in storage order (OpenPose's ``COCO_18``; the neck is the midpoint of the shoulders)."""

JOINT_INDEX = {name: index for index, name in enumerate(JOINTS)}
"""Position of each point in :data:`JOINTS`."""

TORSO = tuple(JOINT_INDEX[name] for name in ("right_shoulder", "left_shoulder", "right_hip", "left_hip"))
"""The four points that carry a person's scale and position."""

LIMBS = (
    (1, 2),
    (1, 5),
    (2, 3),
    (3, 4),
    (5, 6),
    (6, 7),
    (1, 8),
    (8, 9),
    (9, 10),
    (1, 11),
    (11, 12),
    (12, 13),
    (1, 0),
    (0, 14),
    (14, 16),
    (0, 15),
    (15, 17),
)
"""The 17 bones as pairs of indices into :data:`JOINTS`: a tree rooted at the neck, as a skeleton is drawn."""

FLIP = (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)
"""Permutation that accompanies a mirrored image: ``new[k] = old[FLIP[k]]`` after ``x -> width - 1 - x``.

Its own inverse; without it the left and right limbs of a mirrored person are swapped.
"""
