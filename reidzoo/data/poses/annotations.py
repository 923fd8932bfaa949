"""The annotation file of the pose transfer literature: one row an image, all points in whole pixels.

First row ``name:keypoints_y:keypoints_x``, then ``0002_c1s1_000451_03.jpg: [18 numbers]: [18 numbers]``: separated by
colons, lists of JSON, y before x, the order of :data:`reidzoo.base.skeletons.JOINTS`, -1 in both for a missing point.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text
from reidzoo.base.skeletons import JOINTS, MISSING

HEADER = "name:keypoints_y:keypoints_x"


def read_annotations(path: str | Path) -> dict[str, np.ndarray]:
    """The pose of each image by the image's file name, in the file's order.

    Returns:
        18 x 2 int64 arrays, (y, x) in pixels; a point of which either is missing is missing in both.

    Raises:
        UserError: there is no such file, it begins otherwise, rows cannot be read, or it names an image twice.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"there is no file of poses '{path}': correct its name, or find the poses of your images first")
    header, *rows = path.read_text(encoding="utf-8").splitlines() or [""]
    if header.strip() != HEADER:
        raise UserError(f"a file of poses begins with '{HEADER}', '{path}' begins with '{header[:60]}': is it another?")
    poses: dict[str, np.ndarray] = {}
    broken, twice = [], []
    for number, row in enumerate(rows, start=2):
        try:
            name, pose = _parse(row)
        except ValueError:
            broken.append(number)
            continue
        if name in poses:
            twice.append(name)
        poses[name] = pose
    if broken:
        raise UserError(
            f"'{path}': {len(broken):,} of {len(rows):,} rows cannot be read, first line {broken[0]}: each needs a "
            f"name and two lists of {len(JOINTS)} whole numbers of at least {MISSING}, separated by colons"
        )
    if twice:
        raise UserError(f"'{path}' names {len(twice):,} image(s) twice, first '{twice[0]}': keep one pose of each")
    return poses


def write_annotations(path: str | Path, poses: Mapping[str, np.ndarray]) -> None:
    """Write the pose of each image, sorted by name, atomically.

    Args:
        path: of the file.
        poses: by file name without folder, 18 x 2, (y, x) in pixels; fractions are rounded.
    """
    lines = [HEADER]
    for name in sorted(poses):
        y, x = np.rint(np.asarray(poses[name])).astype(np.int64).T.tolist()
        lines.append(f"{name}: {y}: {x}")
    write_text(path, "\n".join(lines) + "\n")


def _parse(row: str) -> tuple[str, np.ndarray]:
    name, *lists = row.split(":")
    numbers = [json.loads(text) for text in lists]  # a JSONDecodeError is a ValueError
    shaped = len(numbers) == 2 and all(isinstance(values, list) and len(values) == len(JOINTS) for values in numbers)
    if (
        not name
        or not shaped
        or not all(type(value) is int and value >= MISSING for value in [*numbers[0], *numbers[1]])
    ):
        raise ValueError(row)
    pose = np.array(numbers, dtype=np.int64).T
    pose[(pose == MISSING).any(axis=1)] = MISSING
    return name, pose
