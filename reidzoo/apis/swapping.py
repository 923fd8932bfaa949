"""One person's appearance in another one's structure: a grid of images, or a data set that ``GeneratedFolder`` reads.

Zheng et al., "Joint Discriminative and Generative Learning for Person Re-identification", CVPR 2019. A drawn image has
two identities: it is labelled with that of its appearance, and the manifest keeps that of its structure beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
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
    read_rows,
    refuse_equal_files,
)
from reidzoo.apis.drawn_folder import SWAPPING
from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.picture_input import batches_of, listed
from reidzoo.apis.swap_grids import framed, swap_all
from reidzoo.apis.trained_data import resizing, swap_images, training_size
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path
from reidzoo.base.reporting import Report, silent
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.generated_folder import SwappedImage
from reidzoo.methods.swapping import SwapMethod
from reidzoo.registry import DATASETS, TRANSFORMS

REFUSAL = "swaps no appearances: name the model or config of a method that does, such as DGNet"


def swap(
    name_or_config: str | Path,
    checkpoint: str | Path | None,
    appearance: Any,
    structure: Any,
    out: str | Path | None = None,
    *,
    images: str | Path | None = None,
    batch_size: int = 32,
    device: str = "auto",
) -> np.ndarray:
    """Draw the appearance of some pictures in the structure of others, each in each.

    Args:
        name_or_config: a model of the zoo, which brings its config along, or the path of the config that the method was
            trained with; a run leaves it in its work folder, too.
        checkpoint: for a config, of its run, or published weights, also as ``zoo://NAME``; None for a model of the zoo.
        appearance: pictures whose clothes and colours are drawn: a file, a folder, an array H x W x 3 uint8 RGB, a PIL
            image, a list of these but folders, or a tensor B x 3 x H x W uint8; brought to the size of the training.
        structure: the same of those whose pose, body, hair and surroundings they are drawn in.
        out: PNG picture to write: an appearance in each row, a structure in each column, before them the pictures
            themselves; None writes none.
        images: folder for the single images as PNG, ``<row>_<column>.png``, both counted from 1; None writes none.
        batch_size: images a step; rounding may differ by one grey level between batch sizes.
        device: ``auto``, or what torch calls a device.

    Returns:
        A x S x H x W x 3 uint8 RGB.

    Raises:
        UserError: a mistake of config, checkpoint or pictures, a method that swaps nothing, or a grid that is no PNG.
    """
    check_numbers(1, batch_size=batch_size)
    if out is not None and Path(out).suffix != ".png":
        raise UserError(f"the grid is written as .png, got the name '{out}': change its end")
    place = find_device(device)
    cfg, method = load_method(name_or_config, checkpoint, SwapMethod, REFUSAL)
    transforms = [TRANSFORMS.build(each) for each in resizing(swap_images(cfg).get("transforms", ()))]
    owners, poses = (_pictures(pictures, transforms) for pictures in (appearance, structure))
    drawn = swap_all(method.to(place), owners, poses, batch_size)
    if images is not None:
        for row, swapped in enumerate(drawn, start=1):
            for column, image in enumerate(swapped, start=1):
                with atomic_path(Path(images) / f"{row}_{column}.png") as temporary:
                    cv2.imwrite(str(temporary), image[:, :, ::-1])
    if out is not None:
        # matplotlib is loaded where something is drawn only: every tool that reads a config imports these files
        from reidzoo.visualization.image_grid import draw_image_grid

        draw_image_grid(out, framed(drawn, owners, poses))
    return drawn


def swap_dataset(
    config: str | Path,
    checkpoint: str | Path,
    source_root: str | Path,
    out: str | Path,
    *,
    structures: int = 1,
    quality: int = 95,
    truncate: bool = False,
    seed: int = 0,
    batch_size: int = 32,
    device: str = "auto",
    report: Report = silent,
) -> DrawnFolder:
    """Draw each training image under ``source_root`` in the structure of others, as JPEG files under ``out``.

    As DG-Net's released code does, structures come from an independently shuffled pass over the same images: each image
    gives its structure once a pass, perhaps to itself. Identities and cameras are those of the appearance; names are
    ``<stem>s<number>.jpg``, numbers from 1, so that they begin as the appearance's do. ``manifest.json`` is as
    :func:`~reidzoo.apis.translating.translate_dataset` writes it; its entries also have ``structure_file`` and
    ``structure_pid``.

    The passes of a seed are the same whatever their number. A killed call is taken up by the same call: complete images
    are kept, half-written ones do not exist, nothing is deleted. A finished folder is left alone.

    Args:
        config: path of the config that the method was trained with; a run leaves it in its work folder, too.
        checkpoint: of its run, or published weights, also as ``zoo://NAME``.
        source_root: a data set of the kind that the config was trained on.
        out: a new folder, or that of the same call before.
        structures: that each image is drawn in, the number of passes.
        quality: of the JPEG files, 1 to 100.
        truncate: cut grey levels off instead of rounding them, as DG-Net's released tools do.
        seed: of the structures.
        batch_size: images a step. Rounding may differ by one grey level between batch sizes.
        device: ``auto``, or what torch calls a device.
        report: receives one line before and one after.

    Raises:
        UserError: a mistake of config, checkpoint or data; a value out of its range; two sources of one name; or a
            folder that holds other images.
    """
    check_numbers(quality, structures=structures, batch_size=batch_size)
    cfg, method = load_method(config, checkpoint, SwapMethod, REFUSAL)
    dataset = swappable(cfg, source_root)
    given, items = _planned(dataset, structures, seed)
    header = {
        "made_by": "reidzoo swap",
        **made_with(config, cfg, checkpoint, method),
        "source": dataset.title,
        "counts": counts_of(items),
        "size": training_size(swap_images(cfg).get("transforms", ())),
        "quality": quality,
        "truncated": truncate,
        "structures": structures,
        "seed": seed,
    }

    def read(batch: Batch) -> tuple[Tensor, Tensor]:
        own, other = [item.index for item in batch], [given[item.entry.file] for item in batch]
        return read_rows(dataset, own), read_rows(dataset, other)

    drawing = Drawing(
        kind=SWAPPING,
        method=method,
        read=read,
        draw=lambda images, batch: method.swap(*images, truncate=truncate),
        batch_size=batch_size,
        quality=quality,
        device=device,
    )
    return draw_folder(out, header, items, drawing, report)


def swappable(cfg: Config, root: str | Path) -> ReIDDataset:
    """The training images under ``root``, resized as in training and changed in no other way.

    Raises:
        UserError: the config is trained on something else, or the data cannot be read.
    """
    content = swap_images(cfg)
    transforms = resizing(content.get("transforms", ()))
    return DATASETS.build({**content, "root": str(root), "split": "train", "transforms": transforms})


def _pictures(pictures: Any, transforms: Sequence[Callable]) -> Tensor:
    found = listed(pictures, "swap")
    return next(batches_of(found, transforms, len(found)))


def _planned(dataset: ReIDDataset, structures: int, seed: int) -> tuple[dict[str, int], list[Item]]:
    """All images of the finished folder, in the order of the data set, and the row of each one's structure by file."""
    passes = [np.random.default_rng([seed, number]).permutation(len(dataset)) for number in range(structures)]
    sources = [record.path.relative_to(dataset.root) for record in dataset.records]
    given, items = {}, []
    for row, record in enumerate(dataset.records):
        for number, order in enumerate(passes, start=1):
            structure = int(order[row])
            file = sources[row].with_name(f"{sources[row].stem}s{number}.jpg").as_posix()
            entry = SwappedImage(
                file=file,
                pid=record.pid,
                source_camid=record.camid,
                style_camid=record.camid,
                source_file=sources[row].as_posix(),
                structure_file=sources[structure].as_posix(),
                structure_pid=dataset.records[structure].pid,
            )
            given[file] = structure
            items.append(Item(row, entry))
    refuse_equal_files(items)
    return given, items
