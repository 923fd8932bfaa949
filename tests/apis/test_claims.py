"""The page of claims: read strictly, judged from rows, one verdict from several parts."""

import json

import pytest

from reidzoo.apis import claims
from reidzoo.apis.claims import read_claims
from reidzoo.apis.claims_page import claims_text
from reidzoo.base.errors import UserError

CLAIM = """
[[claims]]
name = "toy"
claim = "A is better than B"
published = "1 against 0"
source = "a paper"
judged = []
images = [{{ text = "A has a lower FID", metric = "fid (x)", better = "{better}", a = "{a}", b = "b" }}]
"""


def write_rows(folder, name, values, real="toy"):
    for seed, value in enumerate(values):
        row = {"kind": "images", "real": real, "counts": {"real": 3, "fake": 3}, "size": [8, 4], "generator": None,
               "metrics": {"fid (x)": value}}  # fmt: skip
        (folder / f"{name}.images.seed{seed}.json").write_text(json.dumps(row))


@pytest.fixture
def read(tmp_path):
    def run(a, b=(10.0,), better="lower", text=None, **kwargs):
        write_rows(tmp_path, "a", a, **kwargs)
        write_rows(tmp_path, "b", b)
        file = tmp_path / "claims.toml"
        file.write_text(text or CLAIM.format(better=better, a="a"))
        return read_claims(file, results=tmp_path)

    return run


def test_all_shipped_claims_are_read_and_every_verdict_is_one_of_four():
    shipped = read_claims()
    assert len(shipped) >= 20
    verdicts = {claims.HOLDS, claims.HOLDS_IN_PART, claims.DOES_NOT_HOLD, claims.UNDECIDED}
    assert {claim.verdict for claim in shipped} <= verdicts
    for claim in shipped:
        assert claim.tried or claim.verdict not in (claims.DOES_NOT_HOLD,), f"{claim.name}: say what was tried"


def test_one_row_a_side_decides_nothing_but_says_its_direction(read):
    (claim,) = read([4.0])
    assert claim.verdict == claims.UNDECIDED
    assert claim.images[0].gain == 6.0
    assert "| +6.000 | not resolved (one seed on a side, as claimed) |" in claims_text([claim])
    (claim,) = read([40.0])
    assert "against the claim" in claims_text([claim])


@pytest.mark.parametrize(
    ("a", "better", "verdict"),
    [((4.0, 4.1, 4.2), "lower", claims.HOLDS), ((4.0, 4.1, 4.2), "higher", claims.DOES_NOT_HOLD),
     ((4.0, 10.0, 16.0), "lower", claims.UNDECIDED)],
)  # fmt: skip
def test_several_rows_decide(read, a, better, verdict):
    (claim,) = read(a, b=(10.0, 10.1, 9.9), better=better)
    assert claim.verdict == verdict


def test_parts_that_differ_hold_in_part(read):
    second = ', { text = "x", metric = "fid (x)", better = "higher", a = "a", b = "b" }]'
    text = CLAIM.format(better="lower", a="a").replace(" }]", " }" + second)
    (claim,) = read((4.0, 4.1, 4.2), b=(10.0, 10.1, 9.9), text=text)
    assert claim.verdict == claims.HOLDS_IN_PART


def test_mistakes_are_named(read):
    with pytest.raises(UserError, match="better is 'higher' or 'lower', got 'smaller'"):
        read([1.0], better="smaller")
    with pytest.raises(UserError, match="other sets, counts or sizes"):
        read([1.0], real="another")
    with pytest.raises(UserError, match="lacks the metric 'fid \\(y\\)'"):
        read([1.0], text=CLAIM.format(better="lower", a="a").replace("fid (x)", "fid (y)"))
    with pytest.raises(UserError, match="no table has the claim 'recipes: absent'"):
        read([1.0], text=CLAIM.format(better="lower", a="a").replace("judged = []", 'judged = ["recipes: absent"]'))
    with pytest.raises(UserError, match="the name 'toy' stands twice"):
        read([1.0], text=2 * CLAIM.format(better="lower", a="a"))
