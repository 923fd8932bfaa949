"""Images that a generator drew from noise: they show nobody, and no camera took them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.manifest import MANIFEST, SAMPLES, read_entries, read_header
from reidzoo.data.datasets.reading import decode, transformed, undecodable
from reidzoo.data.datasets.records import Listing
from reidzoo.data.draw import Draw
from reidzoo.registry import DATASETS, TRANSFORMS


class SampledImage(NamedTuple):
    """One entry of the manifest: a path under its folder, with forward slashes."""

    file: str


@DATASETS.register
class SampledFolder(Dataset):
    """Images drawn from noise, as their ``manifest.json`` lists them, sorted by name.

    No :class:`~reidzoo.data.datasets.base.ReIDDataset`: there are no identities, no cameras and no test split, so
    nothing can count or evaluate what these images do not have. Beside real images they are the ``generated`` of
    :class:`~reidzoo.data.datasets.real_and_generated.RealAndGenerated`.

    Args:
        root: the folder with ``manifest.json``.
        transforms: configs from shelf TRANSFORMS, applied in order to each sample.
        first: only so many images, the first in the order of their names; None for all.

    Attributes:
        files: paths of the images, in the order of the table.

    Items are dicts of tensors: ``images`` uint8 3 x H x W (RGB), ``indices`` int64 (row of this table).

    Raises:
        UserError: no folder, no manifest of samples, one that names absent files or does not name an image that is
            there, an empty one, or more images asked for than there are.
    """

    def __init__(self, root: str, transforms: Sequence[dict[str, Any]] = (), first: int | None = None):
        self.root = Path(root)
        if not self.root.is_dir():
            raise UserError(
                f"SampledFolder expects its images in the folder '{root}', which does not exist: draw them first with "
                "tools/run_stages.py GAN THIS_CONFIG or with tools/sample.py, or set `root` in the config (or "
                "`--cfg-options`) to where they lie"
            )
        self.transforms = [TRANSFORMS.build(transform) for transform in transforms]
        files = self._listed()
        if first is not None and (type(first) is not int or not 1 <= first <= len(files)):
            raise UserError(f"first is how many of the {len(files):,} images in '{root}' are read, got {first!r}")
        self.files = files[:first]

    @property
    def title(self) -> str:
        """How many images of what method trained on what, from the manifest's header; without that, the class."""
        header = read_header(self.root)
        method, source = header.get("method"), header.get("source")
        if not (isinstance(method, str) and isinstance(source, str)):
            return type(self).__name__
        return f"{len(self):,} samples of {method} trained on {source}"

    @property
    def metainfo(self) -> dict[str, Any]:
        """``name`` alone: there are neither identities nor cameras to count."""
        return {"name": self.title}

    @property
    def num_images(self) -> int:
        """How many images the table has."""
        return len(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        return {**self.sample(draw.index, draw.generator()), "indices": torch.tensor(draw.index)}

    def sample(self, index: int, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """One row, transformed by the chance of ``rng`` alone: ``images``."""
        path = self.files[index]
        return transformed(decode(path), path, self.transforms, rng)

    def undecodable(self) -> list[Path]:
        """Every file of the table that does not decode; reads them all, so it is called after a failure only."""
        return undecodable(self.files)

    def _listed(self) -> list[Path]:
        """The files of the manifest, which are all images that the folder holds."""
        listed = [self.root / entry.file for entry in read_samples(self.root)]
        present = set(image_files(self.root, recursive=True))
        listing = Listing(
            [],
            absent=[path for path in listed if path not in present],
            unlisted=sorted(present - set(listed)),
        )
        for _, sentence, files in listing.misfits():
            raise UserError(
                f"SampledFolder: {len(files):,} file(s) {sentence}, first '{files[0]}': run the command that draws "
                "them again, or take away what does not belong there"
            )
        if not listed:
            raise UserError(f"'{self.root / MANIFEST}' lists no image: draw some with tools/sample.py")
        return listed


def read_samples(root: str | Path) -> list[SampledImage]:
    """The entries of ``manifest.json``, sorted by file.

    Raises:
        UserError: there is none, it is not JSON of the expected form, it names a file twice or outside the folder, or
            its images show persons.
    """
    entries = read_entries(root, SampledImage, "SampledFolder")
    if read_header(root).get("kind") != SAMPLES:
        raise UserError(
            f"the images in '{root}' were drawn from images of persons, whose identities they have: read them with "
            "GeneratedFolder"
        )
    return entries
