"""A folder of images that a generator draws: read before, drawn, and written after, all three beside each other."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor
from tqdm import tqdm

from reidzoo.apis.drawn_folder import Header, Kind, begin, finish, is_under_way
from reidzoo.apis.method_loading import find_device
from reidzoo.apis.provenance import commit, without_folders
from reidzoo.apis.training import describe_undecodable
from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path, sha256
from reidzoo.base.reporting import Report
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.generated_folder import GeneratedImage, RenderedImage, SwappedImage
from reidzoo.data.datasets.reading import UndecodableImage
from reidzoo.data.datasets.sampled_folder import SampledImage


class Item(NamedTuple):
    """One image to draw: the number of what it is drawn from, and its entry in the manifest."""

    index: int
    entry: GeneratedImage | SwappedImage | RenderedImage | SampledImage


Batch = Sequence[Item]


@dataclass(frozen=True)
class Drawing:
    """How the images of a folder are drawn.

    Attributes:
        kind: of drawing, as the folder remembers it.
        method: the trained method; moved to ``device`` where something is left to draw.
        read: gives what a batch is drawn from, on the CPU, as ``draw`` takes it; called in a thread of its own.
        draw: makes of that the images of the batch, B x 3 x H x W uint8 RGB.
        finished: makes of an image, H x W x 3 uint8 RGB, that which is written.
        batch_size: images a step.
        quality: of the JPEG files, 1 to 100.
        device: ``auto``, or what torch calls a device.
    """

    kind: Kind
    method: BaseModel
    read: Callable[[Batch], Any]
    draw: Callable[[Any, Batch], Tensor]
    batch_size: int
    quality: int
    device: str
    finished: Callable[[np.ndarray], np.ndarray] = lambda image: image


@dataclass(frozen=True)
class DrawnFolder:
    """What became of a folder of images.

    Attributes:
        folder: the root for ``GeneratedFolder``, or of samples for ``SampledFolder``.
        written: images that this call drew.
        kept: images that an earlier call had drawn.
    """

    folder: Path
    written: int
    kept: int


def check_numbers(quality: int, **counts: int) -> None:
    """Refuse a quality that JPEG does not know, and counts below 1.

    Raises:
        UserError: names the argument.
    """
    for name, value in {**counts, "quality": quality}.items():
        if type(value) is not int or value < 1:
            raise UserError(f"{name} is a whole number of at least 1, got {value!r}")
    if quality > 100:
        raise UserError(f"quality is that of a JPEG file, 1 to 100, got {quality}")


def refuse_equal_files(items: Batch) -> None:
    """Refuse images drawn from two files that would overwrite each other.

    Raises:
        UserError: names both sources of the first such file.
    """
    file, count = Counter(item.entry.file for item in items).most_common(1)[0]
    if count > 1:
        sources = [item.entry.source_file for item in items if item.entry.file == file]
        raise UserError(f"'{sources[0]}' and '{sources[1]}' would both become '{file}': rename one of them")


def read_rows(dataset: ReIDDataset, rows: Sequence[int]) -> Tensor:
    """Images of these rows, B x 3 x H x W uint8 RGB.

    Raises:
        UserError: one that does not decode, or images of several sizes.
    """
    return read_items(dataset, rows, "images")[0]


def read_items(dataset: ReIDDataset, rows: Sequence[int], *keys: str) -> list[Tensor]:
    """For each of ``keys``, such as images and masks, a batch of what the items of these rows have under it.

    Raises:
        UserError: as :func:`read_rows` does.
    """
    try:
        items = [dataset[row] for row in rows]
    except UndecodableImage as error:
        raise describe_undecodable(dataset) from error
    sizes = sorted({tuple(item["images"].shape[1:]) for item in items})
    if len(sizes) > 1:
        raise UserError(
            f"the config resizes nothing, and images have {len(sizes)} sizes (first: {sizes[0][0]} x {sizes[0][1]} and "
            f"{sizes[1][0]} x {sizes[1][1]}): draw with batch_size 1, or train with a Resize"
        )
    return [torch.stack([item[key] for item in items]) for key in keys]


def made_with(config: str | Path, cfg: Config, checkpoint: str | Path, method: BaseModel) -> Header:
    """The part of a manifest's header that says what drew its images: a trained method, and the code's commit."""
    return {
        "method": type(method).__name__,
        "generator": (cfg.model.get("generator") or {}).get("type"),
        "config": without_folders(str(config)),
        "checkpoint_sha256": sha256(local_file(checkpoint)),
        "commit": commit(),
    }


def chance_of(seed: int, what: object) -> int:
    """A number below 2 ** 64 that depends on both, and on nothing that is drawn before: the seed of one image."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{what}".encode()).digest()[:8])


