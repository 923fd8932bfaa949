"""Pictures that are judged together: a folder, a part of a data set, or images that a generator drew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reidzoo.base.errors import UserError, nearest
from reidzoo.data.dataset_check import recognisers
from reidzoo.data.datasets import GeneratedFolder, SampledFolder
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.generated_folder import read_manifest
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.manifest import MANIFEST, SAMPLES, read_header
from reidzoo.data.datasets.records import PARTS
from reidzoo.registry import DATASETS


@dataclass(frozen=True)
class PictureSet:
    """Files of pictures in a fixed order, and what is known of them.

    Attributes:
        title: as results call the set; names no folder of the machine above the last.
        files: N paths.
        names: N names by which a picture finds its partner and its mask: the path under the root without suffix, of a
            translated image that of the image it was drawn from.
        pids: N identities, as numbers or as names of folders; None where nothing is known of them.
        header: what the manifest says before its list of images; empty without one.
    """

    title: str
    files: tuple[Path, ...]
    names: tuple[str, ...]
    pids: tuple[int | str, ...] | None
    header: dict[str, Any]

    def __len__(self) -> int:
        return len(self.files)

    def take(self, rows: Sequence[int], title: str | None = None) -> PictureSet:
        """The pictures of these rows, in this order."""
        pids = None if self.pids is None else tuple(self.pids[row] for row in rows)
        files, names = (tuple(values[row] for row in rows) for values in (self.files, self.names))
        return replace(self, title=title or self.title, files=files, names=names, pids=pids)

    def draw(self, count: int, seed: int) -> PictureSet:
        """``count`` pictures drawn by ``seed``, in the order of the set; all where there are no more.

        Raises:
            UserError: ``count`` is less than 1.
        """
        if count < 1:
            raise UserError(f"count is how many images of each set are judged, at least 1, got {count}")
        return self.take(sorted(np.random.default_rng(seed).permutation(len(self))[:count].tolist()))

    def halves(self, seed: int) -> tuple[PictureSet, PictureSet]:
        """Two halves, drawn by ``seed``; of an odd number the second has one more. Identities are in both.

        Raises:
            UserError: there is one picture only.
        """
        if len(self) < 2:
            raise UserError(f"{self.title} has one image, which has no halves: name a second folder")
        order = np.random.default_rng(seed).permutation(len(self)).tolist()
        middle = len(self) // 2
        return (
            self.take(sorted(order[:middle]), f"{self.title}, first half"),
            self.take(sorted(order[middle:]), f"{self.title}, second half"),
        )


class Pairs(NamedTuple):
    """Rows of the real and of the fake set that belong together, and how many fakes have no partner."""

    real: tuple[int, ...]
    fake: tuple[int, ...]
    unpaired: int


def picture_set(root: str | Path, part: str = "train") -> PictureSet:
    """What a person means by a folder.

    Args:
        root: a folder with a manifest (its images); a data set that a reader recognises (its images of ``part``); any
            other folder: all pictures under it, sorted by path. Of such a folder the sub-folders are identities where
            every picture lies in a sub-folder of the first floor.
        part: ``train``, ``query`` or ``gallery``, of a data set.

    Raises:
        UserError: no folder, no picture in it, a part that does not exist, or a data set that cannot be read.
    """
    root = Path(root)
    if part not in PARTS:
        raise UserError(f"a data set has no part '{part}', {nearest(part, PARTS)}")
    if not root.is_dir():
        raise UserError(f"expected a folder of images '{root}', which does not exist: check the path")
    if (root / MANIFEST).is_file():
        return _drawn(root)
    readers = recognisers(root)
    if len(readers) > 1:
        raise UserError(f"'{root}' looks like {' and '.join(readers)}: name the folder of its images itself")
    return _of_dataset(DATASETS.get(readers[0]), root, part) if readers else _of_folder(root)


def paired(real: PictureSet, fake: PictureSet) -> Pairs:
    """Which real picture each fake belongs to, by their names, in the order of the fakes.

    Raises:
        UserError: two real pictures of one name, or no fake with a partner.
    """
    name, times = Counter(real.names).most_common(1)[0]
    if times > 1:
        raise UserError(f"'{name}' names {times} images of {real.title}, so nobody knows which is meant: rename them")
    rows = {name: row for row, name in enumerate(real.names)}
    found = [(rows[name], row) for row, name in enumerate(fake.names) if name in rows]
    if not found:
        raise UserError(
            f"no image of {fake.title} has a partner in {real.title} (the first are '{fake.names[0]}' and "
            f"'{real.names[0]}'): pairs have the same path under their folders, or a manifest that names the source"
        )
    return Pairs(*zip(*found, strict=True), unpaired=len(fake) - len(found))


def _drawn(root: Path) -> PictureSet:
    """Images with a manifest: samples from noise, or translations of labelled images."""
    header = read_header(root)
    if header.get("kind") == SAMPLES:
        samples = SampledFolder(str(root))
        return _named(samples.title, root, samples.files, None, header)
    dataset = GeneratedFolder(str(root))
    entries = read_manifest(root)
    return PictureSet(
        title=dataset.title,
        files=tuple(root / entry.file for entry in entries),
        names=tuple(Path(entry.source_file).with_suffix("").as_posix() for entry in entries),
        pids=tuple(entry.pid for entry in entries),
        header=header,
    )


def _of_dataset(reader: type[ReIDDataset], root: Path, part: str) -> PictureSet:
    variants = reader.variants(root)
    if len(variants) > 1:
        kinds = " and ".join(str(value) for options in variants for value in options.values())
        raise UserError(f"'{root}' holds {reader.__name__} as {kinds}: name the folder of one of them")
    dataset = reader(root=str(root), split="train" if part == "train" else "test", **variants[0])
    records = [record for record in dataset.records if record.is_query == (part == "query")]
    pids = [record.pid for record in records]
    return _named(f"{dataset.title} {part}", dataset.root, [record.path for record in records], pids, {})


def _of_folder(root: Path) -> PictureSet:
    files = image_files(root, recursive=True)
    if not files:
        raise UserError(f"found no image in the folder '{root}' or under it: is it the right folder?")
    inside = [file.relative_to(root).parts for file in files]
    pids = [parts[0] for parts in inside] if all(len(parts) == 2 for parts in inside) else None
    return _named(root.resolve().name, root, files, pids, {})


def _named(
    title: str, root: Path, files: Sequence[Path], pids: Sequence[int | str] | None, header: dict[str, Any]
) -> PictureSet:
    names = tuple(file.relative_to(root).with_suffix("").as_posix() for file in files)
    return PictureSet(title, tuple(files), names, None if pids is None else tuple(pids), header)
