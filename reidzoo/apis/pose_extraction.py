"""Poses and masks of a folder of images, found by an estimator of the shelf ``pose_estimators``, as files.

The file of poses gets its name when it is complete. Until then, and where an estimator finds nobody in most images,
what was found stands in ``keypoints.partial.csv``; a call that was killed is taken up from there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from terminaltables import AsciiTable
from tqdm import tqdm

from reidzoo.apis.picture_sets import picture_set
from reidzoo.apis.provenance import commit, without_folders
from reidzoo.base.errors import UserError, nearest
from reidzoo.base.files import atomic_path, write_text
from reidzoo.base.reporting import Report, silent
from reidzoo.base.skeletons import JOINTS, MISSING
from reidzoo.data.dataset_check import recognisers
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.reading import decode
from reidzoo.data.poses.annotations import read_annotations, write_annotations
from reidzoo.registry import POSE_ESTIMATORS

#: short names of the command line
BACKENDS = {"mediapipe": "MediaPipePose"}
#: what is asked for by ``part``, and the parts of a data set that it stands for
PARTS = {"train": ("train",), "test": ("query", "gallery"), "query": ("query",), "gallery": ("gallery",)}
MASKS = "masks"
#: images between two writings of what was found so far
INTERVAL = 100
REMEDY = "name another folder, or move this one away"


@dataclass(frozen=True)
class Extraction:
    """What was found in a folder of images.

    Attributes:
        annotations: the file of poses.
        images: how many there are.
        missing: in how many of them each joint is missing, by its name.
        empty: file names of those without any point.
    """

    annotations: Path
    images: int
    missing: dict[str, int]
    empty: tuple[str, ...]

    def table(self) -> str:
        """Missing points by joint, drawn for a terminal."""
        rows = [[joint, f"{count:,}", f"{100 * count / self.images:.1f} %"] for joint, count in self.missing.items()]
        return AsciiTable([["joint", f"missing in {self.images:,} images", "share"], *rows]).table


@dataclass(frozen=True)
class _Place:
    """Where the files of an extraction stand; of a data set, those of each part beside each other."""

    folder: Path
    suffix: str

    @property
    def complete(self) -> Path:
        return self.folder / f"keypoints{self.suffix}.csv"

    @property
    def partial(self) -> Path:
        return self.folder / f"keypoints{self.suffix}.partial.csv"

    @property
    def record(self) -> Path:
        return self.folder / f"extraction{self.suffix}.json"

    def mask(self, name: str) -> Path:
        return self.folder / MASKS / f"{name}.png"


def extract_poses(
    images: str | Path,
    out: str | Path,
    backend: str | dict[str, Any] = "mediapipe",
    *,
    part: str = "train",
    min_confidence: float = 0.3,
    masks: bool = True,
    report: Report = silent,
) -> Extraction:
    """Find the pose and the mask of the person in every image of a folder.

    Writes ``keypoints.csv`` (:mod:`reidzoo.data.poses.annotations`), ``masks/<path in the folder>.png`` (255 person, 0
    rest) and ``extraction.json``, which says what made them and how many points are missing. Of a data set the first
    is ``keypoints-<part>.csv``; with its own folder as ``out``, ``PosePairs`` and ``LoadMask`` find everything.

    A killed call is taken up by the same call; a finished folder is left alone, images that were added to it are
    looked at. Points are rounded to whole pixels and moved to the image's edge where they lie beyond it.

    Args:
        images: a data set that a reader recognises (its images of ``part``), or a folder: all images under it.
        out: folder for what is found.
        backend: ``mediapipe``, a name on the shelf ``pose_estimators``, or its config with arguments.
        part: ``train``, ``query``, ``gallery``, or ``test`` (query and gallery), of a data set.
        min_confidence: points of less are missing, 0 to 1.
        masks: whether to write masks, too.
        report: receives a line before, and a table and a warning of images without a point after.

    Raises:
        UserError: no image, two images of one name, an image that does not decode, an estimator that is not there or
            gives something else, a folder that holds other poses, or most images without a point.
    """
    if not 0 <= min_confidence <= 1:
        raise UserError(f"min_confidence lies between 0 and 1, got {min_confidence}: 0.3 is usual")
    config = {"type": BACKENDS.get(backend, backend)} if isinstance(backend, str) else backend
    place, files = _listed(Path(images), Path(out), part)
    header = {
        "made_by": "reidzoo extract_pose",
        "backend": without_folders(config),
        "min_confidence": min_confidence,
        "masks": masks,
        "commit": commit(),
    }
    poses = _found_before(place, header, files)
    _refuse_mostly_empty(_empty(poses), len(files), place)
    left = {name: file for name, file in files.items() if file.name not in poses}
    report(f"{place.folder}: {len(left):,} of {len(files):,} images to look at")
    if left:
        estimator = POSE_ESTIMATORS.build(config)
        write_text(place.record, json.dumps(header, indent=1) + "\n")
        _look(estimator, left, poses, place, min_confidence, masks, len(files))
    found = _summary(place, poses)
    if place.partial.is_file():
        write_annotations(place.complete, poses)
        place.partial.unlink(missing_ok=True)
        counts = {"images": found.images, "without_point": len(found.empty), "missing": found.missing}
        write_text(place.record, json.dumps({**header, **counts}, indent=1) + "\n")
    report(found.table())
    bare = [file.name for name, file in files.items() if masks and not place.mask(name).is_file()]
    if bare:
        report(f"warning: the estimator made no mask of {_some(bare)} of {found.images:,} images")
    if found.empty:
        report(f"warning: no point in {_some(found.empty)} of {found.images:,} images")
    report(f"{place.complete}: poses of {found.images:,} images")
    return found


def _listed(root: Path, out: Path, part: str) -> tuple[_Place, dict[str, Path]]:
    """Where to write, and the images by their paths in the folder without suffix; poses are known by file names."""
    if part not in PARTS:
        raise UserError(f"a data set has no part '{part}', {nearest(part, PARTS)}")
    if not root.is_dir():
        raise UserError(f"expected a folder of images '{root}', which does not exist: check the path")
    if recognisers(root):
        sets = [picture_set(root, each) for each in PARTS[part]]
        place = _Place(out, f"-{part}")
        files = {name: file for each in sets for name, file in zip(each.names, each.files, strict=True)}
    else:
        place = _Place(out, "")
        own = (out / MASKS).resolve()  # where `out` lies under `root`
        listed = [file for file in image_files(root, recursive=True) if own not in file.resolve().parents]
        files = {file.relative_to(root).with_suffix("").as_posix(): file for file in listed}
        if len(files) < len(listed):
            raise UserError(f"'{root}' has images that differ in their suffix only, and masks would: rename them")
    if not files:
        raise UserError(f"found no image in the folder '{root}' or under it: is it the right folder?")
    twice = [name for name, count in Counter(file.name for file in files.values()).items() if count > 1]
    if twice:
        first = [name for name, file in files.items() if file.name == twice[0]]
        raise UserError(
            f"poses are known by file name, and {len(twice):,} name(s) stand for several images under '{root}', first "
            f"'{twice[0]}' in '{Path(first[0]).parent}' and '{Path(first[1]).parent}': name one of its folders"
        )
    return place, files


def _found_before(place: _Place, header: dict[str, Any], files: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """The poses of an earlier call with the same settings, by file name."""
    if place.folder.exists() and not place.folder.is_dir():
        raise UserError(f"'{place.folder}' is a file, and poses need a folder: {REMEDY}")
    if not place.record.is_file():
        planned = [place.partial, place.complete, *(place.mask(name) for name in files if header["masks"])]
        foreign = [path for path in planned if path.is_file()]
        if foreign:
            raise UserError(f"'{foreign[0]}' was not written by an extraction, which would replace it: {REMEDY}")
        return {}
    try:
        before = dict(json.loads(place.record.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise UserError(f"'{place.record}' is no record of an extraction ({error}): {REMEDY}") from error
    for key in header.keys() - {"commit"}:
        if before.get(key) != header[key]:
            there, here = json.dumps(before.get(key)), json.dumps(header[key])
            raise UserError(f"'{place.folder}' holds other poses ({key}: {there} there, {here} here): {REMEDY}")
    found = next((path for path in (place.partial, place.complete) if path.is_file()), None)
    poses = read_annotations(found) if found else {}
    strangers = sorted(poses.keys() - {file.name for file in files.values()})
    if strangers:
        raise UserError(f"'{found}' has poses of other images, {_some(strangers)}: {REMEDY}")
    return poses


def _look(
    estimator: Callable[[np.ndarray], Any],
    left: Mapping[str, Path],
    poses: dict[str, np.ndarray],
    place: _Place,
    min_confidence: float,
    masks: bool,
    total: int,
) -> None:
    """Add the pose of each image that is left to ``poses``, and write its mask."""
    empty = _empty(poses)
    try:
        for number, (name, file) in enumerate(tqdm(left.items(), desc="looking", unit="image", disable=None), start=1):
            image = decode(file)
            points, confidence, mask = _checked(estimator(image), estimator, image.shape[:2])
            if masks and mask is not None:
                with atomic_path(place.mask(name)) as temporary:
                    temporary.write_bytes(cv2.imencode(".png", mask)[1].tobytes())
            poses[file.name] = whole_pixels(points, confidence, image.shape[:2], min_confidence)
            empty += _empty({file.name: poses[file.name]})
            _refuse_mostly_empty(empty, total, place)
            if number % INTERVAL == 0:
                write_annotations(place.partial, poses)
    finally:
        if poses:
            write_annotations(place.partial, poses)


def whole_pixels(
    points: np.ndarray, confidence: np.ndarray, size: tuple[int, int], min_confidence: float
) -> np.ndarray:
    """A pose as it is written: 18 x 2 int64 in the image, ``MISSING`` where the estimator says so or is not sure."""
    there = (points != MISSING).any(axis=1) & (confidence >= min_confidence)
    inside = np.clip(np.rint(points), 0, np.array(size) - 1)
    return np.where(there[:, None], inside, MISSING).astype(np.int64)


def _checked(answer: Any, estimator: object, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The answer of an estimator, which may come from outside."""
    name = type(estimator).__name__
    if not isinstance(answer, tuple) or len(answer) != 3:
        raise UserError(f"{name} gives points, confidence and mask (or None), got {type(answer).__name__}: mend it")
    points, confidence = (np.asarray(each, np.float64) for each in answer[:2])
    mask = answer[2]
    number = len(JOINTS)
    if points.shape != (number, 2) or confidence.shape != (number,) or not np.isfinite(points).all():
        raise UserError(
            f"{name} gives {number} x 2 finite points and {number} confidences, got {points.shape} and "
            f"{confidence.shape}: mend it"
        )
    if mask is not None and (mask.dtype != np.uint8 or mask.shape != size or not np.isin(mask, (0, 255)).all()):
        raise UserError(f"{name} gives masks of 255 (person) and 0 (rest), {size[0]} x {size[1]} uint8: mend it")
    return points, confidence, mask


def _summary(place: _Place, poses: Mapping[str, np.ndarray]) -> Extraction:
    gone = np.stack([(pose == MISSING).all(axis=1) for pose in poses.values()])
    missing = dict(zip(JOINTS, gone.sum(axis=0).tolist(), strict=True))
    return Extraction(place.complete, len(poses), missing, tuple(_empty(poses)))


def _refuse_mostly_empty(empty: list[str], total: int, place: _Place) -> None:
    """As soon as it is certain that most images will have no point."""
    if 2 * len(empty) > total:
        raise UserError(
            f"the estimator finds no point in most images, so far in {_some(empty)} of {total:,} (what it found stands "
            f"in '{place.partial}'): give it larger images, or another backend and folder"
        )


def _empty(poses: Mapping[str, np.ndarray]) -> list[str]:
    return sorted(name for name, pose in poses.items() if (pose == MISSING).all())


def _some(names: tuple[str, ...] | list[str], shown: int = 3) -> str:
    """The number of the names, and the first of them."""
    listed = ", ".join(f"'{name}'" for name in names[:shown])
    return f"{len(names):,} ({listed}{', ...' if len(names) > shown else ''})"
