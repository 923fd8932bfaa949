"""A pose in every form that people have it: an image whose pose is in a file, a row of such a file, OpenPose's JSON."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reidzoo.base.errors import UserError, nearest
from reidzoo.base.skeletons import JOINTS, MISSING, TORSO
from reidzoo.data.datasets.reading import decode
from reidzoo.data.poses.annotations import read_annotations
from reidzoo.data.poses.openpose import read_openpose

#: names of files of poses: those of tools/extract_pose.py and of SynthPed, and those of Deformable GAN's authors
PATTERNS = ("keypoints*.csv", "*annotation*.csv")
#: poses of a file that together tell how large its images are
ENOUGH_POSES = 20


class FoundPose(NamedTuple):
    """A pose, and what it was found on.

    Attributes:
        name: of the image, or of the file, as errors call it.
        points: 18 x 2 int64, (y, x) in pixels of the picture it was found on, -1 in both where missing.
        image: that picture, H x W x 3 uint8 RGB; None where only its pose is known.
    """

    name: str
    points: np.ndarray
    image: np.ndarray | None


def find_pose(where: str | Path, annotations: str | Path | None = None) -> FoundPose:
    """The pose that a person means.

    Args:
        where: ``FILE.csv:NAME``, the row of that name in a file of poses; ``FILE.json``, what OpenPose wrote of an
            image; or an image, whose row is that of its file name.
        annotations: file of poses in which images are looked for first; then come the files
            ``keypoints*.csv`` and ``*annotation*.csv`` in the image's folder and in the one above.

    Raises:
        UserError: a file that is absent or cannot be read, no row of that name, an image twice as large as the poses of
            its file reach, a pose without any point, or one without both shoulders and both hips.
    """
    file, marker, name = str(where).partition(".csv:")
    if marker:
        found = FoundPose(name, _row(read_annotations(f"{file}.csv"), f"{file}.csv", name), None)
    elif Path(where).suffix == ".csv":
        raise UserError(f"'{where}' has the poses of many images: say of which, as '{where}:NAME'")
    elif Path(where).suffix == ".json":
        found = FoundPose(str(where), read_openpose(where), None)
    else:
        file_of_poses, poses = _poses_beside(Path(where), annotations)
        found = FoundPose(str(where), _row(poses, file_of_poses, Path(where).name), decode(Path(where)))
        _require_size(found, file_of_poses, poses)
    _require_torso(found)
    return found


def _poses_beside(image: Path, annotations: str | Path | None) -> tuple[Path, Mapping[str, np.ndarray]]:
    """The file of poses that knows ``image``, and what is in it; the one that was named, where none does."""
    if not image.is_file():
        raise UserError(f"there is no image '{image}': correct its name")
    given = [] if annotations is None else [Path(annotations)]
    folders = (image.absolute().parent, image.absolute().parent.parent)
    beside = [file for folder in folders for pattern in PATTERNS for file in sorted(folder.glob(pattern))]
    for file in [*given, *beside]:
        poses = read_annotations(file)
        if image.name in poses:
            return file, poses
    if given:
        return given[0], read_annotations(given[0])  # its names tell what is near
    looked = f"are {len(beside)} file(s) of poses, none with its pose," if beside else "is no file of poses"
    raise UserError(
        f"there {looked} beside '{image}' and in the folder above: name the file that has it (--annotations), "
        "or a pose as FILE.csv:NAME, or find it with tools/extract_pose.py"
    )


def _require_size(found: FoundPose, file: Path, poses: Mapping[str, np.ndarray]) -> None:
    """Refuse an image twice as large as those whose poses the file has; smaller ones have no room for the points."""
    reach = np.max([points.max(axis=0) for points in poses.values()], axis=0) + 1
    size = np.asarray(found.image.shape[:2])
    if len(poses) >= ENOUGH_POSES and (2 * reach <= size).all():
        raise UserError(
            f"'{found.name}' has {size[0]} x {size[1]} pixels (height x width), and no point of the {len(poses):,} "
            f"poses in '{file}' lies beyond {reach[0]} x {reach[1]}: give the image in the size in which its pose was "
            "found"
        )


def _row(poses: Mapping[str, np.ndarray], file: str | Path, name: str) -> np.ndarray:
    if name in poses:
        return poses[name]
    close = difflib.get_close_matches(name, poses, n=3)  # a file of poses is too long to be listed
    hint = nearest(name, close) if close else f"its first name is '{next(iter(poses), '')}'"
    raise UserError(f"'{file}' has no pose of '{name}' among its {len(poses):,}: {hint}")


def _require_torso(found: FoundPose) -> None:
    there = (found.points > MISSING).all(axis=1)
    if not there.any():
        raise UserError(f"the pose of '{found.name}' has no point at all, nobody was found there: take another")
    lacking = [JOINTS[joint] for joint in TORSO if not there[joint]]
    if lacking:
        raise UserError(
            f"the pose of '{found.name}' lacks {' and '.join(lacking)}: methods learn from poses whose shoulders and "
            "hips are visible, take such a one"
        )
