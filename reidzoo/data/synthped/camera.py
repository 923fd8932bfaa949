"""A camera: where it hangs, what light falls there, and what its sensor makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from reidzoo.data.synthped.domain import Domain


@dataclass(frozen=True)
class Camera:
    """One fixed camera; angles in radians, ``matrix`` 3 x 3 acts on RGB, lengths as in :class:`Domain`."""

    scene: str
    pitch: float
    distance: float
    view_shares: np.ndarray
    """Probability of each of the 8 viewing directions."""
    light_azimuth: float
    diffuse: float
    shadow: float
    shadow_slope: float
    """Sideways length of the shadow for each unit of height; its sign follows the light."""
    matrix: np.ndarray
    exposure: float
    gamma: float
    contrast: float
    blur: float
    noise: float
    jpeg_quality: int


def sample_camera(rng: np.random.Generator, domain: Domain, camid: int) -> Camera:
    """Draw camera ``camid`` (0-based) of a domain."""
    azimuth = rng.uniform(-2.2, 2.2)
    twist = rng.standard_normal((3, 3)) * np.where(np.eye(3, dtype=bool), 1.0, 0.45)
    twist -= np.eye(3) * np.trace(twist) / 3  # brightness is the exposure's business
    matrix = np.eye(3) + domain.colour_spread * twist / np.linalg.norm(twist)
    weights = np.array(domain.view_weights) / sum(domain.view_weights)
    return Camera(
        scene=domain.scenes[camid % len(domain.scenes)],
        pitch=np.deg2rad(rng.uniform(*domain.pitch)),
        distance=rng.uniform(*domain.distance),
        view_shares=rng.dirichlet(weights * domain.view_concentration),
        light_azimuth=azimuth,
        diffuse=rng.uniform(*domain.diffuse),
        shadow=rng.uniform(*domain.shadow),
        shadow_slope=-np.sin(azimuth) * rng.uniform(0.5, 1.2),
        matrix=(matrix * np.array(domain.tint)[:, None]).astype(np.float32),
        exposure=rng.uniform(*domain.exposure),
        gamma=rng.uniform(*domain.gamma),
        contrast=rng.uniform(*domain.contrast),
        blur=rng.uniform(*domain.blur),
        noise=rng.uniform(*domain.noise),
        jpeg_quality=int(rng.integers(round(domain.jpeg_quality[0]), round(domain.jpeg_quality[1]) + 1)),
    )


def respond(image: np.ndarray, camera: Camera, exposure: float, rng: np.random.Generator) -> np.ndarray:
    """What the sensor delivers of an image (H x W x 3 uint8 RGB) at this exposure: uint8 of the same shape."""
    signal = cv2.GaussianBlur(image, (0, 0), camera.blur).astype(np.float32) / 255
    signal = signal @ camera.matrix.T * (camera.exposure * exposure)
    signal = 0.5 + (np.maximum(signal, 0) ** camera.gamma - 0.5) * camera.contrast
    noise = rng.standard_normal(signal.shape, dtype=np.float32)
    noise += 0.7 * noise.mean(axis=2, keepdims=True)  # the channels of a sensor are noisy together
    signal += camera.noise * noise * (0.6 + 0.4 * (1 - signal))  # shadows are the noisiest
    return np.clip(signal * 255 + 0.5, 0, 255).astype(np.uint8)
