"""A labelled data set drawn anew in other poses: a folder that ``GeneratedFolder`` reads.

Siarohin et al., "Deformable GANs for Pose-based Human Image Generation", CVPR 2018, section 5.3, train re-ID on such
images beside the real ones. As in their released code, poses come from all persons of the training set, and an image
may be drawn in its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.drawing import Drawing, Item, check_numbers, draw_folder, refuse_equal_files
from reidzoo.apis.drawn_folder import REPOSING
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.provenance import commit, without_folders
from reidzoo.apis.training import describe_undecodable
from reidzoo.apis.translator import resizing
from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.data.datasets.pose_pairs import PosePairs
from reidzoo.data.datasets.reading import UndecodableImage
from reidzoo.data.draw import Draw
from reidzoo.data.poses.pairs import has_torso
from reidzoo.methods.pose_transfer import PoseTransferMethod

REFUSAL = "draws nobody in other poses: name the config of a method that does, such as DeformableGAN"


@dataclass(frozen=True)
class Reposed:
    """What became of a data set.

    Attributes:
        folder: the root for ``GeneratedFolder``.
        written: images that this call drew.
        kept: images that an earlier call had drawn.
        excluded: images of the data set without visible shoulders and hips, of which nothing is drawn.
    """

    folder: Path
    written: int
    kept: int
    excluded: int


class Shot(NamedTuple):
    """Rows of the data set: who is drawn, and in whose pose."""

    source: int
    target: int


class PosedImages(NamedTuple):
    """What is drawn from: images B x 3 x H x W uint8 RGB, their poses and those to draw, B x 18 x 2 each."""

    images: Tensor
    source_points: Tensor
    target_points: Tensor


def repose_dataset(
    config: str | Path,
    checkpoint: str | Path,
    source_root: str | Path,
    out: str | Path,
    *,
    poses: int = 2,
    quality: int = 95,
    seed: int = 0,
    batch_size: int = 32,
    device: str = "auto",
    report: Callable[[str], object] = lambda line: None,
) -> Reposed:
    """Draw the training images under ``source_root`` in ``poses`` poses each, as JPEG files under ``out``.

    Identities and cameras are those of the source; names are ``<stem>g<number>.jpg``, numbers from 1 for each image,
    so that they begin as the source's do. Images whose shoulders and hips are not all visible are neither drawn nor
    give a pose. ``manifest.json`` is as :func:`~reidzoo.apis.translating.translate_dataset` writes it, with the digest
    of the file of poses and the number of excluded images.

    The poses of an image are different ones, drawn by ``seed`` and the image's path: the first 2 of 10 are those of 2.
    A killed call is taken up by the same call: complete images are kept, half-written ones do not exist, nothing is
    deleted. A finished folder is left alone.

    Args:
        config: path of the config that the pose transfer was trained with; a run leaves it in its work folder, too.
        checkpoint: of its run, or published weights, also as ``zoo://NAME``.
        source_root: a data set of the kind that the config was trained on, with its file of poses.
        out: a new folder, or that of the same call before.
        poses: of each image.
        quality: of the JPEG files, 1 to 100.
        seed: of the poses.
        batch_size: images a step. Rounding may differ by one grey level between batch sizes.
        device: ``auto``, or what torch calls a device.
        report: receives a line on excluded images, one before and one after.

    Raises:
        UserError: a mistake of config, checkpoint or data; poses that are missing or of images of another size; a value
            out of its range; more poses than there are; or a folder that holds other images.
    """
    check_numbers(quality, poses=poses, batch_size=batch_size)
    cfg, method = load_method(config, checkpoint, PoseTransferMethod, REFUSAL)
    content = posed_dataset(cfg, source_root, "train")
    pairs = PosePairs(content, trained_on(cfg)["annotations"])
    records, root = pairs.dataset.records, pairs.dataset.root
    rows = [row for row, record in enumerate(records) if has_torso(pairs.poses[record.path.name])]
    shots = _planned([records[row].path.relative_to(root).as_posix() for row in rows], rows, poses, seed)
    items = []
    for number, shot in enumerate(shots):
        pid, camid, source = records[shot.source].pid, records[shot.source].camid, records[shot.source].path
        file = source.relative_to(root).with_name(f"{source.stem}g{number % poses + 1}.jpg").as_posix()
        items.append(Item(number, GeneratedImage(file, pid, camid, camid, source.relative_to(root).as_posix())))
    refuse_equal_files(items)
    excluded = len(records) - len(rows)
    if excluded:
        report(f"{excluded:,} of {len(records):,} images are left out: their shoulders and hips are not all visible")
    header = {
        "made_by": "reidzoo repose",
        "method": type(method).__name__,
        "generator": (cfg.model.get("generator") or {}).get("type"),
        "config": without_folders(str(config)),
        "checkpoint_sha256": sha256(local_file(checkpoint)),
        "commit": commit(),
        "source": pairs.dataset.title,
        "annotations_sha256": sha256(pairs.annotations),
        "counts": {
            "images": len(items),
            "pids": len({item.entry.pid for item in items}),
            "cameras": len({item.entry.source_camid for item in items}),
            "excluded": excluded,
        },
        "size": next(([resize["height"], resize["width"]] for resize in content["transforms"]), None),
        "quality": quality,
        "poses": poses,
        "seed": seed,
    }
    reader = PoseReader(pairs, shots)
    drawing = Drawing(
        kind=REPOSING,
        method=method,
        read=lambda batch: reader.read([item.index for item in batch]),
        draw=lambda posed, batch: method.repose(*posed),
        batch_size=batch_size,
        quality=quality,
        device=device,
    )
    written, kept = draw_folder(Path(out), header, items, drawing, report)
    return Reposed(Path(out), written=written, kept=kept, excluded=excluded)


class PoseReader:
    """Reads images and the poses to draw them in.

    Args:
        pairs: the data set with its poses.
        shots: who is drawn in whose pose.
    """

    def __init__(self, pairs: PosePairs, shots: list[Shot]):
        self.dataset, self.shots = pairs.dataset, shots
        self._poses: dict[int, Tensor] = {}

    def read(self, numbers: list[int]) -> PosedImages:
        """The shots of these numbers.

        Raises:
            UserError: an image that does not decode, poses of images of another size, or images of several sizes.
        """
        shots = [self.shots[number] for number in numbers]
        try:
            sources = [self._sample(shot.source) for shot in shots]
            targets = [self._pose(shot.target) for shot in shots]
        except UndecodableImage as error:
            raise describe_undecodable(self.dataset) from error
        sizes = sorted({tuple(source["images"].shape[1:]) for source in sources})
        if len(sizes) > 1:
            raise UserError(
                f"the config resizes nothing, and images have {len(sizes)} sizes (first: {sizes[0][0]} x "
                f"{sizes[0][1]} and {sizes[1][0]} x {sizes[1][1]}): train with a Resize"
            )
        images, points = (torch.stack([source[key] for source in sources]) for key in ("images", "points"))
        return PosedImages(images, points, torch.stack(targets))

    def _sample(self, row: int) -> dict[str, Tensor]:
        sample = self.dataset.sample(row, Draw(row).generator())
        self._poses.setdefault(row, sample["points"])
        return sample

    def _pose(self, row: int) -> Tensor:
        """In pixels of the images after the transforms, for which the row's own image has to be read once."""
        return self._poses[row] if row in self._poses else self._sample(row)["points"]


