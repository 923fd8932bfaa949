"""The table that a reader makes of a folder: rows, their counts, and what the folder holds that fits no row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.labels import DISTRACTOR_PID, JUNK_PID

#: a data set's rows come in these parts
PARTS = ("train", "query", "gallery")


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


class Listing(NamedTuple):
    """What a folder holds for one part, with what does not fit: readers refuse misfits, the check reports them.

    ``unparsed`` are images whose name cannot be read, ``absent`` files that a list names and nobody has,
    ``unlisted`` images that the list should name; ``expected`` says what a fitting name looks like;
    ``has_cameras`` is False where camera ids mean nothing.
    """

    records: list[Record]
    unparsed: Sequence[Path] = ()
    absent: Sequence[Path] = ()
    unlisted: Sequence[Path] = ()
    expected: str = ""
    has_cameras: bool = True

    def misfits(self) -> list[tuple[str, str, Sequence[Path]]]:
        """Kind, sentence and files of each kind of misfit that there is."""
        every = (
            ("unparsed", f"have a name that cannot be read (expected: {self.expected})", self.unparsed),
            ("absent", "are named by the list and do not exist", self.absent),
            ("unlisted", "are images that the list does not name", self.unlisted),
        )
        return [misfit for misfit in every if misfit[2]]


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


def share_of_each_identity(records: list[Record], share: float, split: str) -> list[Record]:
    """Of each identity's images, sorted by path, ``share`` spread evenly over them, at least one; else in their order.

    Args:
        records: of ``split``; which of them are kept follows from their names alone.
        share: above 0, at most 1. Of n images ``round(n * share)`` are kept.
        split: a share of any other than ``train`` is refused.

    Raises:
        UserError: a share out of its range, or of images that are tested on.
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise UserError(f"share is how much of each identity's images is kept, above 0 and at most 1, got {share!r}")
    if share == 1:
        return records
    if split != "train":
        raise UserError(
            f"share={share} keeps a part of the training images, and split '{split}' is tested on, so it stays whole: "
            "leave share out there"
        )
    of_pid: dict[int, list[Record]] = {}
    for record in sorted(records):
        of_pid.setdefault(record.pid, []).append(record)
    kept: set[Record] = set()
    for images in of_pid.values():
        number = max(1, round(len(images) * share))
        # the middle of each of ``number`` equal parts: cameras follow each other in the order of names
        kept.update(images[(2 * part + 1) * len(images) // (2 * number)] for part in range(number))
    return [record for record in records if record in kept]


def equal_files(paths: Sequence[Path]) -> np.ndarray:
    """N int64, the same number for files with the same bytes; contents are read only where sizes agree."""
    sizes = [path.stat().st_size for path in paths]
    shared = {size for size, files in Counter(sizes).items() if files > 1}
    contents = [sha256(path) if size in shared else str(size) for path, size in zip(paths, sizes, strict=True)]
    return np.unique(contents, return_inverse=True)[1]
