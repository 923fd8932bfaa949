"""``manifest.json`` in a folder of images that a generator drew: a header that says what made them, then an entry each.

Entries are of one of two kinds. Images drawn anew from labelled ones show a known person
(:class:`~reidzoo.data.datasets.generated_folder.GeneratedImage`). Images drawn from noise show nobody
(:class:`~reidzoo.data.datasets.sampled_folder.SampledImage`); the header of those has ``"kind": "samples"``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text

MANIFEST = "manifest.json"
#: ``kind`` in the header of images drawn from noise; the header of others has no ``kind``
SAMPLES = "samples"

Entry = TypeVar("Entry", bound=tuple)


def write_manifest(root: str | Path, images: Sequence[NamedTuple], header: dict[str, Any]) -> Path:
    """Write ``manifest.json`` atomically and return its path.

    Args:
        root: the folder of the generated images.
        images: one entry for each image, all of one type.
        header: what made them (config, checkpoint, seed, versions, ...), as JSON values; it stands before the list.
    """
    path = Path(root) / MANIFEST
    entries = [image._asdict() for image in sorted(images)]
    write_text(path, json.dumps({**header, "images": entries}, indent=1) + "\n")
    return path


def read_header(root: str | Path) -> dict[str, Any]:
    """What stands before the list of images; empty where no manifest can be read."""
    try:
        content = json.loads((Path(root) / MANIFEST).read_text(encoding="utf-8"))
        return {key: value for key, value in content.items() if key != "images"}
    except (OSError, ValueError, AttributeError):
        return {}


def read_entries(root: str | Path, entry: type[Entry], owner: str) -> list[Entry]:
    """The entries of ``manifest.json``, sorted by file.

    Args:
        root: the folder of the images.
        entry: what an entry is made; its first field is ``file``, relative to ``root`` with forward slashes.
        owner: the data set that reads them, as errors call it.

    Raises:
        UserError: there is none, it is not JSON of the expected form, or it names a file twice or outside the folder.
    """
    path = Path(root) / MANIFEST
    if not path.is_file():
        raise UserError(
            f"{owner} expects '{path}', which appears when all images are there: run the command that draws "
            "them again, it goes on where it was"
        )
    try:
        images = json.loads(path.read_text(encoding="utf-8"))["images"]
        entries = [entry(*(image[name] for name in entry._fields)) for image in images]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"'{path}' is not a manifest of generated images ({type(error).__name__}: {error}): it needs "
            f"a list 'images' of entries with {', '.join(entry._fields)}"
        ) from error
    seen: set[str] = set()
    for image in entries:
        _refuse_bad_file(image.file, path)
        if image.file in seen:
            raise UserError(f"'{path}' names the file '{image.file}' twice: every image has one entry")
        seen.add(image.file)
    return sorted(entries)


def _refuse_bad_file(file: Any, path: Path) -> None:
    if not isinstance(file, str):
        raise UserError(f"'{path}': 'file' must be a string, got {file!r}")
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise UserError(f"'{path}' names '{file}', which lies outside its folder: paths must be inside it")