def trained_on(cfg: Config) -> dict[str, Any]:
    """The config of the pairs of images that a pose transfer is trained on.

    Raises:
        UserError: it is trained on something else.
    """
    dataset = (cfg.get("train_dataloader") or {}).get("dataset") or {}
    if not isinstance(dataset.get("dataset"), dict) or "annotations" not in dataset:
        raise UserError(
            f"expected a config whose train_dataloader.dataset is PosePairs, got {dataset.get('type', 'none')}: name "
            "the config that the pose transfer was trained with"
        )
    return dataset


def posed_dataset(cfg: Config, root: str | Path, split: str) -> dict[str, Any]:
    """The config of the images under ``root``, resized as in training and changed in no other way."""
    dataset = trained_on(cfg)["dataset"]
    transforms = resizing(dataset.get("transforms", ()))
    return {**dataset, "root": str(root), "split": split, "transforms": transforms}


def _planned(files: list[str], rows: list[int], poses: int, seed: int) -> list[Shot]:
    """``poses`` shots of each row, whose files are ``files``, in the poses of different rows, perhaps its own."""
    if poses > len(rows):
        raise UserError(
            f"poses is how many each image is drawn in, at most the {len(rows):,} that images here have, got {poses:,}"
        )
    shots = []
    for file, row in zip(files, rows, strict=True):
        digest = hashlib.sha256(f"{seed}/{file}".encode()).digest()
        order = np.random.default_rng(int.from_bytes(digest[:8])).permutation(len(rows))
        shots += [Shot(row, rows[index]) for index in order[:poses]]
    return shots
