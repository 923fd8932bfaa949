"""Who is seen: everything about a person that stays the same in all pictures of that person."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from reidzoo.data.synthped.domain import Domain, Weights

Colour = tuple[int, int, int]
"""RGB, 0 to 255."""

# Several centres a name, because "blue" in the street is navy, denim or sky, seldom #0000ff.
SHADES: dict[str, tuple[Colour, ...]] = {
    "black": ((28, 28, 31), (40, 38, 40), (34, 36, 44)),
    "white": ((226, 225, 220), (238, 236, 232), (212, 208, 196)),
    "gray": ((126, 127, 130), (94, 96, 100), (160, 160, 160)),
    "red": ((158, 42, 46), (186, 66, 60), (120, 34, 44)),
    "purple": ((98, 66, 118), (126, 92, 142), (78, 48, 88)),
    "yellow": ((206, 172, 70), (220, 196, 116), (190, 146, 52)),
    "blue": ((44, 62, 104), (72, 100, 148), (112, 144, 184)),
    "green": ((64, 92, 62), (92, 112, 84), (52, 84, 80)),
    "pink": ((206, 146, 156), (192, 118, 138)),
    "brown": ((112, 86, 64), (150, 126, 98), (84, 66, 54)),
}
UPPER_COLOURS = ("black", "white", "red", "purple", "yellow", "gray", "blue", "green")
LOWER_COLOURS = ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown")

SKINS: tuple[Colour, ...] = ((232, 196, 170), (214, 170, 140), (190, 142, 110), (150, 106, 78), (104, 72, 54))
HAIRS: dict[str, Colour] = {
    "black": (34, 29, 28),
    "dark-brown": (60, 44, 36),
    "brown": (98, 70, 48),
    "blond": (178, 146, 96),
    "gray": (142, 140, 138),
}
HAIR_WEIGHTS: Weights = {"black": 3.5, "dark-brown": 3.5, "brown": 2, "blond": 1, "gray": 0.8}
SHOES: tuple[Colour, ...] = ((36, 34, 34), (222, 220, 214), (96, 70, 50), (120, 122, 126), (54, 66, 96), (150, 50, 50))
SHOE_WEIGHTS = (4, 2.4, 1.4, 1.2, 0.8, 0.5)
BAG_COLOURS: Weights = {"black": 4, "blue": 1.6, "gray": 1.6, "brown": 2, "red": 0.8, "green": 0.8}

LONG_SLEEVES = ("shirt", "sweater", "hoodie", "jacket", "coat")


@dataclass(frozen=True)
class Build:
    """Body proportions, each a factor near 1 on the average body of ``body.py``."""

    shoulders: float
    girth: float
    legs: float
    head: float


@dataclass(frozen=True)
class Garment:
    """One piece of clothing.

    ``length`` is the covered share of the arm or leg (of the way from hip to knee for skirt, dress and coat);
    ``period`` and ``phase`` fix the pattern to the body, in shares of the garment's height.
    """

    kind: str
    colour_name: str
    colour: Colour
    second: Colour
    texture: str
    length: float
    period: float
    phase: float


@dataclass(frozen=True)
class Identity:
    """A person; ``grain`` seeds the wrinkles and the print of the clothes."""

    build: Build
    skin: Colour
    hair_name: str
    hair: Colour
    long_hair: bool
    hat: str
    hat_colour: Colour
    upper: Garment
    lower: Garment
    shoes: Colour
    bag: str
    bag_name: str
    bag_colour: Colour
    bag_side: int
    """+1 carried on the person's left, -1 on the right."""
    scarf: Colour | None
    grain: int


def pick(rng: np.random.Generator, weights: Weights, exponent: float = 1.0) -> str:
    """One key, drawn with probability proportional to ``weight ** exponent``."""
    shares = np.array(list(weights.values()), dtype=float) ** exponent
    index = np.searchsorted(np.cumsum(shares), rng.random() * shares.sum(), side="right")
    return list(weights)[min(int(index), len(weights) - 1)]


