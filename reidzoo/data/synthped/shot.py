"""One picture: a place of the camera's scene, the shadow, the people, what stands before them, and the sensor."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from reidzoo.base.skeletons import JOINTS, MISSING
from reidzoo.data.synthped.body import POINT, View, pose, project, sample_gait, turned
from reidzoo.data.synthped.camera import Camera, respond
from reidzoo.data.synthped.domain import Domain
from reidzoo.data.synthped.garments import Wardrobe
from reidzoo.data.synthped.identity import Identity
from reidzoo.data.synthped.paint import HEIGHT, SUPERSAMPLING, WIDTH, Canvas, Label
from reidzoo.data.synthped.person import Figure, Light, keypoints, paint_person
from reidzoo.data.synthped.scene import SCENE_HEIGHT, SCENE_WIDTH, Scene

CANVAS_HEIGHT, CANVAS_WIDTH = HEIGHT * SUPERSAMPLING, WIDTH * SUPERSAMPLING


@dataclass(frozen=True)
class Dressed:
    """A person with the clothes already sewn, so that they are sewn once and not for every picture."""

    person: Identity
    wardrobe: Wardrobe


@dataclass(frozen=True)
class Picture:
    """``image`` 128 x 64 x 3 uint8 RGB, ``mask`` 128 x 64 uint8 (person 255), ``points`` 18 x 2 (y, x), -1 unseen."""

    image: np.ndarray
    mask: np.ndarray
    points: np.ndarray


@dataclass(frozen=True)
class Box:
    """How the detector's box lies: person's height as a share of the canvas, offsets of the centre as such shares."""

    size: float
    right: float
    down: float


def detector_box(rng: np.random.Generator, domain: Domain) -> Box:
    """A box as a detector gives it: a little off, sometimes cutting off the feet, the head or a side."""
    size = 0.9 * np.exp(domain.crop_jitter * rng.standard_normal())
    right, down = domain.crop_jitter * rng.standard_normal(2) * (0.6, 0.8)
    if rng.random() < domain.cut_rate:
        size *= rng.uniform(1.0, 1.25)
        right += rng.uniform(-0.13, 0.13)
        down += rng.choice((-1, 1)) * rng.uniform(0.03, 0.14)
    return Box(float(size), float(right), float(down))


def fragment_box(rng: np.random.Generator) -> Box:
    """A bad detection: part of a body, or a body lost at the rim of too large a box."""
    if rng.random() < 0.65:
        return Box(rng.uniform(1.6, 2.6), rng.uniform(-0.3, 0.3), rng.uniform(-0.7, 0.7))
    return Box(rng.uniform(0.4, 0.6), rng.choice((-1, 1)) * rng.uniform(0.12, 0.24), rng.uniform(-0.2, 0.2))


def _figure(dressed: Dressed, camera: Camera, box: Box, domain: Domain, rng: np.random.Generator) -> Figure:
    """Draw direction and walking phase, and place the person in the box."""
    direction = rng.choice(8, p=camera.view_shares)
    view = View(
        yaw=np.deg2rad(45 * direction + domain.view_jitter * rng.standard_normal()),
        pitch=camera.pitch + np.deg2rad(2.5) * rng.standard_normal(),
        distance=camera.distance,
    )
    points = turned(pose(dressed.person.build, sample_gait(rng)), view)
    picture, magnification = project(points, view)
    low, high = picture.min(axis=0), picture.max(axis=0)
    pixels_per_height = box.size * CANVAS_HEIGHT / (high[1] - low[1])
    middle = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2])
    # Offsets are shares of the height in both directions: a box of half the width is half as tolerant.
    shift = np.array([CANVAS_WIDTH / 2, CANVAS_HEIGHT / 2]) + CANVAS_HEIGHT * np.array([box.right, box.down])
    pixels = (picture - middle) * pixels_per_height + shift
    light = Light(camera.light_azimuth, camera.diffuse)
    return Figure(dressed.person, dressed.wardrobe, points, pixels, magnification * pixels_per_height, view, light)


def _feet(figure: Figure) -> np.ndarray:
    """Where the figure touches the ground, in pixels of the canvas."""
    toes = figure.pixels[[POINT["left_heel"], POINT["right_heel"], POINT["left_toe"], POINT["right_toe"]]]
    return np.array([toes[:, 0].mean(), toes[:, 1].max()])


def place_in(scene: Scene, rng: np.random.Generator, feet_row: float, person_pixels: float) -> np.ndarray:
    """The part of the scene that a canvas shows whose person, ``person_pixels`` high, stands in row ``feet_row``."""
    margin = scene.base + 0.22 * (SCENE_HEIGHT - scene.base)
    feet = rng.uniform(margin, 0.97 * SCENE_HEIGHT)
    zoom = scene.person_height(feet) / person_pixels
    left = rng.uniform(0, SCENE_WIDTH - CANVAS_WIDTH * zoom)
    matrix = np.array([[zoom, 0, left], [0, zoom, feet - feet_row * zoom]])
    return cv2.warpAffine(
        scene.image,
        matrix,
        (CANVAS_WIDTH, CANVAS_HEIGHT),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def _cast_shadow(background: np.ndarray, figure: Figure, camera: Camera) -> None:
    """Darken the ground where the body keeps the light away: the silhouette, sheared and laid down."""
    small = np.zeros((HEIGHT, WIDTH), np.uint8)
    feet = _feet(figure) / SUPERSAMPLING
    pixels = figure.pixels / SUPERSAMPLING
    height = feet[1] - pixels[:, 1]
    depth = 0.25 + 0.5 * np.sin(camera.pitch)
    towards = np.cos(camera.light_azimuth)  # light from the front throws the shadow away from the camera
    ground = np.stack([pixels[:, 0] + camera.shadow_slope * height, feet[1] - depth * towards * 0.5 * height], axis=1)
    thickness = max(2, round(0.075 * figure.scale[0] / SUPERSAMPLING))
    for start, end in _BONES:
        first, last = (tuple(int(value) for value in ground[POINT[name]]) for name in (start, end))
        cv2.line(small, first, last, 255, thickness, cv2.LINE_AA)
    torso = ground[[POINT[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]]
    cv2.fillPoly(small, torso.astype(np.int32)[None], 255, cv2.LINE_AA)
    contact = (int(feet[0]), int(feet[1]) - 1)
    cv2.ellipse(small, contact, (max(3, WIDTH // 6), 4), 0, 0, 360, 255, cv2.FILLED, cv2.LINE_AA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.6), (CANVAS_WIDTH, CANVAS_HEIGHT))
    keep = 255 - (soft * np.float32(camera.shadow)).astype(np.uint16)
    background[:] = background * keep[..., None] // 255


_BONES = [("pelvis", "neck"), ("neck", "head")] + [
    (f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (("hip", "knee"), ("knee", "ankle"), ("ankle", "toe"), ("shoulder", "elbow"), ("elbow", "wrist"))
]


def _occlude(canvas: Canvas, rng: np.random.Generator) -> None:
    """Put an object before the person: a pole, a railing, a car's bonnet, a bush or a bin."""
    kind = rng.integers(4)
    tone = tuple(int(value) for value in np.clip(rng.uniform(50, 170) + rng.normal(0, 14, 3), 0, 255))
    if kind == 0:
        x, width = rng.uniform(0.15, 0.85) * CANVAS_WIDTH, rng.uniform(0.08, 0.2) * CANVAS_WIDTH
        canvas.fill(
            np.array([[x, -4], [x + width, -4], [x + width, CANVAS_HEIGHT], [x, CANVAS_HEIGHT]]), tone, Label.FOREIGN
        )
    elif kind == 1:
        top = rng.uniform(0.62, 0.8) * CANVAS_HEIGHT
        for x in np.arange(rng.uniform(0, 24), CANVAS_WIDTH, 26):
            canvas.fill(
                np.array([[x, top], [x + 6, top], [x + 6, CANVAS_HEIGHT], [x, CANVAS_HEIGHT]]), tone, Label.FOREIGN
            )
        canvas.fill(
            np.array([[0, top], [CANVAS_WIDTH, top], [CANVAS_WIDTH, top + 9], [0, top + 9]]), tone, Label.FOREIGN
        )
    elif kind == 2:
        top, slope = rng.uniform(0.64, 0.84) * CANVAS_HEIGHT, rng.uniform(-30, 30)
        canvas.fill(
            np.array(
                [
                    [-2, top + slope],
                    [0.5 * CANVAS_WIDTH, top],
                    [CANVAS_WIDTH + 2, top - slope * 0.2],
                    [CANVAS_WIDTH + 2, CANVAS_HEIGHT + 2],
                    [-2, CANVAS_HEIGHT + 2],
                ]
            ),
            tone,
            Label.FOREIGN,
        )
    else:
        side = rng.choice((0.0, 1.0)) * CANVAS_WIDTH
        green = (int(rng.uniform(50, 90)), int(rng.uniform(72, 116)), int(rng.uniform(40, 70)))
        turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        radius = rng.uniform(0.85, 1.1, 40)[:, None] * (rng.uniform(0.3, 0.55) * CANVAS_WIDTH, 0.28 * CANVAS_HEIGHT)
        bush = np.array([side, 0.88 * CANVAS_HEIGHT]) + radius * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        canvas.fill(bush, green, Label.FOREIGN)


