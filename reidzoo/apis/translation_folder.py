"""The folder of a translated data set: whose it is, what is in it already, and when it is complete.

While a translation is under way, ``translation.json`` holds the header that ``manifest.json`` gets in the end. An image
is there completely or not at all, so what is there under the right header never has to be made again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text
from reidzoo.data.datasets.generated_folder import GeneratedImage, read_manifest
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.manifest import MANIFEST, write_manifest

BEGUN = "translation.json"
REMEDY = "name another folder, or move this one away"

Header = dict[str, Any]


def begin(folder: Path, header: Header, images: Sequence[GeneratedImage]) -> Header:
    """Claim ``folder`` for a translation, or find it claimed by the same one.

    Args:
        folder: need not exist.
        header: what tells this translation from others; its ``commit`` and the folder of its ``config`` do not.
        images: all that it makes.

    Returns:
        The header for the manifest: where another commit began, both are named.

    Raises:
        UserError: what is there belongs to something else; nothing is changed then.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"'{folder}' is a file, and translated images need a folder: {REMEDY}")
    present = image_files(folder, recursive=True) if folder.is_dir() else []
    found = _recorded(folder)
    if found is None and present:
        raise UserError(f"'{folder}' holds images, and neither {MANIFEST} nor {BEGUN} says of what run: {REMEDY}")
    if present:
        _refuse_other(folder, found, header)
        _refuse_strangers(folder, present, images)
        header = {**header, "commit": ", ".join(dict.fromkeys([*found["commit"].split(", "), header["commit"]]))}
    if not (folder / MANIFEST).is_file():
        write_text(folder / BEGUN, json.dumps(header, indent=1) + "\n")
    return header


def finish(folder: Path, header: Header, images: Sequence[GeneratedImage]) -> None:
    """Write the manifest, and take away what said that the translation was under way."""
    write_manifest(folder, images, header)
    (folder / BEGUN).unlink(missing_ok=True)


def is_under_way(folder: Path) -> bool:
    """Whether the translation of ``folder`` has begun and not come to its end."""
    return (folder / BEGUN).is_file()


def _recorded(folder: Path) -> Header | None:
    """The header of a folder's manifest, or of its translation under way; None for a folder without."""
    path = folder / MANIFEST
    if path.is_file():
        read_manifest(folder)  # refuses what is none
    else:
        path = folder / BEGUN
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {key: value for key, value in content.items() if key != "images"}
    except (ValueError, AttributeError) as error:
        raise UserError(f"'{path}' is no header of translated images ({error}): {REMEDY}") from error


def _refuse_other(folder: Path, found: Header, header: Header) -> None:
    for key in {**header, **found}:
        if _compared(found, key) != _compared(header, key):
            there, here = (json.dumps(content.get(key)) for content in (found, header))
            raise UserError(f"'{folder}' holds images of another run ({key}: {there} there, {here} here): {REMEDY}")


def _compared(header: Header, key: str) -> Any:
    """What decides whether two headers mean the same images."""
    if key == "commit":
        return None
    return Path(str(header.get(key))).name if key == "config" else header.get(key)


def _refuse_strangers(folder: Path, present: Sequence[Path], images: Sequence[GeneratedImage]) -> None:
    strangers = sorted({path.relative_to(folder).as_posix() for path in present} - {image.file for image in images})
    if strangers:
        raise UserError(
            f"'{folder}' holds {len(strangers):,} image(s) that this translation does not make, first "
            f"'{strangers[0]}': {REMEDY}"
        )
