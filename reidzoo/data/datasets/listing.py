"""From folders to listings: what all readers share. Listings are sorted, and only base names are parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.records import Listing, Record

#: compared in lower case; anything else in a folder (``Thumbs.db``, ``readme.txt``) is no image
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")

#: folders of the Market-1501 layout, which many data sets have taken over
MARKET_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}

#: base name -> (pid, camid from 0), or None when the name does not fit
Parser = Callable[[str], tuple[int, int] | None]


def image_files(folder: Path, recursive: bool = False) -> list[Path]:
    """The image files of a folder, sorted by path; hidden files are left out.

    Raises:
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"expected a folder of images '{folder}', which does not exist: is the data set complete?")
    paths = folder.rglob("*") if recursive else folder.iterdir()
    return sorted(path for path in paths if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith("."))


def list_folder(folder: Path, part: str, parse: Parser, expected: str) -> Listing:
    """Records of the images lying in ``folder``; ``expected`` describes a fitting name."""
    records, unparsed = [], []
    for path in image_files(folder):
        numbers = parse(path.name)
        if numbers is None:
            unparsed.append(path)
        else:
            records.append(Record(path, *numbers, is_query=part == "query"))
    return Listing(records, unparsed, expected=expected)


def find_home(root: Path, nested: Sequence[str], marker: str) -> Path | None:
    """The first of ``root`` and its usual sub-folders ``nested`` that contains ``marker``."""
    homes = (root, *(root / name for name in nested))
    return next((home for home in homes if (home / marker).exists()), None)


def home(root: Path, nested: Sequence[str], marker: str, owner: str) -> Path:
    """As :func:`find_home`.

    Raises:
        UserError: the folder has another layout.
    """
    found = find_home(root, nested, marker)
    if found is None:
        raise UserError(
            f"{owner} expects '{marker}' in '{root}' or in its sub-folder {' or '.join(map(repr, nested))}, "
            "and it is not there: point `root` to the folder as unpacked (docs/datasets.md shows it)"
        )
    return found


def market_layout_parses(home: Path | None, parse: Parser) -> bool:
    """Whether a folder has the Market-1501 layout and its first training image a fitting name."""
    if home is None or not (home / MARKET_FOLDERS["train"]).is_dir():
        return False
    names = [path.name for path in image_files(home / MARKET_FOLDERS["train"])]
    return any(parse(name) for name in names[:100])
