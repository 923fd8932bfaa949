"""Ranked lists as pictures: what is where, and what is refused."""

import cv2
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from reidzoo.base.errors import UserError
from reidzoo.visualization import RankedList, draw_ranked_lists
from reidzoo.visualization.canvas import BLUE, GREEN, GREY, VERMILION
from reidzoo.visualization.ranked_lists import FRAME, GAP, HEADER, IMAGE, MARGIN, QUERY_GAP, ROW, TITLE

MARKS = ["right", "wrong", "junk"]


def crop(value=0, size=(128, 64)):
    return np.full((*size, 3), value, np.uint8)


def ranked(marks=MARKS, **changes):
    fields = {
        "query": crop(10),
        "query_title": "id 7 c1",
        "gallery": [crop(25 * (rank + 1)) for rank in range(len(marks))],
        "marks": marks,
        "captions": [f"0.{rank + 1} c2" for rank in range(len(marks))],
    }
    return RankedList(**fields | changes)


def read(path):
    return cv2.imread(str(path))[:, :, ::-1]


def rgb(colour):
    return [round(255 * part) for part in to_rgb(colour)]


def left_of(rank):
    """Left edge of the image of a rank; 0 is the query. 128 x 64 crops are drawn 256 x 128."""
    return MARGIN if rank == 0 else MARGIN + 128 + QUERY_GAP + (rank - 1) * (128 + GAP)


def test_frames_tell_the_marks_and_images_stand_in_rank_order(tmp_path):
    draw_ranked_lists(tmp_path / "lists.png", [ranked(), ranked(MARKS[::-1])])
    picture = read(tmp_path / "lists.png")
    for row, colours in enumerate([(BLUE, GREEN, VERMILION, GREY), (BLUE, GREY, VERMILION, GREEN)]):
        top = MARGIN + HEADER + row * ROW
        for rank, colour in enumerate(colours):
            left = left_of(rank)
            for x, y in ((left - FRAME // 2, top + 100), (left + 128 + 2, top + 100), (left + 60, top - 3)):
                assert picture[y, x].tolist() == rgb(colour), (row, rank)
            assert (picture[top : top + 200, left : left + 128] == (25 * rank or 10)).all(), (row, rank)


def test_the_mark_is_told_without_colour_too(tmp_path):
    draw_ranked_lists(tmp_path / "lists.png", [ranked()])
    picture = read(tmp_path / "lists.png")
    bottom = MARGIN + HEADER + IMAGE
    badges = [picture[bottom - 30 : bottom, left_of(rank) + 98 : left_of(rank) + 128] for rank in (1, 2, 3)]
    white = [(badge > 250).all(axis=2)[4:26, 4:26] for badge in badges]  # inside the white rim
    assert all(20 < symbol.sum() < 150 for symbol in white)
    assert not any((white[a] == white[b]).all() for a, b in ((0, 1), (0, 2), (1, 2)))


def test_enlarged_crops_keep_their_pixels(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (128, 64, 3)).astype(np.uint8)
    draw_ranked_lists(tmp_path / "lists.png", [ranked(query=noise)])
    top = MARGIN + HEADER
    drawn = read(tmp_path / "lists.png")[top : top + 256, MARGIN : MARGIN + 128]
    np.testing.assert_array_equal(drawn[::2, ::2], noise)
    np.testing.assert_array_equal(drawn[1::2, 1::2], noise)


def test_the_picture_grows_with_rows_ranks_and_title(tmp_path):
    def size(lists, title=""):
        draw_ranked_lists(tmp_path / "lists.png", lists, title)
        return np.array(read(tmp_path / "lists.png").shape[:2])

    base = size([ranked(MARKS * 2)])
    assert (size([ranked(MARKS * 2)] * 3) - base).tolist() == [2 * ROW, 0]
    assert (size([ranked(MARKS * 3)]) - base).tolist() == [0, 3 * (128 + GAP)]
    assert (size([ranked(MARKS * 2)], "Market1501") - base).tolist() == [TITLE, 0]
    assert size([ranked()], "a title " * 30)[1] > 2000  # it is never cut off


def test_rows_of_different_lengths_and_images_of_different_sizes(tmp_path):
    short = ranked(["right"], gallery=[crop(200, size=(60, 60))])
    draw_ranked_lists(tmp_path / "lists.png", [ranked(), short])
    picture, top = read(tmp_path / "lists.png"), MARGIN + HEADER + ROW
    assert (picture[top + 100, left_of(1) + 20] == 200).all()  # square, in the middle of its cell
    assert picture[top - 3, left_of(1) + 60].tolist() == rgb(GREEN)
    assert (picture[top - 10 : top + IMAGE, left_of(2) : left_of(2) + 128] == 255).all()


def test_long_captions_widen_the_cells(tmp_path):
    draw_ranked_lists(tmp_path / "short.png", [ranked()])
    draw_ranked_lists(tmp_path / "long.png", [ranked(captions=["a very long caption indeed", "", " "])])
    assert read(tmp_path / "long.png").shape[1] > read(tmp_path / "short.png").shape[1] + 200


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    path = tmp_path / "new folder" / "lists.png"
    draw_ranked_lists(path, [ranked()])
    assert list(path.parent.iterdir()) == [path]
    before = path.read_bytes()
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        draw_ranked_lists(path, [ranked()])
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"query": crop().astype(np.float32)}, r"query 'id 7 c1' should be .* uint8 RGB array, got float32 \(128"),
        ({"gallery": [crop(), crop()[:, :, 0], crop()]}, r"gallery image 2 of 'id 7 c1'.*got uint8 \(128, 64\)"),
        ({"query": crop()[:0]}, r"got uint8 \(0, 64, 3\)"),
        ({"query": [[0]]}, "got list"),
        ({"marks": ["right", "wrong", "rigth"]}, "no mark 'rigth', did you mean 'right'"),
        ({"captions": ["0.1"]}, "got 3 images, 3 marks and 1 captions"),
        ({"gallery": [], "marks": [], "captions": []}, "at least one gallery image"),
    ],
)
def test_a_row_that_cannot_be_drawn_is_refused(changes, sentence):
    with pytest.raises(UserError, match=sentence):
        ranked(**changes)


def test_no_list_is_refused(tmp_path):
    with pytest.raises(UserError, match="no ranked list to draw"):
        draw_ranked_lists(tmp_path / "lists.png", [])
    assert not list(tmp_path.iterdir())
