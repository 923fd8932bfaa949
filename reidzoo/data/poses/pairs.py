"""Pairs of images of one identity: which may be used, which the literature tests on, and their file.

The file's first row is ``from,to``, then comes one pair of file names a row: source, target.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text
from reidzoo.base.skeletons import MISSING, TORSO

HEADER = ["from", "to"]
#: how the names of junk and distractors begin in Market-1501's test set
NOBODY = ("-1", "0000")
#: pairs that the literature tests on
TEST_PAIRS = 12_000


def read_pairs(path: str | Path) -> list[tuple[str, str]]:
    """The pairs of a file, (source, target), in its order.

    Raises:
        UserError: there is no such file, it begins otherwise, rows are not two names, or there is none.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"there is no file of pairs '{path}': correct its name")
    header, *rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8")))) or [[]]
    if header != HEADER:
        raise UserError(f"a file of pairs begins with 'from,to', '{path}' begins with '{','.join(header)[:60]}'")
    broken = [number for number, row in enumerate(rows, start=2) if len(row) != 2 or not all(row)]
    if broken:
        raise UserError(
            f"'{path}': {len(broken):,} of {len(rows):,} rows cannot be read, first line {broken[0]}: "
            "each needs two file names, separated by a comma"
        )
    if not rows:
        raise UserError(f"'{path}' has no pair behind its first row: write one pair of file names a row")
    return [(source, target) for source, target in rows]


def write_pairs(path: str | Path, pairs: Sequence[tuple[str, str]]) -> None:
    """Write pairs of file names in their order, atomically."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *pairs])
    write_text(path, text.getvalue())


def has_torso(pose: np.ndarray) -> bool:
    """Whether both shoulders and both hips of a pose (18 x 2) are visible: they carry the scale and the position."""
    return bool((pose[list(TORSO)] > MISSING).all())


def valid_pairs(poses: Mapping[str, np.ndarray]) -> list[tuple[str, str]]:
    """All ordered pairs of images of one identity whose torso is visible (released code of Siarohin et al., CVPR 2018).

    The identity is what stands before the first ``_`` of a name, as in Market-1501 and DukeMTMC-reID; junk and
    distractors of Market-1501 are nobody.

    Args:
        poses: 18 x 2 by file name; its order is that of identities and of the images of each.
    """
    persons: dict[str, list[str]] = {}
    for name, pose in poses.items():
        if has_torso(pose) and not name.startswith(NOBODY):
            persons.setdefault(name.split("_")[0], []).append(name)
    return [pair for names in persons.values() for pair in permutations(names, 2)]


def draw_test_pairs(pairs: Sequence[tuple[str, str]], count: int = TEST_PAIRS) -> list[tuple[str, str]]:
    """``count`` of the pairs, always the same, or all of them where there are fewer.

    The literature's list for Market-1501 is ``sample(n=12000, replace=False, random_state=0)`` of a pandas table; that
    is the call below (``sample`` in pandas/core/sample.py), of a generator whose stream numpy keeps for good.
    """
    if count >= len(pairs):
        return list(pairs)
    rows = np.random.RandomState(0).choice(len(pairs), size=count, replace=False)
    return [pairs[row] for row in rows]