def stray(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """A neighbour of ``colour``: hue, saturation and value move by normal steps of size ``spread``."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    steps = rng.standard_normal(3) * spread
    hue = (hue + 0.25 * steps[0]) % 1
    saturation = float(np.clip(saturation * (1 + 1.5 * steps[1]), 0, 0.75))
    value = float(np.clip(value + 0.9 * steps[2] * (0.4 + value), 0.09, 0.97))
    return tuple(round(255 * channel) for channel in colorsys.hsv_to_rgb(hue, saturation, value))


def named_shade(rng: np.random.Generator, name: str, spread: float) -> Colour:
    """A shade of the named colour."""
    shades = SHADES[name]
    return stray(rng, shades[rng.integers(len(shades))], spread)


def _upper(rng: np.random.Generator, domain: Domain) -> Garment:
    kind = pick(rng, domain.upper_kinds)
    name = pick(rng, domain.upper_colours, domain.palette_concentration)
    other = pick(rng, domain.upper_colours)
    length = 1.0 if kind in LONG_SLEEVES else rng.uniform(0.3, 0.48)
    return Garment(
        kind=kind,
        colour_name=name,
        colour=named_shade(rng, name, domain.shade_spread),
        second=named_shade(rng, other, domain.shade_spread),
        texture=pick(rng, domain.upper_textures),
        length=length,
        period=rng.uniform(0.08, 0.24),
        phase=rng.random(),
    )


def _lower(rng: np.random.Generator, domain: Domain) -> Garment:
    kind = pick(rng, domain.lower_kinds)
    name = pick(rng, domain.lower_colours, domain.palette_concentration)
    lengths = {"trousers": (0.97, 1.0), "shorts": (0.36, 0.56), "skirt": (0.55, 1.15)}
    return Garment(
        kind=kind,
        colour_name=name,
        colour=named_shade(rng, name, domain.shade_spread),
        second=named_shade(rng, pick(rng, domain.lower_colours), domain.shade_spread),
        texture=pick(rng, domain.lower_textures),
        length=rng.uniform(*lengths[kind]),
        period=rng.uniform(0.1, 0.25),
        phase=rng.random(),
    )


def sample_identity(rng: np.random.Generator, domain: Domain) -> Identity:
    """Draw a person from the domain's distributions."""
    hair_name = pick(rng, HAIR_WEIGHTS)
    bag_name = pick(rng, BAG_COLOURS)
    hat = pick(rng, domain.hats)
    return Identity(
        build=Build(
            shoulders=float(np.clip(rng.normal(1, 0.06), 0.85, 1.18)),
            girth=float(np.clip(rng.normal(1.02, 0.11), 0.8, 1.35)),
            legs=float(np.clip(rng.normal(1, 0.03), 0.93, 1.07)),
            head=float(np.clip(rng.normal(1, 0.05), 0.88, 1.14)),
        ),
        skin=stray(rng, SKINS[rng.integers(len(SKINS))], 0.03),
        hair_name=hair_name,
        hair=stray(rng, HAIRS[hair_name], 0.04),
        long_hair=bool(rng.random() < 0.4),
        hat=hat,
        hat_colour=named_shade(rng, pick(rng, BAG_COLOURS), domain.shade_spread),
        upper=_upper(rng, domain),
        lower=_lower(rng, domain),
        shoes=stray(rng, SHOES[np.searchsorted(np.cumsum(SHOE_WEIGHTS), rng.random() * sum(SHOE_WEIGHTS))], 0.05),
        bag=pick(rng, domain.bags),
        bag_name=bag_name,
        bag_colour=named_shade(rng, bag_name, domain.shade_spread),
        bag_side=1 if rng.random() < 0.5 else -1,
        scarf=named_shade(rng, pick(rng, domain.upper_colours), 0.1) if rng.random() < domain.scarf_rate else None,
        grain=int(rng.integers(2**31)),
    )


def attributes(person: Identity) -> dict[str, int | str]:
    """Labels of a person: Market-1501's names with 0-based values, then SynthPed's own.

    ``hair`` 1 long; ``up`` 1 short sleeve; ``down`` 1 short lower clothing; ``clothes`` 0 dress or skirt, 1 pants;
    ``hat``, ``backpack``, ``bag``, ``handbag`` and the seventeen colours 1 present. Market's own value is ours + 1.
    """
    dress = person.upper.kind == "dress"
    lower_name = person.upper.colour_name if dress else person.lower.colour_name
    labels: dict[str, int | str] = {
        "hair": int(person.long_hair),
        "up": int(person.upper.kind not in LONG_SLEEVES),
        "down": int(dress or person.lower.kind != "trousers"),
        "clothes": int(not dress and person.lower.kind != "skirt"),
        "hat": int(person.hat != "none"),
        "backpack": int(person.bag == "backpack"),
        "bag": int(person.bag == "bag"),
        "handbag": int(person.bag == "handbag"),
    }
    labels |= {f"up{name}": int(person.upper.colour_name == name) for name in UPPER_COLOURS}
    labels |= {f"down{name}": int(lower_name == name) for name in LOWER_COLOURS}
    return labels | {
        "hair_colour": person.hair_name,
        "hat_kind": person.hat,
        "upper_kind": person.upper.kind,
        "upper_texture": person.upper.texture,
        "lower_kind": "none" if dress else person.lower.kind,
        "lower_texture": "none" if dress else person.lower.texture,
        "bag_colour": "none" if person.bag == "none" else person.bag_name,
        "scarf": int(person.scarf is not None),
    }
