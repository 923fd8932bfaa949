"""From a trained GAN to images that it draws from noise, in three lines of Python (docs/api.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.sampling import REFUSAL, noise_of
from reidzoo.base.errors import UserError
from reidzoo.methods.sampling import SamplingMethod


class Sampler:
    """A trained method that draws images from noise.

    Args:
        name_or_config: a model of the zoo (its verified file is fetched where needed, and brings its config along),
            or the path of a config file.
        checkpoint: of a training run, or published weights, for a config file; ``zoo://NAME`` is a path, too.
        device: ``auto`` (the GPU where there is one), or what torch calls a device: ``cpu``, ``cuda:1``.
        batch_size: images a step; rounding may differ by one grey level between batch sizes.
        progress: show a bar.

    Attributes:
        config: the resolved config.
        method: the :class:`reidzoo.methods.sampling.SamplingMethod` on its device.

    Raises:
        UserError: no such model or config, a config without its checkpoint, weights that do not fit, a method that
            draws nothing from noise, an unknown device, a batch size below 1.
    """

    def __init__(
        self,
        name_or_config: str | Path,
        checkpoint: str | Path | None = None,
        *,
        device: str = "auto",
        batch_size: int = 64,
        progress: bool = False,
    ):
        if batch_size < 1:
            raise UserError(f"batch_size is the number of images a step, at least 1, got {batch_size}")
        place = find_device(device)
        self.config, self.method = load_method(name_or_config, checkpoint, SamplingMethod, REFUSAL)
        self.method.to(place)
        self.batch_size, self.progress = batch_size, progress

    def __call__(self, count: int, seed: int = 0) -> np.ndarray:
        """Images 0 to ``count`` - 1 of ``seed``: those that :func:`~reidzoo.apis.sampling.sample_images` writes.

        Args:
            count: how many; image i is the same in any number of them.
            seed: of the noise.

        Returns:
            N x H x W x 3 uint8 RGB.

        Raises:
            UserError: ``count`` is no whole number of at least 1.
        """
        if type(count) is not int or count < 1:
            raise UserError(f"count is how many images are drawn, a whole number of at least 1, got {count!r}")
        numbers = torch.arange(count).split(self.batch_size)
        drawn = []
        for batch in tqdm(numbers, disable=not self.progress, desc="sampling", unit="batch"):
            noise = torch.cat([noise_of(self.method, seed, number) for number in batch.tolist()])
            drawn.append(self.method.sample(noise).cpu())
        return np.ascontiguousarray(torch.cat(drawn).permute(0, 2, 3, 1).numpy())
