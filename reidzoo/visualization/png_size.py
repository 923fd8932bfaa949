"""Pictures that a repository keeps: PNG files of no more bytes than they may have."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from reidzoo.base.errors import UserError

#: distances of grey levels, divisors of 255; rounding to every third changes no value by more than one
STEPS = (1, 3, 5, 15)
BEST = (cv2.IMWRITE_PNG_COMPRESSION, 9)


def fit_png(path: Path, limit: int) -> None:
    """Write a PNG file anew, so that it has fewer than ``limit`` bytes: with as many grey levels as that allows.

    Args:
        path: the file, replaced in place; callers make this atomic.
        limit: in bytes.

    Raises:
        UserError: 18 grey levels a channel are still too many.
    """
    picture = cv2.imread(str(path))
    for step in STEPS:
        coarse = (np.rint(picture / step) * step).astype(np.uint8)
        content = cv2.imencode(".png", coarse, BEST)[1].tobytes()
        if len(content) < limit:
            path.write_bytes(content)
            return
    raise UserError(f"'{path}' has {len(content):,} bytes, expected fewer than {limit:,}: draw fewer rows")
