"""What a domain is: the distributions that identities, cameras and shots are drawn from.

Every knob that makes the benchmark easier or harder is a field of :class:`Domain`; the three domains
at the end of the file are the calibrated settings. Pairs are ``(low, high)`` of a uniform draw,
dictionaries are weights that need not sum to one.
"""

from __future__ import annotations

from dataclasses import dataclass

from reidzoo.base.errors import UserError, nearest

Range = tuple[float, float]
Weights = dict[str, float]


@dataclass(frozen=True)
class Domain:
    """One domain of SynthPed; see the file's head for the meaning of pairs and dictionaries."""

    name: str
    code: int
    """Part of every random seed, so that domains share neither identities nor cameras."""
    scenes: tuple[str, ...]
    """Background of each camera, in the order of the cameras (functions of ``scene.py``)."""
    scene_saturation: float
    """1 leaves the backgrounds as they are painted, 0 makes them gray."""

    # Identities: how much people look alike.
    upper_kinds: Weights
    lower_kinds: Weights
    upper_textures: Weights
    lower_textures: Weights
    upper_colours: Weights
    lower_colours: Weights
    hats: Weights
    bags: Weights
    palette_concentration: float
    """Exponent on the colour weights: 0 draws all colours alike, large values dress everybody in the commonest."""
    shade_spread: float
    """How far the shade of a garment strays from its colour's centre, as a share of full scale."""
    scarf_rate: float

    # Cameras: how differently the same person is seen.
    pitch: Range
    """Downward tilt in degrees: the height of the camera."""
    distance: Range
    """Camera to person in body heights; small means strong perspective."""
    view_weights: tuple[float, ...]
    """Share of the 8 viewing directions, from facing the camera in steps of 45 degrees to the image's right."""
    view_concentration: float
    """Dirichlet concentration around ``view_weights``: small values give every camera its own few directions."""
    diffuse: Range
    """Share of directed light, 0 (overcast) to 1 (sun alone)."""
    shadow: Range
    """Darkness of the cast shadow, 0 to 1."""
    exposure: Range
    tint: tuple[float, float, float]
    """RGB gains of the light that all cameras of the domain share."""
    colour_spread: float
    """Frobenius norm of a camera's colour matrix minus the identity."""
    gamma: Range
    contrast: Range
    blur: Range
    """Sigma of the lens in pixels of the 128 x 64 image."""
    noise: Range
    """Standard deviation of the sensor noise, full scale 1."""
    jpeg_quality: Range

    # Shots: what changes from one picture to the next.
    exposure_jitter: float
    view_jitter: float
    """Standard deviation of the viewing direction around its eighth, in degrees."""
    crop_jitter: float
    """Standard deviation of the box's centre and size, as a share of the box."""
    cut_rate: float
    """Share of boxes that miss the feet, the head or a side."""
    occlusion_rate: float
    """Share of shots with something in front of the person."""
    company_rate: float
    """Share of shots with another pedestrian behind the person."""


DAY = Domain(
    name="day",
    code=1,
    scenes=("plaza", "lawn", "boulevard", "court", "promenade", "park"),
    scene_saturation=0.35,
    upper_kinds={"tshirt": 5, "shirt": 2, "sweater": 0.8, "hoodie": 0.6, "jacket": 1, "dress": 0.9},
    lower_kinds={"trousers": 5, "shorts": 3.4, "skirt": 1.4},
    upper_textures={"plain": 4, "stripes": 1.3, "checks": 0.7, "two-tone": 1, "logo": 2.2},
    lower_textures={"plain": 5, "side-stripe": 0.7, "checks": 0.4, "faded": 2},
    upper_colours={
        "white": 5,
        "gray": 2.5,
        "black": 3,
        "blue": 3,
        "red": 1.8,
        "green": 1.4,
        "yellow": 1.3,
        "purple": 1,
    },
    lower_colours={
        "blue": 4,
        "black": 3.5,
        "gray": 2.4,
        "brown": 2.2,
        "white": 1.2,
        "green": 0.8,
        "pink": 0.6,
        "yellow": 0.4,
        "purple": 0.4,
    },
    hats={"none": 8, "cap": 1.3},
    bags={"none": 5, "backpack": 2.6, "bag": 1.2, "handbag": 1.2},
    palette_concentration=1.8,
    shade_spread=0.06,
    scarf_rate=0.0,
    pitch=(4, 15),
    distance=(3.5, 7),
    view_weights=(2, 1.4, 1, 1.2, 2, 1.2, 1, 1.4),
    view_concentration=9.0,
    diffuse=(0.35, 0.7),
    shadow=(0.3, 0.55),
    exposure=(0.85, 1.12),
    tint=(1.02, 1.0, 0.96),
    colour_spread=0.09,
    gamma=(0.85, 1.1),
    contrast=(0.85, 1.15),
    blur=(0.4, 0.85),
    noise=(0.01, 0.022),
    jpeg_quality=(72, 92),
    exposure_jitter=0.1,
    view_jitter=14,
    crop_jitter=0.055,
    cut_rate=0.14,
    occlusion_rate=0.2,
    company_rate=0.18,
)