def _finish(canvas: Canvas, points: np.ndarray, camera: Camera, domain: Domain, rng: np.random.Generator) -> Picture:
    small = cv2.resize(canvas.image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    person = ((canvas.labels != Label.BACKGROUND) & (canvas.labels != Label.FOREIGN)).astype(np.uint8) * 255
    cover = cv2.resize(person, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    exposure = float(np.exp(domain.exposure_jitter * rng.standard_normal()))
    return Picture(respond(small, camera, exposure, rng), np.where(cover > 127, 255, 0).astype(np.uint8), points)


def photograph(
    dressed: Dressed,
    company: Dressed,
    box: Box,
    scene: Scene,
    camera: Camera,
    domain: Domain,
    rng: np.random.Generator,
) -> Picture:
    """Take a picture of a person; ``company`` is who may walk behind or before them."""
    figure = _figure(dressed, camera, box, domain, rng)
    person_pixels = float(np.ptp(figure.pixels[:, 1]))
    canvas = Canvas.over(place_in(scene, rng, _feet(figure)[1], person_pixels))
    if rng.random() < domain.company_rate:
        _accompany(canvas, company, box, camera, domain, rng, size=rng.uniform(0.7, 0.95))
    _cast_shadow(canvas.image, figure, camera)
    canvas.labels[:] = Label.BACKGROUND
    paint_person(canvas, figure)
    if rng.random() < domain.occlusion_rate:
        if rng.random() < 0.35:
            _accompany(canvas, company, box, camera, domain, rng, size=rng.uniform(1.0, 1.15))
        else:
            _occlude(canvas, rng)
    return _finish(canvas, keypoints(canvas, figure, SUPERSAMPLING), camera, domain, rng)


def _accompany(
    canvas: Canvas, company: Dressed, box: Box, camera: Camera, domain: Domain, rng: np.random.Generator, size: float
) -> None:
    """Another pedestrian at the rim of the box, ``size`` times as large as the person in it."""
    aside = rng.choice((-1, 1)) * rng.uniform(0.17, 0.27)
    rim = Box(box.size * size, box.right + aside, box.down + 0.25 * (size - 1))
    other = Canvas(canvas.image, np.zeros_like(canvas.labels))
    paint_person(other, _figure(company, camera, rim, domain, rng))
    canvas.labels[other.labels != Label.BACKGROUND] = Label.FOREIGN


def photograph_nobody(scene: Scene, camera: Camera, domain: Domain, rng: np.random.Generator) -> Picture:
    """A false detection: a place of the scene without a person."""
    feet_row, person_pixels = rng.uniform(0.85, 1.15) * CANVAS_HEIGHT, rng.uniform(0.7, 1.6) * CANVAS_HEIGHT
    canvas = Canvas.over(place_in(scene, rng, feet_row, person_pixels))
    if rng.random() < 0.5:
        _occlude(canvas, rng)
    return _finish(canvas, np.full((len(JOINTS), 2), MISSING), camera, domain, rng)
