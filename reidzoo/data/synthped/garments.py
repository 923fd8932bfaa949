"""Clothes as unwrapped cylinders: rows run down the body, columns around it, so patterns turn with the person.

Column ``c`` of ``n`` shows the direction ``2 pi c / n`` from the front towards the person's left.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from reidzoo.data.synthped.identity import Colour, Garment, Identity

TORSO_ROWS, TORSO_COLUMNS = 64, 96
LIMB_ROWS, LIMB_COLUMNS = 48, 32
HEM_ROWS = 40
HEAD_ROWS, HEAD_COLUMNS = 48, 64


@dataclass(frozen=True)
class Wardrobe:
    """The textures of one identity, float32 RGB 0 to 255, rows x columns x 3."""

    torso: np.ndarray
    hem: np.ndarray | None
    """What hangs below the hips: coat tails, dress, skirt."""
    arm: np.ndarray
    leg: np.ndarray
    head: np.ndarray


def _wrinkles(rng: np.random.Generator, rows: int, columns: int, strength: float) -> np.ndarray:
    coarse = rng.standard_normal((max(rows // 7, 2), max(columns // 6, 2))).astype(np.float32)
    field = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return (1 + strength * field)[..., None]


def _plain(colour: Colour, rows: int, columns: int) -> np.ndarray:
    return np.full((rows, columns, 3), colour, np.float32)


def _front(columns: int, centre: float, half_width: float) -> np.ndarray:
    """Which columns lie within ``half_width`` of the direction ``centre`` (both in turns, 0 is the front)."""
    turn = np.arange(columns) / columns - centre
    return np.abs(turn - np.round(turn)) <= half_width


def _pattern(garment: Garment, rows: int, columns: int, density: float = 1.0) -> np.ndarray:
    cloth = _plain(garment.colour, rows, columns)
    height = (np.arange(rows) / rows * density / garment.period + garment.phase) % 1
    around = (np.arange(columns) / columns * round(1.2 / garment.period) + garment.phase) % 1
    second = np.array(garment.second, np.float32)
    if garment.texture == "stripes":
        cloth[height < 0.42] = second
    elif garment.texture == "checks":
        share = 0.38 * (height < 0.4)[:, None] + 0.38 * (around < 0.4)[None]
        cloth += share[..., None].astype(np.float32) * (second - cloth)
    elif garment.texture == "side-stripe":
        for side in (0.25, 0.75):
            cloth[:, _front(columns, side, 0.06)] = second
    elif garment.texture == "faded":
        bleach = np.exp(-(((np.arange(rows) / rows - 0.3) / 0.22) ** 2))[:, None] * _front(columns, 0, 0.2)[None]
        cloth *= 1 + 0.22 * cv2.GaussianBlur(bleach.astype(np.float32), (0, 0), 3)[..., None]
    return cloth


def _two_tone(cloth: np.ndarray, garment: Garment) -> None:
    edge = int((0.25 + 0.35 * garment.phase) * len(cloth))
    if garment.period < 0.16:
        cloth[:edge] = garment.second
    else:
        cloth[edge : edge + len(cloth) // 5] = garment.second


def _logo(cloth: np.ndarray, garment: Garment, rng: np.random.Generator) -> None:
    rows, columns = cloth.shape[:2]
    width, height = rng.integers(columns // 14, columns // 7), rng.integers(rows // 9, rows // 4)
    top = int(rows * (0.25 + 0.15 * garment.phase))
    for centre in (0, columns // 2) if rng.random() < 0.35 else (0,):
        columns_of_logo = np.arange(centre - width, centre + width + 1) % columns
        cloth[top : top + height, columns_of_logo] = garment.second
        if height > 8:
            cloth[top + height // 3 : top + 2 * height // 3, columns_of_logo[2:-2]] = garment.colour


def _front_opening(cloth: np.ndarray, garment: Garment) -> None:
    columns = cloth.shape[1]
    if garment.kind == "shirt":
        cloth[:, _front(columns, 0, 0.008)] *= 0.8
    elif garment.kind == "hoodie":
        cloth[len(cloth) // 2 + 12 : len(cloth) // 2 + 14, _front(columns, 0, 0.1)] *= 0.75
    elif garment.kind in ("jacket", "coat"):
        if garment.phase < 0.5:  # worn open
            cloth[:, _front(columns, 0, 0.03 + 0.06 * garment.phase)] = garment.second
        else:
            cloth[:, _front(columns, 0, 0.012)] *= 0.62


def _torso(person: Identity, rng: np.random.Generator) -> np.ndarray:
    garment = person.upper
    cloth = _pattern(garment, TORSO_ROWS, TORSO_COLUMNS)
    if garment.texture == "two-tone":
        _two_tone(cloth, garment)
    elif garment.texture == "logo":
        _logo(cloth, garment, rng)
    _front_opening(cloth, garment)
    neckline = 5 if garment.kind in ("tshirt", "dress") else 3
    cloth[:neckline, _front(TORSO_COLUMNS, 0, 0.09)] = person.skin
    if garment.kind not in ("coat", "dress"):
        cloth[-4:] *= 0.86  # the hem's own shadow
    if person.bag == "backpack":
        for centre in (0.09, 0.91):
            cloth[: TORSO_ROWS // 2, _front(TORSO_COLUMNS, centre, 0.028)] = person.bag_colour
    elif person.bag == "bag":
        _diagonal_strap(cloth, person)
    return cloth * _wrinkles(rng, TORSO_ROWS, TORSO_COLUMNS, 0.06)


def _diagonal_strap(cloth: np.ndarray, person: Identity) -> None:
    """A strap from one shoulder to the bag at the other hip, before the chest and behind the back."""
    rows, columns = cloth.shape[:2]
    row = np.arange(rows)
    for middle, sign in ((0, 1), (columns // 2, -1)):
        centre = middle + sign * person.bag_side * (row / rows - 0.42) * columns * 0.42
        for step in (-2, -1, 0, 1, 2):
            cloth[row, (centre + step).astype(int) % columns] = person.bag_colour


def _hem(person: Identity, rng: np.random.Generator) -> np.ndarray | None:
    if person.upper.kind in ("coat", "dress"):
        cloth = _pattern(person.upper, HEM_ROWS, TORSO_COLUMNS, 0.7)
        _front_opening(cloth, person.upper)
    elif person.lower.kind == "skirt":
        cloth = _pattern(person.lower, HEM_ROWS, TORSO_COLUMNS, 0.7)
    else:
        return None
    folds = 1 + 0.07 * np.sin(np.arange(TORSO_COLUMNS) / TORSO_COLUMNS * 2 * np.pi * 9 + 6 * person.lower.phase)
    return cloth * folds[None, :, None].astype(np.float32) * _wrinkles(rng, HEM_ROWS, TORSO_COLUMNS, 0.05)


def _arm(person: Identity, rng: np.random.Generator) -> np.ndarray:
    sleeve = person.upper
    cloth = _pattern(sleeve, LIMB_ROWS, LIMB_COLUMNS)
    if sleeve.texture == "two-tone" and sleeve.period < 0.11:  # raglan: the sleeves alone differ
        cloth[:] = sleeve.second
    cloth *= _wrinkles(rng, LIMB_ROWS, LIMB_COLUMNS, 0.07)
    end = round(sleeve.length * LIMB_ROWS)
    if end < LIMB_ROWS:
        cloth[end - 1 : end] *= 0.8
        cloth[end:] = person.skin
    return cloth


def _leg(person: Identity, rng: np.random.Generator) -> np.ndarray:
    trousers = person.lower
    if person.upper.kind == "dress" or trousers.kind == "skirt":
        return _plain(person.skin, LIMB_ROWS, LIMB_COLUMNS)
    cloth = _pattern(trousers, LIMB_ROWS, LIMB_COLUMNS) * _wrinkles(rng, LIMB_ROWS, LIMB_COLUMNS, 0.06)
    end = round(trousers.length * LIMB_ROWS)
    if trousers.kind == "shorts":
        cloth[end - 1 : end] *= 0.8
        cloth[end:] = person.skin
        if trousers.phase < 0.5:  # socks
            cloth[-6:] = person.shoes
    return cloth


def _head(person: Identity, rng: np.random.Generator) -> np.ndarray:
    """Rows run from the crown (straight up) to the chin's underside; the face is the front."""
    skull = _plain(person.hair, HEAD_ROWS, HEAD_COLUMNS) * _wrinkles(rng, HEAD_ROWS, HEAD_COLUMNS, 0.1)
    nape = int(0.72 * HEAD_ROWS)
    skull[nape:] = person.hair if person.long_hair else person.skin
    hairline = int((0.3 + 0.07 * person.upper.phase) * HEAD_ROWS)
    cheeks = 0.2 if person.long_hair else 0.25
    skull[hairline:, _front(HEAD_COLUMNS, 0, cheeks)] = person.skin
    eyes, mouth = int(0.47 * HEAD_ROWS), int(0.7 * HEAD_ROWS)
    for centre in (0.065, 0.935):
        skull[eyes : eyes + 3, _front(HEAD_COLUMNS, centre, 0.025)] *= 0.35
        skull[eyes - 3 : eyes - 2, _front(HEAD_COLUMNS, centre, 0.04)] *= 0.7
    skull[eyes + 3 : eyes + 8, _front(HEAD_COLUMNS, 0, 0.012)] *= 0.86
    skull[mouth : mouth + 2, _front(HEAD_COLUMNS, 0, 0.05)] *= (0.8, 0.6, 0.6)
    if person.hat != "none":
        brow = int((0.4 if person.hat == "beanie" else 0.37) * HEAD_ROWS)
        skull[:brow] = person.hat_colour
        skull[brow - 4 : brow] *= 0.85
    return skull


def dress(person: Identity) -> Wardrobe:
    """Sew all textures of a person, always the same for the same identity."""
    rng = np.random.default_rng(person.grain)
    return Wardrobe(_torso(person, rng), _hem(person, rng), _arm(person, rng), _leg(person, rng), _head(person, rng))


def seen_columns(texture: np.ndarray, yaw: float, samples: int) -> np.ndarray:
    """The half of an unwrapped texture that faces the camera, rows x samples x 3, left to right in the image."""
    across = (np.arange(samples) + 0.5) / samples * 2 - 1
    direction = np.arcsin(across) - yaw
    columns = np.floor(direction / (2 * np.pi) * texture.shape[1] + 0.5).astype(int) % texture.shape[1]
    return texture[:, columns]
