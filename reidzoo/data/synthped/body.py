"""The body: a walking skeleton in three dimensions, and its picture from a camera above the street.

Body frame, in body heights: x to the person's left, y up from the ground, z forward. Camera frame:
x to the image's right, y up, z towards the camera; a person with yaw 0 faces the camera, so both agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reidzoo.base.skeletons import JOINT_INDEX, JOINTS
from reidzoo.data.synthped.identity import Build

EXTRA = ("head", "pelvis", "left_toe", "right_toe", "left_heel", "right_heel", "left_hand", "right_hand", "crown")
POINT = {**JOINT_INDEX, **{name: len(JOINTS) + index for index, name in enumerate(EXTRA)}}
"""Row of each point in the arrays of this file: COCO-18 first, then what only the painter needs."""

HEAD_RADIUS = 0.066
UPPER_ARM, FOREARM, HAND = 0.165, 0.14, 0.05
HIP_HEIGHT, THIGH, CALF = 0.52, 0.245, 0.235
SHOULDER_RISE, SHOULDER_HALF, HIP_HALF = 0.3, 0.1, 0.05


@dataclass(frozen=True)
class Gait:
    """One moment of a walk; angles in radians, ``phase`` in 0 to 2 pi."""

    phase: float
    stride: float
    arm_swing: float
    elbows: tuple[float, float]
    spread: float
    lean: float
    head_turn: float


@dataclass(frozen=True)
class View:
    """Where the camera stands: yaw of the person and pitch of the camera in radians, distance in body heights."""

    yaw: float
    pitch: float
    distance: float


def sample_gait(rng: np.random.Generator) -> Gait:
    """A walking person four times out of five, a standing one otherwise."""
    walking = rng.random() < 0.8
    stride = rng.uniform(0.3, 0.52) if walking else rng.uniform(0.0, 0.1)
    elbows = rng.uniform(0.15, 0.6, 2)
    if rng.random() < 0.12:  # a hand at the phone or the strap
        elbows[rng.integers(2)] = rng.uniform(1.6, 2.2)
    return Gait(
        phase=rng.uniform(0, 2 * np.pi),
        stride=stride,
        arm_swing=stride * rng.uniform(0.6, 1.1),
        elbows=(float(elbows[0]), float(elbows[1])),
        spread=rng.uniform(0.08, 0.2),
        lean=rng.normal(0.04, 0.03),
        head_turn=rng.normal(0, 0.25),
    )


def _leg(points: np.ndarray, side: str, sign: int, gait: Gait, reach: float) -> None:
    phase = gait.phase + (0 if sign > 0 else np.pi)
    thigh = gait.stride * np.sin(phase)
    calf = thigh - 0.08 - 1.5 * gait.stride * max(0.0, np.cos(phase - 0.25))
    hip = points[POINT[f"{side}_hip"]]
    knee = hip + reach * THIGH * np.array([0, -np.cos(thigh), np.sin(thigh)])
    ankle = knee + reach * CALF * np.array([0, -np.cos(calf), np.sin(calf)])
    foot = 0.6 * calf
    toe = np.array([0.012 * sign, -0.03, 0.085])
    heel = np.array([0, -0.032, -0.025])
    turn = np.array([[1, 0, 0], [0, np.cos(foot), np.sin(foot)], [0, -np.sin(foot), np.cos(foot)]])
    points[POINT[f"{side}_knee"]], points[POINT[f"{side}_ankle"]] = knee, ankle
    points[POINT[f"{side}_toe"]], points[POINT[f"{side}_heel"]] = ankle + turn @ toe, ankle + turn @ heel


def _arm(points: np.ndarray, side: str, sign: int, gait: Gait, elbow_bend: float) -> None:
    phase = gait.phase + (0 if sign > 0 else np.pi)
    upper = -gait.arm_swing * np.sin(phase)
    fore = upper + elbow_bend
    out = np.sin(gait.spread)
    shoulder = points[POINT[f"{side}_shoulder"]]
    elbow = shoulder + UPPER_ARM * np.array([sign * out, -np.cos(upper) * np.cos(gait.spread), np.sin(upper)])
    inward = -0.35 * sign * max(0.0, elbow_bend - 1.0)  # a raised hand comes before the chest
    direction = np.array([0.3 * sign * out + inward, -np.cos(fore), np.sin(fore)])
    wrist = elbow + FOREARM * direction
    points[POINT[f"{side}_elbow"]], points[POINT[f"{side}_wrist"]] = elbow, wrist
    points[POINT[f"{side}_hand"]] = wrist + HAND * direction


def _head(points: np.ndarray, build: Build, turn: float) -> None:
    centre = points[POINT["neck"]] + np.array([0, 0.108, 0.012])
    radius = HEAD_RADIUS * build.head
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    face = {
        "nose": (0, -0.12, 1.05),
        "right_eye": (-0.36, 0.16, 0.88),
        "left_eye": (0.36, 0.16, 0.88),
        "right_ear": (-0.9, 0.0, 0.0),
        "left_ear": (0.9, 0.0, 0.0),
        "head": (0, 0, 0),
    }
    for name, offset in face.items():
        points[POINT[name]] = centre + radius * rotation @ np.array(offset)
    points[POINT["crown"]] = centre + np.array([0, 1.2 * radius, 0])


def pose(build: Build, gait: Gait) -> np.ndarray:
    """Positions of all points in the body frame, 27 x 3, the lower foot on the ground."""
    points = np.zeros((len(POINT), 3))
    pelvis = np.array([0, HIP_HEIGHT * build.legs, 0.0])
    chest = pelvis + SHOULDER_RISE * np.array([0, np.cos(gait.lean), np.sin(gait.lean)])
    points[POINT["pelvis"]], points[POINT["neck"]] = pelvis, chest
    twist = 0.35 * gait.stride * np.sin(gait.phase)  # shoulders turn against the hips
    for side, sign, bend in (("left", 1, gait.elbows[0]), ("right", -1, gait.elbows[1])):
        shoulder = SHOULDER_HALF * build.shoulders * np.array([sign * np.cos(twist), 0, -sign * np.sin(twist)])
        points[POINT[f"{side}_shoulder"]] = chest + shoulder
        points[POINT[f"{side}_hip"]] = pelvis + HIP_HALF * build.girth**0.5 * np.array([sign, 0, 0])
        _leg(points, side, sign, gait, build.legs)
        _arm(points, side, sign, gait, bend)
    _head(points, build, gait.head_turn)
    points[:, 1] -= min(points[POINT[name], 1] for name in EXTRA[2:6])
    return points


def turned(points: np.ndarray, view: View) -> np.ndarray:
    """Points of the body frame (N x 3) in a camera frame that is turned by the yaw but not yet tilted."""
    cos, sin = np.cos(view.yaw), np.sin(view.yaw)
    x, y, z = points.T
    return np.stack([x * cos + z * sin, y, z * cos - x * sin], axis=1)


def project(points: np.ndarray, view: View) -> tuple[np.ndarray, np.ndarray]:
    """Picture of turned points: N x 2 positions (x right, y **down**, in body heights) and N local magnifications."""
    cos, sin = np.cos(view.pitch), np.sin(view.pitch)
    x, y, z = points.T
    near = (y - 0.5) * sin + z * cos
    scale = view.distance / (view.distance - near)
    return np.stack([x * scale, -((y - 0.5) * cos - z * sin) * scale], axis=1), scale
