"""A picture gets below its limit with as little change as that takes, or is refused."""

import cv2
import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.visualization.png_size import fit_png


@pytest.fixture
def picture(tmp_path):
    """A PNG file of noise between black and white."""
    path = tmp_path / "picture.png"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    noise[0, :2] = [[0, 0, 0], [255, 255, 255]]
    assert cv2.imwrite(str(path), noise)
    return path, noise


@pytest.mark.parametrize(("limit", "change"), [(100_000, 0), (11_700, 1), (10_900, 2), (8_800, 7)])
def test_the_first_step_that_fits(picture, limit, change):
    path, noise = picture
    fit_png(path, limit)
    assert path.stat().st_size < limit
    found = cv2.imread(str(path)).astype(int)
    assert np.abs(found - noise).max() == change
    assert found[0, :2].tolist() == [[0, 0, 0], [255, 255, 255]]


def test_refused(picture):
    path, _ = picture
    before = path.read_bytes()
    with pytest.raises(UserError, match="expected fewer than 100: draw fewer rows"):
        fit_png(path, 100)
    assert path.read_bytes() == before
