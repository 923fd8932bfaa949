"""From pictures of persons to features that can be compared, in three lines of Python (docs/api.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize as unit_length
from tqdm import tqdm

from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.picture_input import Picture, batches_of, listed
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path
from reidzoo.data.datasets.listing import IMAGE_SUFFIXES, image_files
from reidzoo.engine.precision import PRECISIONS
from reidzoo.methods.base import ReIDMethod
from reidzoo.registry import TRANSFORMS

REFUSAL = "embeds no pictures: name a model or config of a re-ID method"


class Embedder:
    """A trained re-ID method that turns pictures into features; they equal those that ``tools/test.py`` compares.

    Args:
        name_or_config: a model of the zoo (its verified file is fetched where needed, and brings its config along),
            or the path of a config file.
        checkpoint: of a training run, or published weights, for a config file; ``zoo://NAME`` is a path, too.
        device: ``auto`` (the GPU where there is one), or what torch calls a device: ``cpu``, ``cuda:1``.
        precision: ``fp32`` or ``bf16``, of the network; features come out as float32 either way.
        flip: add the feature of the mirror image; None does what the config does in its test.
        batch_size: pictures a step.
        progress: show a bar.

    Attributes:
        config: the resolved config.
        method: the :class:`reidzoo.methods.base.ReIDMethod` on its device, in test mode.

    Raises:
        UserError: no such model or config, a config without its checkpoint, weights that do not fit, a method that
            embeds nothing, an unknown device or precision, a batch size below 1.
    """

    def __init__(
        self,
        name_or_config: str | Path,
        checkpoint: str | Path | None = None,
        *,
        device: str = "auto",
        precision: str = "fp32",
        flip: bool | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ):
        if precision not in PRECISIONS:
            raise UserError(f"precision is one of {', '.join(PRECISIONS)}, got '{precision}'")
        if batch_size < 1:
            raise UserError(f"batch_size is the number of pictures a step, at least 1, got {batch_size}")
        self.device = find_device(device)
        self.config, self.method = load_method(name_or_config, checkpoint, ReIDMethod, REFUSAL)
        self.method.to(self.device)
        tested = self.config.get("test_dataloader") or {}
        transforms = tested.get("dataset", {}).get("transforms", [])
        self._transforms = [TRANSFORMS.build(transform) for transform in transforms]
        flips_in_test = (self.config.get("test_cfg") or {}).get("type") == "FlipTestLoop"
        self.flip = flips_in_test if flip is None else flip
        self.precision, self.batch_size, self.progress = precision, batch_size, progress

    def __call__(self, images: Picture | Sequence[Picture] | Tensor, *, normalize: bool = True) -> np.ndarray:
        """The features of ``images``, in their order.

        Args:
            images: a file; a folder (its pictures sorted by name, those of folders in it left out); one H x W x 3
                uint8 RGB array or PIL image; a list of any of these but folders; or a B x 3 x H x W uint8 RGB tensor.
                Sizes are free: every picture goes through the transforms of the config's test.
            normalize: Euclidean length 1, so that the dot product of two features is their cosine.

        Returns:
            N x D float32.

        Raises:
            UserError: no picture, a file that does not decode, another shape or type, or sizes that differ although
                the config resizes nothing.
        """
        pictures = listed(images, "embed")
        batches = tqdm(
            self.prepare(pictures),
            total=-(-len(pictures) // self.batch_size),
            disable=not self.progress,
            desc="embedding",
            unit="batch",
        )
        features = torch.cat([self._embed(batch) for batch in batches])
        return (unit_length(features, dim=1) if normalize else features).numpy()

    def prepare(self, images: Picture | Sequence[Picture] | Tensor) -> Iterator[Tensor]:
        """What the network is given: batches B x 3 x H x W uint8 of ``batch_size`` pictures, the last may have fewer.

        Raises:
            UserError: as calling the embedder does.
        """
        return batches_of(listed(images, "embed"), self._transforms, self.batch_size)

    @torch.inference_mode()
    def _embed(self, batch: Tensor) -> Tensor:
        """B x 3 x H x W uint8 to B x D float32 on the CPU."""
        dtype = PRECISIONS[self.precision]
        with torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None):
            features = self.method.test_step({"images": batch})
            if self.flip:  # as FlipTestLoop: the sum, whose direction is that of the mean
                features = features + self.method.test_step({"images": batch.flip(-1)})
        return features.float().cpu()


def embed_folder(
    name_or_config: str | Path,
    checkpoint: str | Path | None,
    folder: str | Path,
    out: str | Path,
    *,
    batch_size: int = 64,
    device: str = "auto",
) -> list[str]:
    """Write the features of all pictures of a folder and of the folders in it; returns their names.

    Args:
        name_or_config: as of :class:`Embedder`.
        checkpoint: likewise.
        folder: of pictures.
        out: ``.npz`` file of two arrays in one order: ``names``, paths below ``folder``, and ``features``, N x D
            float32 of length 1.
        batch_size: pictures a step.
        device: as of :class:`Embedder`.

    Raises:
        UserError: as :class:`Embedder` does; no such folder, no picture in it, or a file that is no ``.npz``.
    """
    if Path(out).suffix != ".npz":
        raise UserError(f"features are written as .npz, got the name '{out}': change its end")
    files = image_files(Path(folder), recursive=True)
    if not files:
        raise UserError(f"'{folder}' holds no picture to embed: expected {', '.join(IMAGE_SUFFIXES)}")
    embed = Embedder(name_or_config, checkpoint, device=device, batch_size=batch_size, progress=True)
    names = [file.relative_to(folder).as_posix() for file in files]
    features = embed([str(file) for file in files])
    with atomic_path(out) as temporary:
        np.savez(temporary, names=np.array(names), features=features)
    return names
