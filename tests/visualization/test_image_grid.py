"""Grids of images: every image in its cell."""

import cv2
import numpy as np
import pytest

from reidzoo.base.errors import UserError
from reidzoo.visualization import draw_image_grid
from reidzoo.visualization.canvas import MARGIN, TITLE
from reidzoo.visualization.image_grid import GAP, HEADER, IMAGE

ROWS = [[np.full((128, 64, 3), 60 * row + 20 * column, np.uint8) for column in range(3)] for row in range(2)]


def read(path):
    return cv2.imread(str(path))[:, :, ::-1]


def test_images_stand_in_their_cells(tmp_path):
    draw_image_grid(tmp_path / "grid.png", ROWS)
    picture = read(tmp_path / "grid.png")
    assert picture.shape == (2 * (MARGIN + IMAGE) + GAP, 2 * MARGIN + 3 * 128 + 2 * GAP, 3)
    for row, images in enumerate(ROWS):
        for column, image in enumerate(images):
            y, x = MARGIN + row * (IMAGE + GAP), MARGIN + column * (128 + GAP)
            assert (picture[y : y + IMAGE, x : x + 128] == image[0, 0, 0]).all(), (row, column)


def test_titles_get_room(tmp_path):
    draw_image_grid(tmp_path / "plain.png", ROWS)
    draw_image_grid(tmp_path / "titled.png", ROWS, ["source", "translated", "back"], ["day", "dusk"], "CycleGAN")
    plain, titled = read(tmp_path / "plain.png"), read(tmp_path / "titled.png")
    assert titled.shape[0] == plain.shape[0] + TITLE + HEADER
    assert titled.shape[1] > plain.shape[1]
    top = MARGIN + TITLE
    assert (titled[top : top + HEADER] < 200).any()  # the names of the columns
    assert (titled[top + HEADER :, :MARGIN] == 255).all()
    assert (titled[top + HEADER :, MARGIN : MARGIN + 30] < 200).any()  # the names of the rows


def test_large_images_are_made_smaller(tmp_path):
    draw_image_grid(tmp_path / "grid.png", [[np.full((1024, 512, 3), 99, np.uint8)]])
    picture = read(tmp_path / "grid.png")
    assert picture.shape == (IMAGE + 2 * MARGIN, 128 + 2 * MARGIN, 3)
    assert (picture[MARGIN:-MARGIN, MARGIN:-MARGIN] == 99).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([],), "rows of one length"),
        (([[], []],), r"got lengths \[0\]"),
        (([ROWS[0], ROWS[1][:2]],), r"got lengths \[2, 3\]"),
        ((ROWS, ["source"]), r"3 column\(s\) but 1 column titles"),
        ((ROWS, (), ["a", "b", "c"]), r"2 row\(s\) but 3 row titles"),
        (([[ROWS[0][0] / 255]],), "row 1, column 1 should be .* got float64"),
    ],
)
def test_a_grid_that_cannot_be_drawn_is_refused(tmp_path, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        draw_image_grid(tmp_path / "grid.png", *arguments)
    assert not list(tmp_path.iterdir())
