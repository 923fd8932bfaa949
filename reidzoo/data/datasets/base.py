"""What every data set is: a sorted table of images with identities and cameras, and how one image is read.

A reader turns a folder into :class:`Record` rows; everything after that (labels, validation split,
augmentation, batches) is the same for all of them and lives here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import cv2
import mmcv
import numpy as np
import torch
from mmengine.logging import print_log
from torch.utils.data import Dataset

from reidzoo.base.errors import UserError, nearest
from reidzoo.data.draw import Draw
from reidzoo.registry import TRANSFORMS

SPLITS = ("train", "val", "test")
JUNK_PID = -1
DISTRACTOR_PID = 0


class Record(NamedTuple):
    """One image on disk. ``camid`` counts from 0; ``is_query`` has a meaning in test splits only."""

    path: Path
    pid: int
    camid: int
    is_query: bool = False


class Counts(NamedTuple):
    """Images and identities of one part of a data set (train, query or gallery), as published."""

    images: int
    pids: int


class UndecodableImage(UserError):
    """An image file that cannot be decoded; the run stops and :meth:`ReIDDataset.undecodable` counts the others."""


class ReIDDataset(Dataset):
    """Base of all readers: subclasses say how a folder becomes records.

    Args:
        root: the data set's folder.
        split: ``train``; ``test`` (query and gallery in one table, told apart by a flag); or ``val``
            (identities held out of ``train``, query and gallery as in ``test``).
        transforms: configs from shelf TRANSFORMS, applied in order to each sample.
        val_identities: how many training identities belong to ``val`` and not to ``train``. Published
            recipes use 0: all training identities and the last checkpoint.

    Items are dicts of tensors: ``images`` uint8 3 x H x W (RGB), ``pids`` int64 (a label 0..num_pids-1 in
    ``train``, the data set's own number otherwise), ``camids`` int64 (from 0), ``indices`` int64 (row of this table).

    Raises:
        UserError: the folder is missing, has another layout, or the split is empty.
    """

    #: published counts by part (``train``, ``query``, ``gallery``); empty where nothing is published
    published: ClassVar[dict[str, Counts]] = {}

    def __init__(
        self,
        root: str,
        split: str = "train",
        transforms: Sequence[dict[str, Any]] = (),
        val_identities: int = 0,
    ):
        if split not in SPLITS:
            raise UserError(f"{type(self).__name__} has no split '{split}', {nearest(split, SPLITS)}")
        self.root = Path(root)
        if not self.root.is_dir():
            raise UserError(
                f"{type(self).__name__} expects its images in the folder '{root}', which does not exist: "
                "set `root` in the config (or `--cfg-options`) to where the data set lies"
            )
        self.split = split
        self.transforms = [TRANSFORMS.build(transform) for transform in transforms]
        records = self.read("test" if split == "test" else "train")
        self._compare_with_published(records)
        if split != "test":
            records = self._hold_out(records, val_identities)
        if not records:
            raise UserError(f"{type(self).__name__} found no image for split '{split}' in '{root}': is it the right folder?")
        self.records = records
        pids = sorted({record.pid for record in records})
        self.labels = {pid: label for label, pid in enumerate(pids)} if split == "train" else None

    def read(self, split: str) -> list[Record]:
        """The rows of ``train`` or ``test``, sorted by file name. Subclasses implement this."""
        raise UserError(f"{type(self).__name__} does not say how its folder is read: implement read(split)")

    @property
    def metainfo(self) -> dict[str, Any]:
        """What evaluation and checkpoints need to know of the table, as plain values and arrays.

        In ``train``: ``name``, ``num_pids``, ``num_cams``. Otherwise also ``pids`` N int64, ``camids``
        N int64 (None when the set knows no cameras) and ``is_query`` N bool, in the order of the table.
        """
        pids = np.array([record.pid for record in self.records])
        camids = np.array([record.camid for record in self.records])
        info: dict[str, Any] = {
            "name": f"{type(self).__name__} {self.split}",
            "num_pids": len(set(pids.tolist()) - {JUNK_PID, DISTRACTOR_PID})
            if self.labels is None
            else len(self.labels),
            "num_cams": len(set(camids.tolist())),
        }
        if self.split != "train":
            info["pids"] = pids
            info["camids"] = camids if self.has_cameras else None
            info["is_query"] = np.array([record.is_query for record in self.records])
        return info

    @property
    def has_cameras(self) -> bool:
        """Whether camera ids mean anything; without them only the identical file is junk at test."""
        return True

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        record = self.records[draw.index]
        sample = {"image": self.read_image(record), "rng": draw.generator()}
        for transform in self.transforms:
            sample = transform(sample)
        pid = record.pid if self.labels is None else self.labels[record.pid]
        return {
            "images": torch.from_numpy(np.ascontiguousarray(sample["image"].transpose(2, 0, 1))),
            "pids": torch.tensor(pid),
            "camids": torch.tensor(record.camid),
            "indices": torch.tensor(draw.index),
        }

    def read_image(self, record: Record) -> np.ndarray:
        """H x W x 3 uint8 RGB.

        Raises:
            UndecodableImage: the file is absent or is not an image.
        """
        try:
            image = mmcv.imfrombytes(record.path.read_bytes(), channel_order="rgb")
        except (OSError, cv2.error):
            image = None
        if image is None:
            raise UndecodableImage(f"'{record.path}' is not an image that can be decoded: replace or remove it")
        return image

    def undecodable(self) -> list[Path]:
        """Every file of the table that does not decode; reads them all, so it is called after a failure only."""
        broken = []
        for record in self.records:
            try:
                self.read_image(record)
            except UndecodableImage:
                broken.append(record.path)
        return broken

    def _hold_out(self, records: list[Record], val_identities: int) -> list[Record]:
        pids = sorted({record.pid for record in records})
        if not 0 <= val_identities < max(len(pids), 1):
            raise UserError(f"val_identities must lie between 0 and {len(pids) - 1}, got {val_identities}")
        held_out = set(np.random.default_rng(0).permutation(pids)[:val_identities].tolist())
        if self.split == "train":
            return [record for record in records if record.pid not in held_out]
        return as_query_and_gallery([record for record in records if record.pid in held_out])

    def _compare_with_published(self, records: list[Record]) -> None:
        for part, expected in self.published.items():
            if (part == "train") != (self.split != "test"):
                continue
            found = count([record for record in records if record.is_query == (part == "query")])
            if found != expected:
                print_log(
                    f"{type(self).__name__} {part}: {found.images:,} images of {found.pids:,} identities in "
                    f"'{self.root}', published are {expected.images:,} of {expected.pids:,}: see tools/check_dataset.py",
                    logger="current",
                    level=logging.WARNING,
                )


def count(records: list[Record]) -> Counts:
    """Images, and identities that are persons (neither junk nor distractors)."""
    return Counts(len(records), len({record.pid for record in records} - {JUNK_PID, DISTRACTOR_PID}))


def as_query_and_gallery(records: list[Record]) -> list[Record]:
    """Mark the first image of each identity and camera as query, the rest as gallery."""
    seen: set[tuple[int, int]] = set()
    marked = []
    for record in records:
        key = (record.pid, record.camid)
        marked.append(record._replace(is_query=key not in seen))
        seen.add(key)
    return marked
