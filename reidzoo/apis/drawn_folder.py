"""The folder that a generator draws: whose it is, what is in it already, and when it is complete.

While drawing is under way, a file beside the images (``translation.json``, ``sampling.json``, ``reposing.json``,
``swapping.json``, ``rendering.json``) holds the header that ``manifest.json`` gets in the end. An image is there
completely or not at all, so what is there under the right header never has to be made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text
from reidzoo.data.datasets.generated_folder import GeneratedImage, read_manifest
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.manifest import MANIFEST, SAMPLES, read_header, write_manifest
from reidzoo.data.datasets.sampled_folder import SampledImage, read_samples

REMEDY = "name another folder, or move this one away"

Header = dict[str, Any]
Images = Sequence[GeneratedImage] | Sequence[SampledImage]


class Kind(NamedTuple):
    """A kind of drawing: the file that says it is under way, its words, and what reads and marks its manifest."""

    begun: str
    noun: str
    verb: str
    doing: str
    images: str
    read: Callable[[Path], Images]
    mark: str | None


TRANSLATION = Kind(
    "translation.json", "translation", "translate", "translating", "translated images", read_manifest, None
)
SAMPLING = Kind("sampling.json", "sampling", "sample", "sampling", "sampled images", read_samples, SAMPLES)
REPOSING = Kind("reposing.json", "pose transfer", "repose", "reposing", "reposed images", read_manifest, None)
SWAPPING = Kind("swapping.json", "swap", "swap", "swapping", "swapped images", read_manifest, None)
RENDERING = Kind("rendering.json", "rendering", "render", "rendering", "rendered images", read_manifest, None)


def begin(folder: Path, kind: Kind, header: Header, images: Images) -> Header:
    """Claim ``folder`` for a drawing, or find it claimed by the same one.

    Args:
        folder: need not exist.
        kind: of drawing.
        header: what tells this drawing from others; its ``commit`` and the folder of its ``config`` do not.
        images: all that it makes.

    Returns:
        The header for the manifest: where another commit began, both are named.

    Raises:
        UserError: what is there belongs to something else; nothing is changed then.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"'{folder}' is a file, and {kind.images} need a folder: {REMEDY}")
    present = image_files(folder, recursive=True) if folder.is_dir() else []
    found = _recorded(folder, kind)
    if found is None and present:
        raise UserError(f"'{folder}' holds images, and neither {MANIFEST} nor {kind.begun} says of what run: {REMEDY}")
    if present:
        _refuse_other(folder, found, header)
        _refuse_strangers(folder, kind, present, images)
        header = {**header, "commit": ", ".join(dict.fromkeys([*found["commit"].split(", "), header["commit"]]))}
    if not (folder / MANIFEST).is_file():
        write_text(folder / kind.begun, json.dumps(header, indent=1) + "\n")
    return header


def finish(folder: Path, kind: Kind, header: Header, images: Images) -> None:
    """Write the manifest, and take away what said that the drawing was under way."""
    write_manifest(folder, images, header)
    (folder / kind.begun).unlink(missing_ok=True)


def is_under_way(folder: Path, kind: Kind) -> bool:
    """Whether the drawing of ``folder`` has begun and not come to its end."""
    return (folder / kind.begun).is_file()


def _recorded(folder: Path, kind: Kind) -> Header | None:
    """The header of a folder's manifest, or of its drawing under way; None for a folder without."""
    if (folder / MANIFEST).is_file():
        header = read_header(folder)
        if header.get("kind") == kind.mark:
            kind.read(folder)  # refuses what is none
        return header
    path = folder / kind.begun
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise UserError(f"'{path}' is no header of {kind.images} ({error}): {REMEDY}") from error


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


def _refuse_strangers(folder: Path, kind: Kind, present: Sequence[Path], images: Images) -> None:
    strangers = sorted({path.relative_to(folder).as_posix() for path in present} - {image.file for image in images})
    if strangers:
        raise UserError(
            f"'{folder}' holds {len(strangers):,} image(s) that this {kind.noun} does not make, first "
            f"'{strangers[0]}': {REMEDY}"
        )
