"""Painting a person: the projected skeleton, dressed, from the far parts to the near ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reidzoo.base.skeletons import JOINT_INDEX, JOINTS, MISSING
from reidzoo.data.synthped.body import HEAD_RADIUS, POINT, View
from reidzoo.data.synthped.garments import Wardrobe, seen_columns
from reidzoo.data.synthped.identity import Identity
from reidzoo.data.synthped.paint import Canvas, Label, capsule, ellipse

# Height along the torso (0 hips, 1 shoulders), half width, half depth; widths in body heights.
TORSO_PROFILE = np.array(
    [
        [1.12, 0.034, 0.034],
        [1.06, 0.056, 0.044],
        [1.0, 0.088, 0.052],
        [0.94, 0.105, 0.058],
        [0.84, 0.11, 0.066],
        [0.7, 0.105, 0.07],
        [0.4, 0.091, 0.064],
        [0.12, 0.096, 0.072],
        [-0.08, 0.099, 0.075],
    ]
)
HEM_PROFILE = np.array([[0.1, 0.096, 0.072], [-0.1, 0.104, 0.08], [-0.5, 0.112, 0.092], [-0.85, 0.12, 0.104]])
BULK = {"coat": 1.12, "jacket": 1.1, "hoodie": 1.07, "sweater": 1.04}
"""How much wider than the body a garment hangs."""
LIMB_SAMPLES, TORSO_SAMPLES = 12, 32


@dataclass(frozen=True)
class Light:
    """Direction (radians from the camera's axis towards the image's right) and share of the directed light."""

    azimuth: float
    diffuse: float


@dataclass(frozen=True)
class Figure:
    """A person placed on the canvas: turned points (27 x 3), their pixels (27 x 2) and pixels per body height (27)."""

    person: Identity
    wardrobe: Wardrobe
    points: np.ndarray
    pixels: np.ndarray
    scale: np.ndarray
    view: View
    light: Light

    def at(self, name: str) -> np.ndarray:
        """Pixel (x, y) of a point."""
        return self.pixels[POINT[name]]

    def depth(self, *names: str) -> float:
        """Mean distance towards the camera, in body heights."""
        return float(np.mean([self.points[POINT[name], 2] for name in names]))

    def texture(self, unwrapped: np.ndarray, samples: int, turn: float = 0.0) -> np.ndarray:
        """The visible half of a texture under the light, uint8; ``turn`` is added to the body's yaw."""
        seen = seen_columns(unwrapped, self.view.yaw + turn, samples)
        normal = np.arcsin((np.arange(samples) + 0.5) / samples * 2 - 1)
        toward = np.clip(0.5 + 0.5 * np.cos(normal - self.light.azimuth), 0, 1)
        shade = (1 - self.light.diffuse) + 1.3 * self.light.diffuse * toward**1.5
        shade *= 0.87 + 0.13 * np.cos(normal)  # the rim of every limb looks away from the sky too
        return np.clip(seen * shade[None, :, None], 0, 255).astype(np.uint8)


Stroke = tuple[float, Callable[[Canvas], None]]
"""Depth and what to paint there."""


def _limb(
    figure: Figure,
    ends: tuple[str, str],
    radii: tuple[float, float],
    unwrapped: np.ndarray,
    label: Label,
    drop: float = 0.0,
) -> Callable[[Canvas], None]:
    """How to paint one bone's worth of an arm or leg; the cloth begins ``drop`` of the way from the first end."""
    start, end = figure.at(ends[0]), figure.at(ends[1])
    scale = figure.scale[POINT[ends[0]]]
    texture = figure.texture(unwrapped, LIMB_SAMPLES)
    outline, quad = capsule(start + drop * (end - start), end, radii[0] * scale, radii[1] * scale)
    return lambda canvas: canvas.paint(outline, texture, quad, label)


def _down(length: float) -> np.ndarray:
    """A step towards the lower edge of the canvas."""
    return np.array([0.0, length])


