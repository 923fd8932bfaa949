"""From pictures of one domain to the same pictures in the style of another, in three lines of Python (docs/api.md)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.picture_input import Picture, batches_of, listed
from reidzoo.apis.trained_data import check_direction, domains, resizing
from reidzoo.base.errors import UserError
from reidzoo.methods.translation import DIRECTIONS, TranslationMethod
from reidzoo.registry import TRANSFORMS

REFUSAL = "translates no pictures: name a model or config of a translation method, such as CycleGAN"


class Translator:
    """A trained translation method that draws pictures anew in the style of the other domain.

    Args:
        name_or_config: a model of the zoo (its verified file is fetched where needed, and brings its config along),
            or the path of a config file.
        checkpoint: of a training run, or published weights, for a config file; ``zoo://NAME`` is a path, too.
        device: ``auto`` (the GPU where there is one), or what torch calls a device: ``cpu``, ``cuda:1``.
        batch_size: pictures a step.
        progress: show a bar.

    Attributes:
        config: the resolved config.
        method: the :class:`reidzoo.methods.translation.TranslationMethod` on its device.

    Raises:
        UserError: no such model or config, a config without its checkpoint, weights that do not fit, a method that
            translates nothing, a training set without source and target, an unknown device, a batch size below 1.
    """

    def __init__(
        self,
        name_or_config: str | Path,
        checkpoint: str | Path | None = None,
        *,
        device: str = "auto",
        batch_size: int = 32,
        progress: bool = False,
    ):
        if batch_size < 1:
            raise UserError(f"batch_size is the number of pictures a step, at least 1, got {batch_size}")
        place = find_device(device)
        self.config, self.method = load_method(name_or_config, checkpoint, TranslationMethod, REFUSAL)
        self.method.to(place)
        self._transforms = {}
        for direction in DIRECTIONS:
            transforms = resizing(domains(self.config, direction)[0].get("transforms", ()))
            self._transforms[direction] = [TRANSFORMS.build(transform) for transform in transforms]
        self.batch_size, self.progress = batch_size, progress

    def __call__(self, images: Picture | Sequence[Picture] | Tensor, direction: str = "s2t") -> np.ndarray:
        """``images`` in the style of the other domain, in their order.

        Args:
            images: a file; a folder (its pictures sorted by name, those of folders in it left out); one H x W x 3
                uint8 RGB array or PIL image; a list of any of these but folders; or a B x 3 x H x W uint8 RGB tensor.
                Sizes are free where the config's training resizes: every picture gets the size that the networks
                were trained on.
            direction: ``s2t`` (source to target) or ``t2s``.

        Returns:
            N x H x W x 3 uint8 RGB. A method that is ``stochastic`` draws from torch's global generator.

        Raises:
            UserError: another direction, no picture, a file that does not decode, another shape or type, sizes that
                differ although the config resizes nothing, or a size that the generator cannot draw.
        """
        check_direction(direction)
        pictures = listed(images, "translate")
        batches = tqdm(
            batches_of(pictures, self._transforms[direction], self.batch_size),
            total=-(-len(pictures) // self.batch_size),
            disable=not self.progress,
            desc="translating",
            unit="batch",
        )
        drawn = torch.cat([self.method.translate(batch, direction).cpu() for batch in batches])
        return np.ascontiguousarray(drawn.permute(0, 2, 3, 1).numpy())
