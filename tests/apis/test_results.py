"""What a row prints, old rows included."""

import pytest

from reidzoo.apis.results import camera_pairs_table, results_table
from reidzoo.base.errors import UserError

ROW = {"method": "IDE", "data": "toy test", "metrics": {"mAP_step": 74.9368, "num_queries": 1599}}


def test_a_row_prints_its_metrics_its_interval_and_its_flavour():
    lines = results_table({**ROW, "ranking": "cosine", "mAP_step_ci95": [73.0, 76.5]}).splitlines()
    assert "IDE on toy test" in lines[0]
    assert "74.94" in lines[3]
    assert "1,599" in lines[3]
    assert lines[-2:] == ["ranking: cosine", "mAP_step, 95 % interval over queries: 73.00 to 76.50"]


def test_older_rows_print_what_they_have():
    assert results_table(ROW).splitlines()[-1].startswith("+--")


def test_camera_pairs():
    pairs = {"ranking": "euclidean", "camids": [0, 3], "rank1": [[None, 87.31], [90.0, None]]}
    lines = camera_pairs_table({**ROW, "camera_pairs": pairs}).splitlines()
    assert "ranking: euclidean" in lines[0]
    assert lines[2].split("|")[2:4] == [" c1   ", " c4   "]
    assert lines[4].split("|")[1:4] == [" c1 ", "      ", " 87.3 "]
    assert lines[5].split("|")[1:4] == [" c4 ", " 90.0 ", "      "]
    with pytest.raises(UserError, match=r"no camera pairs: test again with tools/test.py --camera-pairs"):
        camera_pairs_table(ROW)