def _arm(figure: Figure, side: str) -> list[Stroke]:
    person, sleeve = figure.person, figure.wardrobe.arm
    bulk = person.build.girth * BULK.get(person.upper.kind, 1.0) ** 1.5
    shoulder, elbow, wrist, hand = (f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist", "hand"))
    upper_label, fore_label = Label[f"{side}_upper_arm".upper()], Label[f"{side}_forearm".upper()]
    half = len(sleeve) // 2
    # The sleeve's round top must stay below the line of the shoulders, hence the drop.
    upper = _limb(figure, (shoulder, elbow), (0.033 * bulk, 0.028 * bulk), sleeve[:half], upper_label, drop=0.16)
    fore = _limb(figure, (elbow, wrist), (0.028 * bulk, 0.021 * bulk), sleeve[half:], fore_label)
    size = figure.scale[POINT[wrist]]
    grip, _ = capsule(figure.at(wrist), figure.at(hand), 0.017 * size, 0.016 * size)
    depth = figure.depth(elbow, wrist) - 0.012  # a hanging arm is seen behind the edge of the chest
    fore_depth = depth + (1e-4 if figure.depth(wrist) >= figure.depth(elbow) else -1e-4)
    return [
        (depth - 1e-3, lambda canvas: canvas.fill(grip, person.skin, fore_label)),
        (depth, upper),
        (fore_depth, fore),
    ]


def _leg(figure: Figure, side: str) -> list[Stroke]:
    person, cloth = figure.person, figure.wardrobe.leg
    bare = person.lower.kind == "skirt" or person.upper.kind == "dress"
    bulk = person.build.girth * (0.9 if bare else 1.05)
    hip, knee, ankle, heel, toe = (f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "heel", "toe"))
    thigh_label, calf_label = Label[f"{side}_thigh".upper()], Label[f"{side}_calf".upper()]
    half = len(cloth) // 2
    thigh = _limb(figure, (hip, knee), (0.056 * bulk, 0.041 * bulk), cloth[:half], thigh_label)
    calf = _limb(figure, (knee, ankle), (0.041 * bulk, 0.027 * bulk), cloth[half:], calf_label)
    size = figure.scale[POINT[ankle]]
    shoe, _ = capsule(figure.at(heel), figure.at(toe), 0.021 * size, 0.019 * size)
    depth = figure.depth(knee, ankle) - 0.3  # legs lie behind whatever hangs over the hips
    return [
        (depth - 1e-3, lambda canvas: canvas.fill(shoe, person.shoes, calf_label)),
        (depth, calf),
        (depth + 1e-3, thigh),
    ]


def _hull(figure: Figure, profile: np.ndarray, bulk: float, legs: bool) -> tuple[np.ndarray, np.ndarray]:
    """Outline and texture corners of a body of elliptic sections around the axis from hips to shoulders."""
    hips, shoulders = figure.at("pelvis"), figure.at("neck")
    cos, sin = np.cos(figure.view.yaw), np.sin(figure.view.yaw)
    build = figure.person.build
    width = profile[:, 1] * (build.shoulders + build.girth) / 2
    depth = profile[:, 2] * build.girth
    half = np.hypot(width * cos, depth * sin) * bulk * figure.scale[POINT["pelvis"]]
    axis = hips + profile[:, :1] * (shoulders - hips)
    across = np.array([-(shoulders - hips)[1], (shoulders - hips)[0]]) / max(np.hypot(*(shoulders - hips)), 1e-6)
    left, right = axis - half[:, None] * across, axis + half[:, None] * across
    if legs:  # cloth below the hips must reach around both thighs
        for row, level in enumerate(profile[:, 0]):
            reach = [
                figure.at(f"{side}_hip")
                - np.clip(level / 0.83, -1.05, 0) * (figure.at(f"{side}_knee") - figure.at(f"{side}_hip"))
                for side in ("left", "right")
            ]
            radius = 0.045 * build.girth * figure.scale[POINT["pelvis"]]
            left[row, 0] = min(left[row, 0], *(point[0] - radius for point in reach))
            right[row, 0] = max(right[row, 0], *(point[0] + radius for point in reach))
    widest = half.max()
    quad = np.array([axis[0] - widest * across, axis[0] + widest * across, right[-1], left[-1]])
    if not legs:
        quad[2:] = axis[-1] + widest * across, axis[-1] - widest * across
    return np.concatenate([left, right[::-1]]), quad


