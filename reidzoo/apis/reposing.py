"""Persons drawn in other poses: one image, or a labelled data set as a folder that ``GeneratedFolder`` reads.

Siarohin et al., "Deformable GANs for Pose-based Human Image Generation", CVPR 2018, train re-ID on such a folder
beside the real images. As in their released code, poses come from all persons of the training set, and an image may be
drawn in its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from reidzoo.apis.drawing import (
    Drawing,
    DrawnFolder,
    Item,
    chance_of,
    check_numbers,
    counts_of,
    draw_folder,
    made_with,
    refuse_equal_files,
)
from reidzoo.apis.drawn_folder import REPOSING
from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.pose_input import FoundPose, find_pose
from reidzoo.apis.posed_images import PoseReader, Shot, posed_dataset
from reidzoo.apis.sampling import check_size
from reidzoo.apis.trained_data import pose_pairs, resizing, training_size
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path, sha256
from reidzoo.base.reporting import Report, silent
from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.data.datasets.pose_pairs import PosePairs
from reidzoo.data.datasets.reading import decode, transformed
from reidzoo.data.draw import Draw
from reidzoo.data.poses.load_pose import LoadPose
from reidzoo.data.poses.pairs import has_torso
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.registry import TRANSFORMS

REFUSAL = "draws nobody in other poses: name the config of a method that does, such as DeformableGAN"
#: of the pictures that are written
SUFFIXES = (".png", ".jpg", ".jpeg")
COLUMNS = ("source", "target pose", "drawn")


@dataclass(frozen=True)
class Reposed(DrawnFolder):
    """As its base; and images that were left out.

    Attributes:
        excluded: images of the data set without visible shoulders and hips, of which nothing is drawn.
    """

    excluded: int


def repose(
    name_or_config: str | Path,
    checkpoint: str | Path | None,
    image: str | Path,
    pose: str | Path,
    out: str | Path | None = None,
    *,
    source_pose: str | Path | None = None,
    annotations: str | Path | None = None,
    pose_size: Sequence[int] | None = None,
    sheet: str | Path | None = None,
    device: str = "auto",
) -> np.ndarray:
    """Draw the person of one image in one pose.

    Args:
        name_or_config: a model of the zoo, which brings its config along, or the path of the config that the method was
            trained with; a run leaves it in its work folder, too.
        checkpoint: for a config, of its run, or published weights, also as ``zoo://NAME``; None for a model of the zoo.
        image: file with the person; brought to the size that the method was trained on.
        pose: to draw: an image, a row of a file of poses, or a file of OpenPose, see
            :func:`~reidzoo.apis.pose_input.find_pose`.
        out: picture to write, ``.png`` or ``.jpg``; None writes none.
        source_pose: that of ``image``, a row or a file of OpenPose; None looks for it as for any image's.
        annotations: file of poses that has those of the images; None looks beside them.
        pose_size: height and width, in pixels, of the picture on which a pose that comes without one was found; None
            for the size that the method draws.
        sheet: a PNG picture to write, source, target pose and what was drawn; None writes none.
        device: ``auto``, or what torch calls a device.

    Returns:
        H x W x 3 uint8 RGB.

    Raises:
        UserError: a mistake of config or checkpoint, a file that is absent or cannot be read, a pose that cannot be
            found, has no points or lacks a shoulder or hip, or lies outside its picture.
    """
    for file, suffixes in ((out, SUFFIXES), (sheet, SUFFIXES[:1])):
        if file is not None and Path(file).suffix not in suffixes:
            raise UserError(f"pictures are written as {' or '.join(suffixes)}, got the name '{file}': change its end")
    own = find_pose(image if source_pose is None else source_pose, annotations)
    asked = find_pose(pose, annotations)
    if pose_size is not None:
        check_size(pose_size, "pose_size")
        if asked.image is not None:
            raise UserError(f"'{pose}' is a picture and says its size itself: leave pose_size out")
    place = find_device(device)
    cfg, method = load_method(name_or_config, checkpoint, PoseTransferMethod, REFUSAL)
    source = _sample(own, decode(Path(image)), resizing(pose_pairs(cfg)["dataset"].get("transforms", ())))
    size = tuple(source["images"].shape[1:])
    target = _sample(
        asked, _canvas(asked, pose_size or size), [{"type": "Resize", "height": size[0], "width": size[1]}]
    )
    posed = (source["images"], source["points"], target["points"])
    drawn = method.to(place).repose(*(each[None] for each in posed))[0].permute(1, 2, 0).cpu().numpy()
    if out is not None:
        with atomic_path(out) as temporary:
            cv2.imwrite(str(temporary), drawn[:, :, ::-1])
    if sheet is not None:
        # matplotlib is loaded where something is drawn only: stages import this file
        from reidzoo.visualization.image_grid import draw_image_grid
        from reidzoo.visualization.skeletons import draw_skeleton

        shown = source["images"].permute(1, 2, 0).numpy(), draw_skeleton(target["points"].numpy(), size), drawn
        draw_image_grid(sheet, [shown], column_titles=COLUMNS)
    return drawn


def _canvas(asked: FoundPose, size: Sequence[int]) -> np.ndarray:
    """The picture that a pose was found on, or a black one of the size that it should have."""
    return np.zeros((*size, 3), np.uint8) if asked.image is None else asked.image


def _sample(found: FoundPose, image: np.ndarray, transforms: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """``images`` 3 x H x W and ``points`` 18 x 2 in pixels of these."""
    path = Path(found.name)
    steps = [LoadPose({path.name: found.points}), *(TRANSFORMS.build(transform) for transform in transforms)]
    return transformed(image, path, steps, Draw(0).generator())


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
    report: Report = silent,
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
    pairs = PosePairs(content, pose_pairs(cfg)["annotations"])
    records = pairs.dataset.records
    rows = [row for row, record in enumerate(records) if has_torso(pairs.poses[record.path.name])]
    shots, items = _planned(pairs, rows, poses, seed)
    excluded = len(records) - len(rows)
    if excluded:
        report(f"{excluded:,} of {len(records):,} images are left out: their shoulders and hips are not all visible")
    header = {
        "made_by": "reidzoo repose",
        **made_with(config, cfg, checkpoint, method),
        "source": pairs.dataset.title,
        "annotations_sha256": sha256(pairs.annotations),
        "counts": {**counts_of(items), "excluded": excluded},
        "size": training_size(content["transforms"]),
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
    drawn = draw_folder(out, header, items, drawing, report)
    return Reposed(drawn.folder, drawn.written, drawn.kept, excluded)


def _planned(pairs: PosePairs, rows: list[int], poses: int, seed: int) -> tuple[list[Shot], list[Item]]:
    """Each of these rows in the poses of ``poses`` different ones, perhaps its own; and the images that this makes."""
    if poses > len(rows):
        raise UserError(
            f"poses is how many each image is drawn in, at most the {len(rows):,} that images here have, got {poses:,}"
        )
    shots, items = [], []
    for row in rows:
        record = pairs.dataset.records[row]
        source = record.path.relative_to(pairs.dataset.root)
        order = np.random.default_rng(chance_of(seed, source.as_posix())).permutation(len(rows))
        for number, index in enumerate(order[:poses], start=1):
            file = source.with_name(f"{source.stem}g{number}.jpg").as_posix()
            entry = GeneratedImage(file, record.pid, record.camid, record.camid, source.as_posix())
            items.append(Item(len(shots), entry))
            shots.append(Shot(row, rows[index]))
    refuse_equal_files(items)
    return shots, items
