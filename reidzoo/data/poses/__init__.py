"""Poses on disk: annotation files, lists of pairs, other programs' points in the order of this package, and estimators.

An entry of the shelf ``pose_estimators`` is a class whose instances take an image, H x W x 3 uint8 RGB, and give points
18 x 2 ((y, x) in pixels, -1 in both where missing), the confidence in each (18, from 0 to 1), and a mask H x W uint8
(255 person, 0 rest) or None from an estimator that makes no masks.
"""

from reidzoo.data.poses import mediapipe_pose

__all__ = ["mediapipe_pose"]