def _torso(figure: Figure) -> list[Stroke]:
    person, wardrobe = figure.person, figure.wardrobe
    bulk = BULK.get(person.upper.kind, 1.0)
    outline, quad = _hull(figure, TORSO_PROFILE, bulk, legs=False)
    texture = figure.texture(wardrobe.torso, TORSO_SAMPLES)
    strokes = [(0.0, lambda canvas: canvas.paint(outline, texture, quad, Label.TORSO))]
    if wardrobe.hem is not None:
        length = 0.62 + 0.2 * person.upper.phase if person.upper.kind in ("coat", "dress") else person.lower.length
        profile = HEM_PROFILE.copy()
        profile[1:, 0] *= length
        hem_outline, hem_quad = _hull(figure, profile, bulk, legs=True)
        hem = figure.texture(wardrobe.hem, TORSO_SAMPLES)
        over = 5e-4 if person.upper.kind in ("coat", "dress") else -5e-4  # a coat hangs over the belt, a skirt under it
        strokes.append((over, lambda canvas: canvas.paint(hem_outline, hem, hem_quad, Label.HEM)))
    if person.scarf is not None:
        scale = figure.scale[POINT["neck"]]
        collar = ellipse(figure.at("neck") - _down(0.028 * scale), 0.062 * scale, 0.034 * scale)
        strokes.append((0.045, lambda canvas: canvas.fill(collar, person.scarf, Label.TORSO)))
    return strokes


def _head(figure: Figure) -> list[Stroke]:
    person, view = figure.person, figure.view
    scale = figure.scale[POINT["head"]]
    radius = HEAD_RADIUS * person.build.head * scale
    centre, neck = figure.at("head"), figure.at("neck")
    nose = figure.points[POINT["nose"]] - figure.points[POINT["head"]]
    facing = np.arctan2(nose[0], nose[2])  # the head's own yaw, its turn included
    side = abs(np.sin(facing))
    outline = ellipse(centre, radius * (0.83 + 0.12 * side), radius * 1.2)
    quad = np.array(
        [
            outline.min(axis=0),
            (outline[:, 0].max(), outline[:, 1].min()),
            outline.max(axis=0),
            (outline[:, 0].min(), outline[:, 1].max()),
        ]
    )
    skull = figure.texture(figure.wardrobe.head, 24, facing - view.yaw)
    elevation = np.arcsin(np.linspace(0.98, -0.98, 32)) + view.pitch
    rows = np.clip((0.5 - elevation / np.pi) * len(skull), 0, len(skull) - 1).astype(int)
    seen = skull[rows]
    throat, _ = capsule(centre + _down(0.5 * radius), neck - _down(0.02 * scale), 0.03 * scale, 0.034 * scale)
    strokes: list[Stroke] = [
        (-0.01, lambda canvas: canvas.fill(throat, person.skin, Label.HEAD)),
        (0.05, lambda canvas: canvas.paint(outline, seen, quad, Label.HEAD)),
    ]
    if person.long_hair:
        back = centre - np.array([np.sin(facing) * 0.35 * radius, 0])
        fall, _ = capsule(
            back,
            neck + _down((0.01 + 0.06 * person.lower.phase) * scale) + 0.5 * (back - centre),
            radius * 0.9,
            radius * 0.66,
        )
        depth = 0.06 if np.cos(facing) < 0 else -0.02
        strokes.append((depth, lambda canvas: canvas.fill(fall, person.hair, Label.HAIR)))
    if person.hat == "cap" and np.cos(facing) > -0.4:
        front = centre + np.array([np.sin(facing) * radius * 0.75, -0.32 * radius + 0.3 * radius * np.cos(facing)])
        brim = ellipse(front, radius * 0.72, radius * (0.14 + 0.16 * max(0.0, float(np.cos(facing)))))
        dark = tuple(int(0.8 * channel) for channel in person.hat_colour)
        strokes.append((0.055, lambda canvas: canvas.fill(brim, dark, Label.HEAD)))
    return strokes