def counts_of(items: Batch) -> dict[str, int]:
    """How many images, and of how many persons and cameras they were drawn."""
    return {
        "images": len(items),
        "pids": len({item.entry.pid for item in items}),
        "cameras": len({item.entry.source_camid for item in items}),
    }


def draw_folder(out: str | Path, header: Header, items: Batch, drawing: Drawing, report: Report) -> DrawnFolder:
    """Draw what the folder ``out`` still lacks, and then its manifest.

    Complete images are kept, half-written ones do not exist, nothing is deleted, a finished folder is left alone.

    Args:
        out: new, or that of the same call before.
        header: what tells this folder from others.
        items: all images, in the order in which they are drawn.
        drawing: how.
        report: receives one line before and one after.

    Raises:
        UserError: the folder holds other images, or what reading and drawing raise.
    """
    folder, kind, images = Path(out), drawing.kind, [item.entry for item in items]
    header = begin(folder, kind, header, images)
    missing = {item.entry.file for item in items if not (folder / item.entry.file).is_file()}
    report(f"{folder}: {len(missing):,} of {len(items):,} images to {kind.verb}")
    if missing:
        drawing.method.to(find_device(drawing.device))
        _draw(folder, _batches(items, drawing.batch_size, missing), drawing, len(missing))
    if missing or is_under_way(folder, kind):
        finish(folder, kind, header, images)
    report(f"{folder}: complete, {len(items):,} images")
    return DrawnFolder(folder, written=len(missing), kept=len(items) - len(missing))


def _batches(items: Batch, batch_size: int, missing: set[str]) -> list[Batch]:
    """Whole batches that lack an image: rounding depends on the batch, so a resumed run has to form the same ones."""
    batches = [items[start : start + batch_size] for start in range(0, len(items), batch_size)]
    return [batch for batch in batches if any(item.entry.file in missing for item in batch)]


def _draw(folder: Path, batches: list[Batch], drawing: Drawing, count: int) -> None:
    """Draw ``batches``; what is drawn from is read, and files are written, beside the network."""
    with (
        ThreadPoolExecutor(max_workers=2) as threads,
        tqdm(total=count, desc=drawing.kind.doing, unit="image", disable=None) as bar,
    ):
        reading = threads.submit(drawing.read, batches[0])
        writing: Future[int] | None = None
        for number, batch in enumerate(batches, start=1):
            inputs = reading.result()
            if number < len(batches):
                reading = threads.submit(drawing.read, batches[number])
            drawn = drawing.draw(inputs, batch).permute(0, 2, 3, 1).cpu().numpy()
            if writing is not None:
                bar.update(writing.result())
            writing = threads.submit(_write, folder, batch, drawn, drawing)
        bar.update(writing.result())


def _write(folder: Path, batch: Batch, drawn: np.ndarray, drawing: Drawing) -> int:
    """Write the files of a batch that are not there yet, each complete or not at all; how many they were."""
    written = 0
    for item, image in zip(batch, drawn, strict=True):
        path = folder / item.entry.file
        if path.is_file():
            continue
        image = drawing.finished(image)
        _, content = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, drawing.quality])
        with atomic_path(path) as temporary:
            temporary.write_bytes(content.tobytes())
        written += 1
    return written
