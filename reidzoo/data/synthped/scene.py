"""The fixed background of a camera: a street drawn once, of which every shot shows another place.

A scene is built from the ground up to ``base``, the row where the ground meets what stands behind it.
The stage functions (``plaza``, ``alley``, ...) are found by their names, which domains list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from reidzoo.data.synthped import props

SCENE_HEIGHT, SCENE_WIDTH = 640, 1120


@dataclass(frozen=True)
class Scene:
    """``image`` H x W x 3 uint8 RGB; people stand between the rows ``base`` and H."""

    image: np.ndarray
    base: int

    def person_height(self, feet: float) -> float:
        """Pixels that a person measures whose feet stand in row ``feet``."""
        return SCENE_HEIGHT * (0.3 + 0.36 * (feet - self.base) / (SCENE_HEIGHT - self.base))


def _ground(image: np.ndarray, base: int, tile: np.ndarray) -> None:
    """Lay a top-down ``tile`` image as the ground plane, in perspective, below row ``base``."""
    height, width = image.shape[:2]
    size = tile.shape[0]
    source = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    target = np.array([[-0.1 * width, base], [1.1 * width, base], [2.1 * width, height], [-1.1 * width, height]])
    matrix = cv2.getPerspectiveTransform(source, target.astype(np.float32))
    laid = cv2.warpPerspective(tile, matrix, (width, height), flags=cv2.INTER_LINEAR)
    image[base:] = laid[base:]


def _row(rng: np.random.Generator, spacing: tuple[float, float]) -> list[int]:
    """Places along the scene, left to right, at uneven distances."""
    steps = np.cumsum(rng.uniform(*spacing, size=64)) - rng.uniform(0, spacing[1])
    return [int(x) for x in steps if x < SCENE_WIDTH + 100]


def _plaza(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.sky(image, base, (176, 200, 226), (222, 230, 236))
    for x in _row(rng, (150, 300)):
        props.facade(image, base, x, int(rng.uniform(140, 260)), rng, (196, 186, 170))
    _ground(image, base, props.paving(rng, (186, 178, 166), 48, 10))
    for x in _row(rng, (190, 380)):
        props.tree(image, x, base + 12, rng, 1.0)
    for x in _row(rng, (300, 500)):
        props.bench(image, x, base + 30, (120, 92, 66))


def _lawn(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.sky(image, base, (182, 206, 230), (226, 234, 238))
    props.hedge(image, base, rng, (72, 100, 58), 0.55)
    ground = props.grass(rng, (116, 146, 78))
    ground[:, 380:620] = props.speckle(rng, ground[:, 380:620].shape, (196, 182, 154), 9)
    _ground(image, base, ground)
    for x in _row(rng, (120, 260)):
        props.tree(image, x, base + int(rng.uniform(4, 40)), rng, 1.1)


def _boulevard(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.sky(image, base, (190, 206, 222), (226, 230, 232))
    for x in _row(rng, (180, 320)):
        props.facade(image, base, x, int(rng.uniform(160, 300)), rng, (180, 160, 146))
    ground = props.speckle(rng, (1024, 1024, 3), (128, 128, 130), 9)
    ground[520:] = props.paving(rng, (176, 172, 166), 64, 8)[520:]
    ground[505:520] = (206, 204, 198)
    dashes = np.arange(1024) // 60 % 2 == 0
    ground[250:262, dashes] = 222
    _ground(image, base, ground)
    for x in _row(rng, (170, 330)):
        props.car(image, x, base + 26, rng, 1.0)
    for x in _row(rng, (300, 520)):
        props.tree(image, x, base + 50, rng, 0.9)


def _court(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.wall(image, base, rng, (212, 198, 168), brick=False)
    for x in _row(rng, (110, 130)):
        props.window(image, x, base - 130, 62, 84, (116, 138, 156))
    _ground(image, base, props.paving(rng, (164, 118, 96), 30, 14))
    props.railing(image, base + 18, 54, 18, (84, 92, 88))


def _promenade(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.sky(image, base, (170, 200, 232), (220, 232, 240))
    image[max(0, base - 70) : base] = props.speckle(rng, image[max(0, base - 70) : base].shape, (110, 146, 168), 12)
    _ground(image, base, props.planks(rng, (178, 152, 122), 40))
    props.railing(image, base + 10, 66, 40, (220, 222, 222))
    for x in _row(rng, (320, 480)):
        props.lamp(image, x, base + 14, (70, 76, 80), None)


def _park(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.hedge(image, base, rng, (92, 116, 70), 1.0)
    ground = props.speckle(rng, (1024, 1024, 3), (206, 190, 160), 12)
    ground[:330] = props.grass(rng, (132, 156, 92))[:330]
    _ground(image, base, ground)
    for x in _row(rng, (140, 300)):
        props.tree(image, x, base + int(rng.uniform(10, 60)), rng, 1.2)
    for x in _row(rng, (260, 420)):
        props.bench(image, x, base + 50, (96, 74, 56))


def _shopfront(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.wall(image, base, rng, (96, 86, 84), brick=False)
    for x in _row(rng, (190, 230)):
        props.shop(image, x, base, 170, rng)
    _ground(image, base, props.paving(rng, (112, 106, 104), 56, 12))


def _alley(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.wall(image, base, rng, (120, 76, 62), brick=True)
    for x in _row(rng, (200, 340)):
        props.window(image, x, base - 150, 60, 80, (212, 176, 108) if rng.random() < 0.4 else (52, 56, 66))
    for x in _row(rng, (300, 480)):
        props.door(image, x, base, 70, 130, (58, 66, 62))
    _ground(image, base, props.paving(rng, (98, 94, 94), 24, 18))


def _underpass(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.tiles(image, base, rng, (148, 150, 140), 26)
    for x in _row(rng, (150, 210)):
        props.poster(image, x, base - 60, 84, 110, rng)
    _ground(image, base, props.speckle(rng, (1024, 1024, 3), (96, 98, 96), 12))
    for x in _row(rng, (230, 330)):
        props.column(image, x, base + 40, 44, (128, 126, 118))


def _platform(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.wall(image, base, rng, (84, 92, 104), brick=False)
    for x in _row(rng, (150, 240)):
        props.poster(image, x, base - 70, 100, 80, rng)
    ground = props.paving(rng, (132, 132, 136), 40, 10)
    ground[150:185] = (196, 164, 58)
    ground[:150] = props.speckle(rng, (150, 1024, 3), (52, 50, 50), 10)
    _ground(image, base, ground)
    for x in _row(rng, (260, 420)):
        props.column(image, x, base + 70, 30, (92, 104, 118))


def _parking(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.wall(image, base, rng, (108, 106, 102), brick=False)
    ground = props.speckle(rng, (1024, 1024, 3), (78, 78, 82), 11)
    for x in range(40, 1024, 110):
        ground[60:420, x : x + 7] = (186, 186, 180)
    _ground(image, base, ground)
    for x in _row(rng, (180, 270)):
        props.car(image, x, base + 40, rng, 1.25)
    for x in _row(rng, (420, 600)):
        props.lamp(image, x, base + 10, (60, 60, 64), (255, 224, 170))


def _arcade(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    props.tiles(image, base, rng, (156, 140, 116), 64)
    for x in _row(rng, (160, 200)):
        props.shop(image, x, base, 130, rng)
    floor = props.paving(rng, (146, 132, 112), 72, 6)
    floor[np.indices((1024, 1024)).sum(axis=0) // 72 % 2 == 1] //= 3  # dark marble bands across
    _ground(image, base, (0.6 * floor + 40).astype(np.uint8))
    for x in _row(rng, (280, 380)):
        props.column(image, x, base + 30, 38, (172, 160, 138))


def _backdrop(image: np.ndarray, base: int, rng: np.random.Generator) -> None:
    gray = rng.uniform(150, 200)
    image[:] = np.clip(gray + rng.normal(0, 5, 3), 0, 255)
    image[base:] = np.clip(gray * rng.uniform(0.82, 0.98) + rng.normal(0, 4, 3), 0, 255)
    image[:] = cv2.GaussianBlur(image, (0, 0), 25)


STAGES: dict[str, Callable[[np.ndarray, int, np.random.Generator], None]] = {
    "plaza": _plaza,
    "lawn": _lawn,
    "boulevard": _boulevard,
    "court": _court,
    "promenade": _promenade,
    "park": _park,
    "shopfront": _shopfront,
    "alley": _alley,
    "underpass": _underpass,
    "platform": _platform,
    "parking": _parking,
    "arcade": _arcade,
    "backdrop": _backdrop,
}


def draw_scene(stage: str, pitch: float, saturation: float, rng: np.random.Generator) -> Scene:
    """Draw a background for a camera tilted down by ``pitch`` radians: the steeper, the more ground."""
    image = np.zeros((SCENE_HEIGHT, SCENE_WIDTH, 3), np.uint8)
    base = int(SCENE_HEIGHT * np.clip(0.6 - 0.75 * pitch, 0.2, 0.58))
    STAGES[stage](image, base, rng)
    light = cv2.resize(
        rng.uniform(0.86, 1.1, (3, 5)).astype(np.float32), (SCENE_WIDTH, SCENE_HEIGHT), interpolation=cv2.INTER_CUBIC
    )
    gray = image.mean(axis=2, keepdims=True)
    image = np.clip((gray + saturation * (image - gray)) * light[..., None], 0, 255).astype(np.uint8)
    return Scene(cv2.GaussianBlur(image, (0, 0), 0.8), base)