def _bag(figure: Figure) -> list[Stroke]:
    person = figure.person
    scale = figure.scale[POINT["pelvis"]]
    cos, sin = np.cos(figure.view.yaw), np.sin(figure.view.yaw)
    if person.bag == "backpack":
        hips, neck = figure.at("pelvis"), figure.at("neck")
        middle = hips + 0.6 * (neck - hips) - np.array([sin * 0.105 * scale, 0])
        half = np.hypot(0.09 * cos, 0.048 * sin) * scale
        outline, _ = capsule(middle - _down(0.055 * scale), middle + _down(0.075 * scale), half, half * 1.06)
        # Behind the back: near for the camera when the person walks away, in profile before the torso.
        depth = -0.02 if cos > 0.35 else 0.02
        return [(depth, lambda canvas: canvas.fill(outline, person.bag_colour, Label.BAG))]
    side = "left" if person.bag_side > 0 else "right"
    if person.bag == "handbag":
        top = figure.at(f"{side}_hand")
        width, height, drop = 0.062, 0.085, 0.05
        depth = figure.depth(f"{side}_hand") + 0.01
    else:
        hip = figure.at(f"{side}_hip")
        top = hip + np.array([person.bag_side * cos * 0.055 * scale, -0.06 * scale])
        width, height, drop = 0.07, 0.1, 0.0
        depth = person.bag_side * -sin * 0.1
    half = np.hypot(width * sin, 0.42 * width * cos) * scale
    upper, lower = top + _down(drop * scale), top + _down((drop + height) * scale)
    aside = np.array([half, 0])
    outline = np.array([upper - 0.85 * aside, upper + 0.85 * aside, lower + aside, lower - aside])
    strokes: list[Stroke] = [(depth, lambda canvas: canvas.fill(outline, person.bag_colour, Label.BAG))]
    if drop:
        strap, _ = capsule(top, upper, 0.008 * scale, 0.02 * scale)
        strokes.append((depth - 1e-4, lambda canvas: canvas.fill(strap, person.bag_colour, Label.BAG)))
    return strokes


def paint_person(canvas: Canvas, figure: Figure) -> None:
    """Paint ``figure`` over what the canvas shows, back to front."""
    strokes = _torso(figure) + _head(figure)
    for side in ("left", "right"):
        strokes += _arm(figure, side) + _leg(figure, side)
    if figure.person.bag != "none":
        strokes += _bag(figure)
    for _, stroke in sorted(strokes, key=lambda entry: entry[0]):
        stroke(canvas)


_TRUNK = {Label.TORSO, Label.HEM}
_TRUNK_POINTS = (1, 2, 5, 8, 11)
_SHOWN_BY: dict[str, set[Label]] = {"neck": {Label.TORSO, Label.HEAD, Label.HAIR}}
for _name in ("nose", "right_eye", "left_eye", "right_ear", "left_ear"):
    _SHOWN_BY[_name] = {Label.HEAD, Label.HAIR}
for _side in ("right", "left"):
    _upper_arm, _forearm, _thigh, _calf = (
        Label[f"{_side}_{part}".upper()] for part in ("upper_arm", "forearm", "thigh", "calf")
    )
    _SHOWN_BY[f"{_side}_shoulder"] = {_upper_arm, Label.TORSO, Label.HAIR}
    _SHOWN_BY[f"{_side}_elbow"] = {_upper_arm, _forearm}
    _SHOWN_BY[f"{_side}_wrist"] = {_forearm}
    _SHOWN_BY[f"{_side}_hip"] = {_thigh, *_TRUNK}
    _SHOWN_BY[f"{_side}_knee"] = {_thigh, _calf, Label.HEM}
    _SHOWN_BY[f"{_side}_ankle"] = {_calf}


def keypoints(canvas: Canvas, figure: Figure, factor: int) -> np.ndarray:
    """The 18 points as 18 x 2 integers (y, x) of the picture ``factor`` times smaller; -1 where they cannot be seen.

    A point counts as seen when the canvas shows, at its place or within the thickness of the body around it, a
    part that ends there; points of the face must also look towards the camera, and a shoulder or hip must not lie
    behind the trunk.
    """
    height, width = canvas.labels.shape
    found = np.full((len(JOINTS), 2), MISSING, dtype=int)
    head = figure.points[POINT["head"]]
    for name, index in JOINT_INDEX.items():
        x, y = np.floor(figure.pixels[index]).astype(int)
        if not (0 <= x < width and 0 <= y < height):
            continue
        reach = factor * (3 if index in _TRUNK_POINTS else 1)
        around = canvas.labels[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
        if _SHOWN_BY[name].isdisjoint(around.ravel().tolist()):
            continue
        if index in (0, 14, 15, 16, 17) and (figure.points[index] - head)[2] < -0.15 * HEAD_RADIUS:
            continue
        if name.endswith(("shoulder", "hip")):
            axis = figure.points[POINT["neck" if name.endswith("shoulder") else "pelvis"]]
            offset = figure.points[index] - axis
            if offset[2] < -0.96 * np.hypot(offset[0], offset[2]):
                continue
        found[index] = y // factor, x // factor
    return found
