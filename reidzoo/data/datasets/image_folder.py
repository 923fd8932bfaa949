"""A person's own images: any file names, cameras optional."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.records import PARTS, Listing, Record, as_query_and_gallery
from reidzoo.registry import DATASETS


class Names(NamedTuple):
    """What the file names of one part say, as strings; camera '' when the pattern knows no cameras."""

    rows: list[tuple[Path, str, str]]
    unparsed: list[Path]


@DATASETS.register
class ImageFolder(ReIDDataset):
    """Own data: ``train/``, ``query/`` and ``gallery/`` under one root, read with a regular expression.

    Without ``pattern``, identities are sub-folders (``train/<identity>/*.jpg``) and cameras unknown. When
    ``query/`` is absent, the first image of each identity and camera in ``gallery/`` (or ``test/``) is a query.
    Identities may be any strings; they are numbered from 1 and cameras from 0, in sorted order, over all three
    folders together. Items as in :class:`ReIDDataset`.

    Args:
        root: the folder that holds ``train`` and ``gallery`` or ``test``; a part that is not used may be absent.
        split: ``train``, ``val`` or ``test``.
        transforms: configs from shelf TRANSFORMS.
        val_identities: training identities held out for ``val``.
        cameras: camera ids from 0, only whose images are read; None for all.
        share: of each identity's training images, how many are kept, above 0 and at most 1.
        pattern: regular expression that matches a whole base name, with a group ``(?P<pid>...)`` and, where
            cameras are known, ``(?P<camid>...)``: for ``anna_cam2_0013.png``
            ``r"(?P<pid>[a-z]+)_cam(?P<camid>\\d+)_.*"``.

    Raises:
        UserError: images whose names do not match (the first, and how many), or a pattern without ``pid``.
    """

    def __init__(
        self,
        root: str,
        split: str = "train",
        transforms: Sequence[dict[str, Any]] = (),
        val_identities: int = 0,
        cameras: Sequence[int] | None = None,
        share: float = 1.0,
        pattern: str | None = None,
    ):
        self.pattern = pattern
        super().__init__(root, split, transforms, val_identities, cameras, share)

    @property
    def options(self) -> dict[str, Any]:
        return {"pattern": self.pattern}

    @property
    def has_cameras(self) -> bool:
        return knows_cameras(self.pattern)

    def _refuse_empty(self, records: list[Record], of_cameras: str = "") -> None:
        if records and all(record.is_query for record in records) and "query" not in part_folders(Path(self.root)):
            raise UserError(
                f"ImageFolder found no folder 'query' in '{self.root}', so the first image of each identity and camera "
                f"in its gallery is a query, and of {len(records):,} images none is left to be found: make query/, or "
                "add images"
            )
        super()._refuse_empty(records, of_cameras)

    @classmethod
    def list_part(cls, root: Path, part: str, pattern: str | None = None) -> Listing:
        folders = part_folders(root)
        names = {name: read_names(folder, pattern) for name, folder in folders.items()}
        rows = [row for found in names.values() for row in found.rows]
        pids = {pid: number for number, pid in enumerate(sorted({row[1] for row in rows}, key=_natural), start=1)}
        camids = {camera: number for number, camera in enumerate(sorted({row[2] for row in rows}, key=_natural))}
        source = "gallery" if part == "query" and "query" not in folders else part
        if source not in names:
            raise UserError(f"ImageFolder finds no folder '{source}' in '{root}': see docs/datasets.md for the layout")
        records = [Record(path, pids[pid], camids[camera], part == "query") for path, pid, camera in names[source].rows]
        if part != "train" and "query" not in folders:
            records = [record for record in as_query_and_gallery(records) if record.is_query == (part == "query")]
        expected = f"pattern {pattern}" if pattern else "one sub-folder for each identity"
        return Listing(records, names[source].unparsed, expected=expected, has_cameras=knows_cameras(pattern))

    @classmethod
    def recognises(cls, root: Path) -> bool:
        return {"train", "gallery"} <= set(part_folders(root)) and not any(root.glob("list_*.txt"))  # MSMT17 has those


def part_folders(root: Path) -> dict[str, Path]:
    """The folders of the parts that exist; ``test`` is another name of ``gallery``."""
    folders = {part: root / part for part in PARTS if (root / part).is_dir()}
    if (root / "test").is_dir():
        if "gallery" in folders:
            raise UserError(f"ImageFolder finds 'gallery' and 'test' in '{root}', which mean the same: keep one")
        folders["gallery"] = root / "test"
    return folders


def compiled(pattern: str) -> re.Pattern[str]:
    """The compiled pattern.

    Raises:
        UserError: it is no regular expression or has no group ``pid``.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UserError(f"pattern '{pattern}' is not a regular expression: {error}") from error
    if "pid" not in expression.groupindex:
        raise UserError(f"pattern '{pattern}' does not say where the identity stands: add a group (?P<pid>...)")
    return expression


def knows_cameras(pattern: str | None) -> bool:
    """Whether file names tell the camera."""
    return pattern is not None and "camid" in compiled(pattern).groupindex


def read_names(folder: Path, pattern: str | None) -> Names:
    """Identity and camera of every image under ``folder``, sub-folders included."""
    expression = compiled(pattern) if pattern is not None else None
    rows, unparsed = [], []
    for path in image_files(folder, recursive=True):
        if expression is None:
            inside = path.relative_to(folder).parts
            groups = {"pid": inside[0]} if len(inside) == 2 else None
        else:
            match = expression.fullmatch(path.name)
            groups = match.groupdict() if match else None
        if groups and all(groups[name] is not None for name in ("pid", "camid") if name in groups):
            rows.append((path, groups["pid"], groups.get("camid", "")))
        else:
            unparsed.append(path)
    return Names(rows, unparsed)


def _natural(name: str) -> tuple[int, int, str]:
    """Numbers by their value and before other names, so that camera 10 comes after camera 2."""
    return (0, int(name), name) if name.isdecimal() else (1, 0, name)
