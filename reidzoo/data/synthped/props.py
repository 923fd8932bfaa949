"""What stands in the street: walls, windows, trees, cars; and the top-down pictures of its pavements.

The functions that take an ``image`` draw into it (H x W x 3 uint8 RGB); ``base`` is the row of the ground's far
edge, ``foot`` the row where an object stands. The others return textures of 1024 x 1024 or the shape asked for.
"""

from __future__ import annotations

import cv2
import numpy as np

Colour = tuple[int, int, int]
GROUND = 1024


def _shade(colour: Colour, factor: float) -> tuple[int, ...]:
    return tuple(int(np.clip(channel * factor, 0, 255)) for channel in colour)


def _box(image: np.ndarray, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
    cv2.rectangle(image, (int(left), int(top)), (int(right), int(bottom)), colour, cv2.FILLED)


def _print(rng: np.random.Generator) -> tuple[int, ...]:
    """A colour of signs and posters, faded by the weather."""
    return tuple(int(channel) for channel in np.clip(rng.uniform(60, 190) + rng.normal(0, 26, 3), 0, 255))


def speckle(rng: np.random.Generator, shape: tuple[int, ...], colour: Colour, strength: float) -> np.ndarray:
    """Asphalt, gravel, water: ``colour`` with fine and coarse noise of ``strength`` levels."""
    height, width = shape[:2]
    fine = rng.standard_normal((height // 2 + 1, width // 2 + 1), dtype=np.float32)
    coarse = rng.standard_normal((height // 40 + 2, width // 40 + 2), dtype=np.float32)
    noise = cv2.resize(fine, (width, height)) + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(np.array(colour, np.float32) + strength * noise[..., None], 0, 255).astype(np.uint8)


def paving(rng: np.random.Generator, colour: Colour, size: int, strength: float) -> np.ndarray:
    """Slabs of ``size`` pixels with dark joints, every slab of a slightly different shade."""
    ground = speckle(rng, (GROUND, GROUND, 3), colour, 0.6 * strength).astype(np.float32)
    count = GROUND // size + 1
    slabs = np.repeat(np.repeat(rng.normal(0, strength, (count, count)), size, 0), size, 1)[:GROUND, :GROUND]
    ground += slabs[..., None].astype(np.float32)
    joint = max(2, size // 16)
    lines = np.arange(GROUND) % size < joint
    ground[lines] *= 0.72
    ground[:, lines] *= 0.72
    return np.clip(ground, 0, 255).astype(np.uint8)


def planks(rng: np.random.Generator, colour: Colour, size: int) -> np.ndarray:
    """Boards that run away from the viewer."""
    ground = speckle(rng, (GROUND, GROUND, 3), colour, 7).astype(np.float32)
    boards = np.repeat(rng.normal(0, 14, GROUND // size + 1), size)[:GROUND]
    ground += boards[None, :, None].astype(np.float32)
    ground[:, np.arange(GROUND) % size < 4] *= 0.6
    return np.clip(ground, 0, 255).astype(np.uint8)


def grass(rng: np.random.Generator, colour: Colour) -> np.ndarray:
    """A lawn with blades and worn places."""
    return speckle(rng, (GROUND, GROUND, 3), colour, 17)


def sky(image: np.ndarray, base: int, top: Colour, bottom: Colour) -> None:
    """A gradient from the upper edge down to the ground."""
    share = np.linspace(0, 1, max(base, 1), dtype=np.float32)[:, None, None]
    image[:base] = ((1 - share) * np.array(top, np.float32) + share * np.array(bottom, np.float32)).astype(np.uint8)


def wall(image: np.ndarray, base: int, rng: np.random.Generator, colour: Colour, brick: bool) -> None:
    """A wall as wide as the scene, plastered or of bricks, with a dark foot."""
    surface = speckle(rng, (base, image.shape[1], 3), colour, 8).astype(np.float32)
    if brick:
        rows, columns = np.indices((base, image.shape[1]))
        courses = rows // 11
        joints = (rows % 11 < 2) | ((columns + 14 * (courses % 2)) % 28 < 2)
        shades = rng.normal(0, 12, (base // 11 + 1, image.shape[1] // 28 + 2))
        surface += shades[courses, (columns + 14 * (courses % 2)) // 28][..., None]
        surface[joints] = np.array(colour) * 0.6 + 40
    surface[-10:] *= 0.7
    image[:base] = np.clip(surface, 0, 255).astype(np.uint8)


def tiles(image: np.ndarray, base: int, rng: np.random.Generator, colour: Colour, size: int) -> None:
    """A tiled wall as wide as the scene."""
    tiled = paving(rng, colour, size, 7)
    repeats = -(-image.shape[1] // GROUND)
    image[:base] = np.tile(tiled, (1, repeats, 1))[:base, : image.shape[1]]


def window(image: np.ndarray, x: int, y: int, width: int, height: int, glass: Colour) -> None:
    """A framed window with a crossbar and a lighter upper half."""
    _box(image, x - 4, y - 4, x + width + 4, y + height + 4, (206, 202, 194))
    _box(image, x, y, x + width, y + height, glass)
    _box(image, x, y, x + width, y + height // 3, _shade(glass, 1.15))
    _box(image, x + width // 2 - 1, y, x + width // 2 + 1, y + height, (206, 202, 194))


def door(image: np.ndarray, x: int, base: int, width: int, height: int, colour: Colour) -> None:
    """A door in a wall."""
    _box(image, x - 5, base - height - 5, x + width + 5, base, _shade(colour, 0.6))
    _box(image, x, base - height, x + width, base, colour)
    cv2.circle(image, (x + width - 10, base - height // 2), 3, (190, 180, 150), cv2.FILLED, cv2.LINE_AA)


def facade(image: np.ndarray, base: int, x: int, height: int, rng: np.random.Generator, colour: Colour) -> None:
    """A house of windows in rows, ``height`` pixels high."""
    width = int(rng.uniform(140, 260))
    tone = _shade(colour, rng.uniform(0.75, 1.15))
    _box(image, x, base - height, x + width, base, tone)
    for row in range(base - height + 14, base - 30, 44):
        for column in range(x + 12, x + width - 24, 38):
            _box(image, column, row, column + 20, row + 28, _shade((104, 118, 132), rng.uniform(0.7, 1.3)))


def shop(image: np.ndarray, x: int, base: int, width: int, rng: np.random.Generator) -> None:
    """A lit shop window with goods and a coloured sign."""
    glow = _shade((232, 204, 156), rng.uniform(0.7, 1.05))
    _box(image, x, base - 150, x + width, base - 8, glow)
    for _ in range(14):
        left, top = x + rng.integers(0, width - 24), base - rng.integers(30, 140)
        tone = _print(rng)
        _box(image, left, top, left + rng.integers(8, 26), top + rng.integers(10, 40), tone)
    sign = _print(rng)
    _box(image, x - 6, base - 190, x + width + 6, base - 152, sign)
    _box(image, x + width // 2 - 3, base - 150, x + width // 2 + 3, base, (50, 46, 44))


def poster(image: np.ndarray, x: int, y: int, width: int, height: int, rng: np.random.Generator) -> None:
    """An advertisement of a few coloured blocks, its middle in row ``y``."""
    top = y - height // 2
    _box(image, x - 3, top - 3, x + width + 3, top + height + 3, (44, 44, 46))
    _box(image, x, top, x + width, top + height, _print(rng))
    for _ in range(4):
        left, upper = x + rng.integers(0, width // 2), top + rng.integers(0, height // 2)
        tone = _print(rng)
        _box(image, left, upper, left + width // 3, upper + height // 3, tone)


def column(image: np.ndarray, x: int, foot: int, width: int, colour: Colour) -> None:
    """A round column up to the scene's upper edge, shaded across."""
    left, right = max(x, 0), min(x + width, image.shape[1])
    if left >= right:
        return
    across = np.cos((np.arange(left, right) - x) / width * 2.4 - 0.9)
    image[:foot, left:right] = np.clip(np.array(colour) * (0.5 + 0.5 * across)[:, None], 0, 255).astype(np.uint8)
    _box(image, x - 4, foot - 12, x + width + 4, foot, _shade(colour, 0.6))


def tree(image: np.ndarray, x: int, foot: int, rng: np.random.Generator, size: float) -> None:
    """A trunk and a crown of many leaves."""
    trunk = int(110 * size)
    cv2.line(image, (x, foot), (x + int(rng.normal(0, 6)), foot - trunk), (88, 70, 54), int(12 * size), cv2.LINE_AA)
    tone = np.array((84, 112, 62)) * rng.uniform(0.75, 1.15)
    spots = rng.normal((x, foot - trunk - 70 * size), (46 * size, 38 * size), (160, 2)).astype(int)
    for spot, factor in zip(spots, rng.uniform(0.65, 1.25, len(spots)), strict=True):
        cv2.circle(image, spot.tolist(), int(rng.uniform(6, 15) * size), _shade(tone, factor), cv2.FILLED, cv2.LINE_AA)


def hedge(image: np.ndarray, base: int, rng: np.random.Generator, colour: Colour, share: float) -> None:
    """Leaves over the lower ``share`` of what lies behind the ground."""
    top = int(base * (1 - share))
    spots = rng.uniform((0, top), (image.shape[1], base), (1500, 2)).astype(int)
    if share >= 1:
        image[:base] = _shade(colour, 0.8)
    else:
        _box(image, 0, top, image.shape[1], base, _shade(colour, 0.75))
    for spot, factor in zip(spots, rng.uniform(0.6, 1.3, len(spots)), strict=True):
        cv2.circle(image, spot.tolist(), int(rng.uniform(5, 15)), _shade(colour, factor), cv2.FILLED, cv2.LINE_AA)


def railing(image: np.ndarray, foot: int, height: int, spacing: int, colour: Colour) -> None:
    """Posts with a handrail across the whole scene."""
    for x in range(0, image.shape[1], spacing):
        cv2.line(image, (x, foot), (x, foot - height), colour, 3, cv2.LINE_AA)
    for level in (height, int(0.15 * height)):
        cv2.line(image, (0, foot - level), (image.shape[1], foot - level), colour, 5, cv2.LINE_AA)


def bench(image: np.ndarray, x: int, foot: int, colour: Colour) -> None:
    """A bench seen from the front."""
    for level in (52, 42, 28):
        _box(image, x, foot - level, x + 110, foot - level + 6, colour)
    for leg in (8, 96):
        _box(image, x + leg, foot - 52, x + leg + 5, foot, (60, 60, 62))


def lamp(image: np.ndarray, x: int, foot: int, colour: Colour, glow: Colour | None) -> None:
    """A lamp post; ``glow`` is the colour of its light, None by day."""
    cv2.line(image, (x, foot), (x, max(foot - 330, 8)), colour, 7, cv2.LINE_AA)
    cv2.circle(image, (x, max(foot - 330, 14)), 14, glow or (220, 222, 220), cv2.FILLED, cv2.LINE_AA)


def car(image: np.ndarray, x: int, foot: int, rng: np.random.Generator, size: float) -> None:
    """A parked car seen from its side."""
    paints = ((168, 170, 174), (56, 60, 68), (196, 196, 192), (122, 44, 44), (58, 78, 116))
    paint = paints[rng.integers(len(paints))]
    unit = size * 100

    def place(points: list[tuple[float, float]]) -> np.ndarray:
        return np.array([[x + unit * across, foot - unit * up] for across, up in points], np.int32)[None]

    _box(image, x + 0.05 * unit, foot - 0.08 * unit, x + 1.95 * unit, foot + 0.02 * unit, (40, 40, 42))
    body = [(0, 0.1), (0.02, 0.42), (0.4, 0.47), (0.62, 0.74), (1.35, 0.74), (1.62, 0.47), (1.98, 0.4), (2, 0.1)]
    cv2.fillPoly(image, place(body), paint, cv2.LINE_AA)
    cv2.fillPoly(image, place([(0.5, 0.47), (0.67, 0.69), (0.96, 0.69), (0.96, 0.47)]), (64, 74, 84), cv2.LINE_AA)
    cv2.fillPoly(image, place([(1.02, 0.47), (1.02, 0.69), (1.31, 0.69), (1.5, 0.47)]), (64, 74, 84), cv2.LINE_AA)
    for wheel in (0.42, 1.56):
        centre = (int(x + wheel * unit), int(foot - 0.09 * unit))
        cv2.circle(image, centre, int(0.17 * unit), (30, 30, 32), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(image, centre, int(0.09 * unit), (140, 142, 146), cv2.FILLED, cv2.LINE_AA)
