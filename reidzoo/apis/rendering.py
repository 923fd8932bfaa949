"""Persons of a data set rendered into the contexts of another: a data set that ``GeneratedFolder`` reads.

Chen, Zhu & Gong, "Instance-Guided Context Rendering for Cross-Domain Person Re-Identification", ICCV 2019, render while
the re-ID network trains, in other contexts every epoch. A folder of fixed renderings is what that is compared with.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.drawing import (
    Batch,
    Drawing,
    DrawnFolder,
    Item,
    check_numbers,
    counts_of,
    draw_folder,
    made_with,
    read_items,
    refuse_equal_files,
)
from reidzoo.apis.drawn_folder import RENDERING
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.trained_data import domains, resizing, training_size
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.generated_folder import RenderedImage
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.registry import DATASETS, TRANSFORMS

REFUSAL = "renders no persons into contexts: name the model or config of a method that does, such as CRGAN"


def render_dataset(
    config: str | Path,
    checkpoint: str | Path,
    source_root: str | Path,
    out: str | Path,
    *,
    context_root: str | Path | None = None,
    contexts: int = 1,
    quality: int = 95,
    seed: int = 0,
    batch_size: int = 32,
    device: str = "auto",
    report: Report = silent,
) -> DrawnFolder:
    """Render the person of each training image under ``source_root`` in several contexts, as JPEG files under ``out``.

    Contexts are training images under ``context_root``, drawn alike and all different for one person
    (:func:`context_rows`). Identities are those of the persons, cameras those of the contexts; names are
    ``<stem>r<number>.jpg``, numbers from 1. ``manifest.json`` is as
    :func:`~reidzoo.apis.translating.translate_dataset` writes it; its entries also have ``context_file``.

    The first contexts of a person are the same whatever their number. A killed call is taken up by the same call:
    complete images are kept, half-written ones do not exist, nothing is deleted. A finished folder is left alone.

    Args:
        config: path of the config that the method was trained with; a run leaves it in its work folder, too.
        checkpoint: of its run, or published weights, also as ``zoo://NAME``.
        source_root: a data set of the kind that the config's ``source`` is, with masks of its persons.
        out: a new folder, or that of the same call before.
        context_root: a data set of the kind that the config's ``target`` is, with masks; None for that one.
        contexts: that each person is rendered in, at most as many as there are images of the target.
        quality: of the JPEG files, 1 to 100.
        seed: of the contexts.
        batch_size: images a step. Rounding may differ by one grey level between batch sizes.
        device: ``auto``, or what torch calls a device.
        report: receives one line before and one after.

    Raises:
        UserError: a mistake of config, checkpoint or data; masks that are missing; a value out of its range; two
            sources of one name; or a folder that holds other images.
    """
    check_numbers(quality, contexts=contexts, batch_size=batch_size)
    cfg, method = load_method(config, checkpoint, RenderingMethod, REFUSAL)
    source, target = renderable(cfg, "source", source_root), renderable(cfg, "target", context_root)
    given, items = _planned(source, target, contexts, seed)
    header = {
        "made_by": "reidzoo render",
        **made_with(config, cfg, checkpoint, method),
        "source": source.title,
        "target": target.title,
        "counts": {**counts_of(items), "cameras": len({item.entry.style_camid for item in items})},
        "size": training_size(domains(cfg, "s2t")[0].get("transforms", ())),
        "quality": quality,
        "contexts": contexts,
        "seed": seed,
    }

    def read(batch: Batch) -> list[Tensor]:
        return read_pairs(source, target, [item.index for item in batch], [given[item.entry.file] for item in batch])

    drawing = Drawing(
        kind=RENDERING,
        method=method,
        read=read,
        draw=lambda pairs, batch: method.render(*pairs),
        batch_size=batch_size,
        quality=quality,
        device=device,
    )
    return draw_folder(out, header, items, drawing, report)


def renderable(cfg: Config, domain: str, root: str | Path | None = None) -> ReIDDataset:
    """Training images of a domain with masks, of the size of the training and changed in no other way.

    Args:
        cfg: of a method that renders.
        domain: ``source`` or ``target``.
        root: a data set of that domain's kind; None for the config's own.

    Raises:
        UserError: the config has no source and target or no masks for one, or the data cannot be read.
    """
    side = dict(zip(("source", "target"), domains(cfg, "s2t"), strict=True))[domain]
    given = side.get("transforms", ())
    masks = [each for each in given if hasattr(TRANSFORMS.build(each), "mask_source")]
    if not masks:
        raise UserError(
            f"rendering needs masks of the persons, and the config has no transform that gives them to its {domain}: "
            "begin the transforms there with LoadMask (files) or EllipseMask (a prior)"
        )
    root = side["root"] if root is None else str(root)
    return DATASETS.build({**side, "root": root, "split": "train", "transforms": [*masks, *resizing(given)]})


def context_rows(images: int, count: int, seed: int, row: int) -> list[int]:
    """Rows of ``count`` different contexts for the person of one image, the first of a random order of all.

    Args:
        images: of the target.
        count: at most ``images``.
        seed: of all draws.
        row: of the person's image among those of the source.

    Raises:
        UserError: more contexts than images.
    """
    if count > images:
        raise UserError(f"each person is rendered in different contexts, and {count} were asked for of {images} images")
    return np.random.default_rng([seed, row]).permutation(images)[:count].tolist()


def read_pairs(source: ReIDDataset, target: ReIDDataset, persons: list[int], contexts: list[int]) -> list[Tensor]:
    """What :meth:`~reidzoo.methods.rendering.RenderingMethod.render` takes, of rows of ``source`` and ``target``.

    Raises:
        UserError: a mask is missing, or an image does not decode; images of several sizes.
    """
    return [*read_items(source, persons, "images", "masks"), *read_items(target, contexts, "images", "masks")]


def _planned(source: ReIDDataset, target: ReIDDataset, contexts: int, seed: int) -> tuple[dict[str, int], list[Item]]:
    """All images of the finished folder, in the order of the source, and the row of each one's context by file."""
    given, items = {}, []
    for row, record in enumerate(source.records):
        path = record.path.relative_to(source.root)
        for number, context in enumerate(context_rows(len(target), contexts, seed, row), start=1):
            file = path.with_name(f"{path.stem}r{number}.jpg").as_posix()
            there = target.records[context]
            entry = RenderedImage(
                file=file,
                pid=record.pid,
                source_camid=record.camid,
                style_camid=there.camid,
                source_file=path.as_posix(),
                context_file=there.path.relative_to(target.root).as_posix(),
            )
            given[file] = context
            items.append(Item(row, entry))
    refuse_equal_files(items)
    return given, items
