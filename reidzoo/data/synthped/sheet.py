"""A contact sheet: one row a person, the cameras side by side, to judge a render with one's own eyes."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path
from reidzoo.data.synthped.paint import HEIGHT, WIDTH

GAP = 4


def contact_sheet(root: str | Path, out: str | Path, rows: int = 10, columns: int = 12) -> None:
    """Draw ``rows`` training identities of the render in ``root``, up to ``columns`` images each, into the PNG ``out``.

    Raises:
        UserError: ``root`` holds no training images.
    """
    names = sorted(path.name for path in (Path(root) / "bounding_box_train").glob("*.jpg"))
    if not names:
        raise UserError(f"'{root}' should be a SynthPed folder, without images in bounding_box_train: render it")
    people = [list(group) for _, group in groupby(names, key=lambda name: name.split("_")[0])]
    chosen = people[:: max(1, len(people) // rows)][:rows]
    cell = np.array([HEIGHT + GAP, WIDTH + GAP])
    sheet = np.full((*(cell * (len(chosen), columns) + GAP), 3), 255, np.uint8)
    for row, person in enumerate(chosen):
        for column, name in enumerate(person[:columns]):
            top, left = cell * (row, column) + GAP
            sheet[top : top + HEIGHT, left : left + WIDTH] = cv2.imread(str(Path(root) / "bounding_box_train" / name))
    with atomic_path(out) as temporary:
        cv2.imwrite(str(temporary), sheet)