DUSK = Domain(
    name="dusk",
    code=2,
    scenes=("shopfront", "alley", "underpass", "platform", "parking", "arcade"),
    scene_saturation=1.0,
    upper_kinds={"coat": 3.2, "jacket": 4, "hoodie": 1.8, "sweater": 1.2, "shirt": 0.8, "tshirt": 0.8},
    lower_kinds={"trousers": 8, "skirt": 0.9, "shorts": 0.8},
    upper_textures={"plain": 5.5, "stripes": 0.7, "checks": 0.9, "two-tone": 1.7, "logo": 0.8},
    lower_textures={"plain": 6, "side-stripe": 0.6, "checks": 0.3, "faded": 1.4},
    upper_colours={
        "black": 5,
        "gray": 3,
        "blue": 3,
        "green": 1.5,
        "red": 1.5,
        "purple": 1,
        "white": 1.5,
        "yellow": 0.9,
    },
    lower_colours={
        "black": 5,
        "blue": 3.6,
        "gray": 2.2,
        "brown": 1.6,
        "green": 0.8,
        "white": 0.6,
        "purple": 0.4,
        "pink": 0.3,
        "yellow": 0.3,
    },
    hats={"none": 5, "beanie": 2.4, "cap": 0.7},
    bags={"none": 4.5, "backpack": 2.2, "bag": 1.6, "handbag": 1.5},
    palette_concentration=1.0,
    shade_spread=0.09,
    scarf_rate=0.3,
    pitch=(9, 24),
    distance=(2.8, 5.5),
    view_weights=(1, 1.2, 1.7, 1.3, 1, 1.4, 1.7, 1.2),
    view_concentration=9.0,
    diffuse=(0.2, 0.6),
    shadow=(0.1, 0.35),
    exposure=(0.78, 1.08),
    tint=(1.0, 0.98, 1.0),
    colour_spread=0.19,
    gamma=(0.8, 1.05),
    contrast=(0.85, 1.15),
    blur=(0.5, 0.95),
    noise=(0.012, 0.025),
    jpeg_quality=(60, 85),
    exposure_jitter=0.16,
    view_jitter=14,
    crop_jitter=0.055,
    cut_rate=0.1,
    occlusion_rate=0.18,
    company_rate=0.2,
)

STUDIO = Domain(
    name="studio",
    code=3,
    scenes=("backdrop",) * 6,
    scene_saturation=1.0,
    upper_kinds={"tshirt": 3, "shirt": 1.5, "sweater": 1.2, "hoodie": 1.2, "jacket": 2, "coat": 1.2, "dress": 0.5},
    lower_kinds={"trousers": 6, "shorts": 2, "skirt": 1.2},
    upper_textures={"plain": 4, "stripes": 1.2, "checks": 1, "two-tone": 1.4, "logo": 1.6},
    lower_textures={"plain": 5, "side-stripe": 0.8, "checks": 0.5, "faded": 1.6},
    upper_colours={
        "black": 3,
        "white": 3,
        "gray": 2.5,
        "blue": 2.5,
        "red": 1.8,
        "green": 1.6,
        "yellow": 1.3,
        "purple": 1.2,
    },
    lower_colours={
        "black": 3.4,
        "blue": 3.2,
        "gray": 2.4,
        "brown": 2,
        "white": 1,
        "green": 1,
        "pink": 0.7,
        "yellow": 0.5,
        "purple": 0.6,
    },
    hats={"none": 6, "cap": 1, "beanie": 1},
    bags={"none": 5, "backpack": 2.2, "bag": 1.4, "handbag": 1.4},
    palette_concentration=0.8,
    shade_spread=0.12,
    scarf_rate=0.12,
    pitch=(4, 20),
    distance=(3, 7),
    view_weights=(1, 1, 1, 1, 1, 1, 1, 1),
    view_concentration=60.0,
    diffuse=(0.2, 0.5),
    shadow=(0.1, 0.3),
    exposure=(0.92, 1.08),
    tint=(1.0, 1.0, 1.0),
    colour_spread=0.08,
    gamma=(0.95, 1.05),
    contrast=(0.95, 1.05),
    blur=(0.35, 0.6),
    noise=(0.004, 0.01),
    jpeg_quality=(85, 95),
    exposure_jitter=0.05,
    view_jitter=14,
    crop_jitter=0.04,
    cut_rate=0.05,
    occlusion_rate=0.0,
    company_rate=0.0,
)

DOMAINS = {domain.name: domain for domain in (DAY, DUSK, STUDIO)}


def find_domain(name: str) -> Domain:
    """The domain of this name.

    Raises:
        UserError: no such domain.
    """
    if name not in DOMAINS:
        raise UserError(f"SynthPed has no domain '{name}', {nearest(name, DOMAINS)}")
    return DOMAINS[name]
