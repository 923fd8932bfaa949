"""A labelled data set drawn anew in the style of another domain or camera: a folder that ``GeneratedFolder`` reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reidzoo.apis.drawing import (
    Batch,
    Drawing,
    DrawnFolder,
    Item,
    chance_of,
    check_numbers,
    counts_of,
    draw_folder,
    made_with,
    read_rows,
    refuse_equal_files,
)
from reidzoo.apis.drawn_folder import TRANSLATION
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.trained_data import domains, resizing, training_size
from reidzoo.apis.translator import REFUSAL
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.methods.translation import TranslationMethod
from reidzoo.registry import DATASETS


def translate_dataset(
    config: str | Path,
    checkpoint: str | Path,
    source_root: str | Path,
    out: str | Path,
    *,
    direction: str = "s2t",
    camera: int | str | None = None,
    copies: int = 1,
    quality: int = 95,
    seed: int = 0,
    batch_size: int = 32,
    device: str = "auto",
    report: Report = silent,
) -> DrawnFolder:
    """Draw the training images under ``source_root`` in the style of the other domain, as JPEG files under ``out``.

    ``manifest.json`` is the truth: of each file identity, cameras and what it was drawn from; before them the method,
    config, digest of the checkpoint, commit, direction, data set, counts, size, quality, copies and seed. It is written
    last. Names are those of the source with ``.jpg``. Where the config trains the other side on a single camera
    (CamStyle), that is the style camera of every image, and names get ``_fake_{i}to{j}``, cameras counted from 1 as in
    CamStyle's release; elsewhere an image keeps its own camera. Several copies get ``_copy{n}``.

    Every image is a function of checkpoint, source image, ``seed`` and copy. A killed call is taken up by the same
    call: complete images are kept, half-written ones do not exist, nothing is deleted. A finished folder is left alone.

    Args:
        config: path of the config that the translation was trained with; a run leaves it in its work folder, too.
        checkpoint: of its run, or published weights, also as ``zoo://NAME``.
        source_root: a data set of the kind that the config's ``source`` is (its ``target`` for ``t2s``).
        out: a new folder, or that of the same call before.
        direction: ``s2t`` (source to target) or ``t2s``.
        camera: only images of this camera, counted from 0; ``all`` for every camera; None for those that the config
            trained this side on.
        copies: translations of each image, for a method that is ``stochastic``.
        quality: of the JPEG files, 1 to 100.
        seed: of what a stochastic method draws.
        batch_size: images a step; a stochastic method takes one at a time. Rounding may differ by one grey level
            between batch sizes.
        device: ``auto``, or what torch calls a device.
        report: receives one line before and one after.

    Raises:
        UserError: a mistake of config, checkpoint or data; a value out of its range; copies of a method that draws
            nothing by chance; two sources of one name; or a folder that holds other images.
    """
    check_numbers(quality, copies=copies, batch_size=batch_size)
    cfg, method = load_method(config, checkpoint, TranslationMethod, REFUSAL)
    if copies > 1 and not method.stochastic:
        raise UserError(
            f"{type(method).__name__} in '{config}' draws nothing by chance, so {copies} copies would be equal: leave "
            "copies at 1, or train a CycleGAN with model.stochastic=True and dropout in its generator"
        )
    side, other = domains(cfg, direction)
    dataset = _dataset(side, source_root, camera)
    items = _planned(dataset, other.get("cameras") or (), copies)
    header = {
        "made_by": "reidzoo translate",
        **made_with(config, cfg, checkpoint, method),
        "generator": type(method.generator(direction)).__name__,
        "direction": direction,
        "source": dataset.title,
        "source_cameras": sorted({record.camid for record in dataset.records}),
        "counts": counts_of(items),
        "size": training_size(side.get("transforms", ())),
        "quality": quality,
        "copies": copies,
        "seed": seed,
    }

    def draw(images: Tensor, batch: Batch) -> Tensor:
        with _chance(seed, batch[0].entry.file, next(method.parameters()).device):
            return method.translate(images, direction)

    drawing = Drawing(
        kind=TRANSLATION,
        method=method,
        read=lambda batch: read_rows(dataset, [item.index for item in batch]),
        draw=draw,
        batch_size=1 if method.stochastic else batch_size,
        quality=quality,
        device=device,
    )
    return draw_folder(out, header, items, drawing, report)


@contextmanager
def _chance(seed: int, file: str, device: torch.device) -> Iterator[None]:
    """Inside, what a method draws by chance is a function of the seed and of ``file``; torch's own chance stays."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(chance_of(seed, file) >> 1)
        yield


def _dataset(side: dict[str, Any], root: str | Path, camera: int | str | None) -> ReIDDataset:
    """The training images that are translated, resized as in training and changed in no other way."""
    content = {**side, "root": str(root), "split": "train", "transforms": resizing(side.get("transforms", ()))}
    if camera == "all":
        content.pop("cameras", None)
    elif type(camera) is int:
        content["cameras"] = [camera]
    elif camera is not None:
        raise UserError(f"camera is a camera id that counts from 0, or 'all', got {camera!r}")
    return DATASETS.build(content)


def _planned(dataset: ReIDDataset, style_cameras: Sequence[int], copies: int) -> list[Item]:
    """All images of the finished folder, in the order of the data set."""
    items = []
    for index, record in enumerate(dataset.records):
        source = record.path.relative_to(dataset.root)
        style, mark = record.camid, ""
        if len(style_cameras) == 1:
            style = style_cameras[0]
            mark = f"_fake_{record.camid + 1}to{style + 1}"
        for copy in range(1, copies + 1):
            name = f"{source.stem}{mark}{f'_copy{copy}' if copies > 1 else ''}.jpg"
            file = source.with_name(name).as_posix()
            items.append(Item(index, GeneratedImage(file, record.pid, record.camid, style, source.as_posix())))
    refuse_equal_files(items)
    return items
