"""Images that a generator made, and the manifest that says from what."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.manifest import MANIFEST, SAMPLES, read_entries, read_header
from reidzoo.data.datasets.records import Listing, Record
from reidzoo.registry import DATASETS


class GeneratedImage(NamedTuple):
    """One entry of the manifest. Paths are relative with forward slashes; cameras count from 0.

    ``file`` lies under the manifest's folder; ``pid`` is the identity number of the source data set;
    ``source_camid`` took ``source_file``; ``style_camid`` is the camera in whose style it was drawn anew.
    """

    file: str
    pid: int
    source_camid: int
    style_camid: int
    source_file: str


class SwappedImage(NamedTuple):
    """The entry of an image that has the appearance of one image and the structure of another.

    The first fields are a :class:`GeneratedImage`'s, about the appearance; then follow the file whose structure it has,
    relative to the source's root, and the identity number on that.
    """

    file: str
    pid: int
    source_camid: int
    style_camid: int
    source_file: str
    structure_file: str
    structure_pid: int


class RenderedImage(NamedTuple):
    """The entry of a person who was rendered in front of the background of another data set's image.

    The first fields are a :class:`GeneratedImage`'s, ``style_camid`` being the camera that took the context; then
    follows the file of that, relative to the root of the contexts.
    """

    file: str
    pid: int
    source_camid: int
    style_camid: int
    source_file: str
    context_file: str


@DATASETS.register
class GeneratedFolder(ReIDDataset):
    """Generated training images, as their ``manifest.json`` lists them; the camera is the style camera.

    Identity numbers are those of the source data set. Items as in :class:`ReIDDataset`.

    Args:
        root: the folder with ``manifest.json``.
        split: ``train``; generated images are never tested on.
        transforms: configs from shelf TRANSFORMS.
        val_identities: identities left out of ``train``, the same that the source data set leaves out.
        cameras: style cameras from 0, only whose images are read; None for all.
        share: of each identity's training images, how many are kept, above 0 and at most 1.

    Raises:
        UserError: the manifest names absent files, does not name an image that is there, or lists images that show
            nobody (:class:`~reidzoo.data.datasets.sampled_folder.SampledFolder` reads those).
    """

    splits = ("train",)
    absent = (
        "draw the images first with tools/run_stages.py GENERATOR THIS_CONFIG or with tools/translate.py, or set "
        "`root` in the config (or `--cfg-options`) to where they lie"
    )

    @classmethod
    def list_part(cls, root: Path, part: str) -> Listing:
        if part != "train":
            return Listing([])
        records, absent = [], []
        for entry in read_manifest(root):
            path = root / entry.file
            if path.is_file():
                records.append(Record(path, entry.pid, entry.style_camid))
            else:
                absent.append(path)
        listed = {record.path for record in records}
        unlisted = [path for path in image_files(root, recursive=True) if path not in listed]
        return Listing(sorted(records), absent=sorted(absent), unlisted=unlisted)

    @property
    def title(self) -> str:
        """The source's title, what became of it and by what, from the manifest's header; without that, the class."""
        header = read_header(self.root)
        ways = {
            "direction": "translated {}",
            "poses": "in other poses ({} each)",
            "structures": "in other structures ({} each)",
            "contexts": "in other contexts ({} each)",
            "pairs": "camera styles",
        }
        how = next((way.format(header[key]) for key, way in ways.items() if header.get(key) is not None), None)
        source, method = header.get("source"), header.get("method")
        if not (isinstance(source, str) and isinstance(method, str) and how):
            return type(self).__name__
        return f"{source}, {how} by {method}"

    @classmethod
    def recognises(cls, root: Path) -> bool:
        return (root / MANIFEST).is_file() and read_header(root).get("kind") != SAMPLES


def read_manifest(root: str | Path) -> list[GeneratedImage]:
    """The entries of ``manifest.json``, sorted by file.

    Raises:
        UserError: there is none, it is not JSON of the expected form, it names a file twice or outside the folder, or
            its images were drawn from noise.
    """
    if read_header(root).get("kind") == SAMPLES:
        raise UserError(
            f"the images in '{root}' were drawn from noise and show nobody, so they have no identities to learn: read "
            "them with SampledFolder"
        )
    entries = read_entries(root, GeneratedImage, "GeneratedFolder")
    for entry in entries:
        _refuse_bad(entry, Path(root) / MANIFEST)
    return entries


def _refuse_bad(entry: GeneratedImage, path: Path) -> None:
    if not isinstance(entry.source_file, str):
        raise UserError(f"'{path}': 'source_file' must be a string, got {entry.source_file!r}")
    for field in ("pid", "source_camid", "style_camid"):
        value = getattr(entry, field)
        if type(value) is not int or value < 0:
            raise UserError(f"'{path}': '{field}' of '{entry.file}' must be a number of at least 0, got {value!r}")
