"""What every data set is: a sorted table of images with identities and cameras, and how one image is read.

A reader turns a folder into rows (:mod:`reidzoo.data.datasets.records`); everything after that (labels, validation
split, augmentation, batches) is the same for all of them and lives here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from mmengine.logging import print_log
from torch.utils.data import Dataset

from reidzoo.base.errors import UserError, nearest
from reidzoo.base.labels import DISTRACTOR_PID, JUNK_PID
from reidzoo.data.datasets.reading import decode, transformed, undecodable
from reidzoo.data.datasets.records import (
    PARTS,
    Counts,
    Listing,
    Record,
    as_query_and_gallery,
    count,
    equal_files,
    share_of_each_identity,
)
from reidzoo.data.draw import Draw
from reidzoo.registry import TRANSFORMS

SPLITS = ("train", "val", "test")


class ReIDDataset(Dataset):
    """Base of all readers: subclasses say how a folder becomes records, in :meth:`list_part` (or :meth:`read`).

    Args:
        root: the data set's folder.
        split: ``train``; ``test`` (query and gallery in one table, told apart by a flag); or ``val``
            (identities held out of ``train``, query and gallery as in ``test``).
        transforms: configs from shelf TRANSFORMS, applied in order to each sample.
        val_identities: how many training identities belong to ``val`` and not to ``train``. Published
            recipes use 0: all training identities and the last checkpoint.
        cameras: camera ids, counted from 0, whose images make the set; None takes all.
        share: of each identity's images in ``train``, how many are kept, above 0 and at most 1; other splits are whole.

    Items are dicts of tensors: ``images`` uint8 3 x H x W (RGB), ``pids`` int64 (a label 0..num_pids-1 in
    ``train``, the data set's own number otherwise), ``camids`` int64 (from 0), ``indices`` int64 (row of this table);
    with the transform ``LoadMask`` also ``masks`` uint8 1 x H x W (255 person, 0 rest).

    Raises:
        UserError: the folder is missing, has another layout, the split is empty, a camera has no image, or a
            share of a split that is tested on.
    """

    #: published counts by part (``train``, ``query``, ``gallery``); empty where nothing is published
    published: ClassVar[dict[str, Counts]] = {}
    #: what to do when the folder does not exist
    absent: ClassVar[str] = "set `root` in the config (or `--cfg-options`) to where the data set lies"
    #: the splits that the set has
    splits: ClassVar[tuple[str, ...]] = SPLITS

    def __init__(
        self,
        root: str,
        split: str = "train",
        transforms: Sequence[dict[str, Any]] = (),
        val_identities: int = 0,
        cameras: Sequence[int] | None = None,
        share: float = 1.0,
    ):
        if split not in self.splits:
            raise UserError(f"{type(self).__name__} has no split '{split}', {nearest(split, self.splits)}")
        self.root = Path(root)
        if not self.root.is_dir():
            raise UserError(
                f"{type(self).__name__} expects its images in the folder '{root}', which does not exist: {self.absent}"
            )
        self.split, self.cameras, self.share = split, cameras, share
        self.transforms = [TRANSFORMS.build(transform) for transform in transforms]
        records = self.read("test" if split == "test" else "train")
        self._refuse_empty(records)
        self._compare_with_expected(records)
        if split != "test":
            records = self._hold_out(records, val_identities)  # of all cameras: whatever `cameras` is, the same persons
        records = records if cameras is None else self._taken_by(cameras, records)
        self.records = share_of_each_identity(records, share, split)
        pids = sorted({record.pid for record in self.records})
        self.labels = {pid: label for label, pid in enumerate(pids)} if split == "train" else None

    def read(self, split: str) -> list[Record]:
        """The rows of ``train`` or ``test`` (query, then gallery), each part sorted by path.

        Raises:
            UserError: an image has a foreign name, or list and folder disagree; the first file and their number.
        """
        records: list[Record] = []
        for part in PARTS[1:] if split == "test" else PARTS[:1]:
            listing = self.list_part(self.root, part, **self.options)
            for _, sentence, files in listing.misfits():
                raise UserError(
                    f"{type(self).__name__} {part}: {len(files):,} file(s) {sentence}, first '{files[0]}': "
                    f"repair the folder{' or the pattern' if self.options.get('pattern') else ''} "
                    "(tools/check_dataset.py lists them all)"
                )
            records += listing.records
        return records

    @classmethod
    def list_part(cls, root: Path, part: str, **options: Any) -> Listing:
        """Records and misfits of ``train``, ``query`` or ``gallery``, for reader and check. Subclasses write it."""
        raise UserError(f"{cls.__name__} does not say how its folder is read: implement list_part(root, part)")

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of the constructor that decide which files are read, as :meth:`list_part` takes them."""
        return {}

    @classmethod
    def variants(cls, root: Path) -> list[dict[str, Any]]:
        """The options under which this folder can be read, for the check."""
        return [{}]

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Whether the folder looks like this data set."""
        return False

    @classmethod
    def expected_counts(cls, root: Path, **options: Any) -> dict[str, Counts]:
        """Counts by part as published, or as the maker of the folder recorded them; empty when unknown."""
        return cls.published

    @property
    def title(self) -> str:
        """The name that results carry; says what else decides about comparability (version, boxes)."""
        return type(self).__name__

    @property
    def metainfo(self) -> dict[str, Any]:
        """What evaluation and checkpoints need to know of the table, as plain values and arrays.

        In ``train``: ``name``, ``num_pids``, ``num_cams``. Otherwise also ``pids`` N int64, ``camids``
        N int64 (None when the set knows no cameras), ``is_query`` N bool and, without cameras, ``files`` N int64
        (equal numbers for files of equal content), in the order of the table.
        """
        pids = np.array([record.pid for record in self.records])
        camids = np.array([record.camid for record in self.records])
        info: dict[str, Any] = {
            "name": f"{self.title}{'' if self.cameras is None else f' cameras {_listed(self.cameras)}'} {self.split}"
            + ("" if self.share == 1 else f", a share of {self.share:g}"),
            "num_pids": len(set(pids.tolist()) - {JUNK_PID, DISTRACTOR_PID})
            if self.labels is None
            else len(self.labels),
            "num_cams": len(set(camids.tolist())),
        }
        if self.split != "train":
            info["pids"] = pids
            info["camids"] = camids if self.has_cameras else None
            if not self.has_cameras:
                info["files"] = equal_files([record.path for record in self.records])
            info["is_query"] = np.array([record.is_query for record in self.records])
        return info

    @property
    def has_cameras(self) -> bool:
        """Whether camera ids mean anything; without them only the identical file is junk at test."""
        return True

    @property
    def num_images(self) -> int:
        """How many images the table has; a data set made of several has those of all."""
        return len(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        return {**self.sample(draw.index, draw.generator()), "indices": torch.tensor(draw.index)}

    def sample(self, index: int, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """One row, transformed by the chance of ``rng`` alone: the keys of an item without ``indices``."""
        record = self.records[index]
        pid = record.pid if self.labels is None else self.labels[record.pid]
        return {
            **transformed(self.read_image(record), record.path, self.transforms, rng),
            "pids": torch.tensor(pid),
            "camids": torch.tensor(record.camid),
        }

    def read_image(self, record: Record) -> np.ndarray:
        """H x W x 3 uint8 RGB.

        Raises:
            UndecodableImage: the file is absent or is not an image.
        """
        return decode(record.path)

    def undecodable(self) -> list[Path]:
        """Every file of the table that does not decode; reads them all, so it is called after a failure only."""
        return undecodable(record.path for record in self.records)

    def _refuse_empty(self, records: list[Record], of_cameras: str = "") -> None:
        queries = sum(record.is_query for record in records)
        parts = {"train": len(records)}
        if self.split == "test":
            parts = {"query": queries, "gallery": len(records) - queries}
        for part, images in parts.items():
            if images == 0:
                raise UserError(
                    f"{type(self).__name__} found no {part} image for split '{self.split}'{of_cameras} in "
                    f"'{self.root}': {'name more cameras' if of_cameras else 'is it the right folder?'}"
                )

    def _hold_out(self, records: list[Record], val_identities: int) -> list[Record]:
        pids = sorted({record.pid for record in records})
        if not 0 <= val_identities < max(len(pids), 1):
            raise UserError(f"val_identities must lie between 0 and {len(pids) - 1}, got {val_identities}")
        if self.split == "val" and val_identities == 0:
            raise UserError("split 'val' needs identities: set val_identities, alike in the train and the val data set")
        held_out = set(np.random.default_rng(0).permutation(pids)[:val_identities].tolist())
        if self.split == "train":
            return [record for record in records if record.pid not in held_out]
        return as_query_and_gallery([record for record in records if record.pid in held_out])

    def _taken_by(self, cameras: Sequence[int], records: list[Record]) -> list[Record]:
        if not isinstance(cameras, list | tuple) or not cameras or any(type(camid) is not int for camid in cameras):
            raise UserError(f"cameras is a list of camera ids that count from 0, got {cameras!r}")
        known = {record.camid for record in records}
        absent = sorted(set(cameras) - known)
        if absent:
            raise UserError(
                f"{type(self).__name__} {self.split} in '{self.root}' has no image of camera {_listed(absent)} "
                f"(counted from 0), its cameras are {_listed(sorted(known))}: correct `cameras`"
            )
        taken = [record for record in records if record.camid in cameras]
        self._refuse_empty(taken, f" and cameras {_listed(cameras)}")
        return taken

    def _compare_with_expected(self, records: list[Record]) -> None:
        for part, expected in self.expected_counts(self.root, **self.options).items():
            if (part == "train") != (self.split != "test"):
                continue
            found = count([record for record in records if record.is_query == (part == "query")])
            if found != expected:
                print_log(
                    f"{self.title} {part}: {found.images:,} images of {found.pids:,} identities in '{self.root}', "
                    f"published are {expected.images:,} of {expected.pids:,}: see tools/check_dataset.py",
                    logger="current",
                    level=logging.WARNING,
                )


def _listed(camids: Sequence[int]) -> str:
    return ", ".join(map(str, camids))
