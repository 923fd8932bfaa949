"""Verdicts: against the formula in float64, on simulated claims, and what cannot be judged."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from reidzoo.apis.comparing import FAILS, HOLDS, NOT_RESOLVED, compare, describe, row_files
from reidzoo.apis.query_tables import QueryTable, queries_file, write_queries
from reidzoo.apis.results import write_json
from reidzoo.base.errors import UserError


@pytest.fixture
def side(tmp_path):
    """Write rows and tables, one a run, from R x Q average precisions; returns the files."""

    def write(name, values, *, first_match=None, checkpoints=None, images=None, **changes):
        values = np.atleast_2d(values)
        files = []
        for seed, scores in enumerate(values):
            count = len(scores)
            table = QueryTable(
                images=tuple(images or (f"query/{number}.jpg" for number in range(count))),
                pids=np.arange(1, count + 1), camids=np.zeros(count, np.int64),
                ap_step=scores, ap_official=scores / 2, inp=scores / 4,
                first_match=np.where(np.isnan(scores), 0, 1 if first_match is None else first_match),
            )  # fmt: skip
            row = {
                "config": f"{name}.py", "options": {}, "data": "toy", "train_split": "toy train", "seed": seed,
                "ranking": "euclidean", "metrics": {}, "queries": f"{name}.seed{seed}.queries.csv",
                "checkpoint_sha256": f"{name}{seed}" if checkpoints is None else checkpoints[seed], **changes,
            }  # fmt: skip
            files.append(tmp_path / f"{name}.seed{seed}.json")
            write_json(files[-1], row)
            write_queries(queries_file(files[-1]), table)
        return files

    return write


def scores(rng, runs, count, mean, seed_spread=0.0, query=None, noise=0.1):
    """R x Q: what a query is worth, what a seed is worth, and noise."""
    query = 0.2 * rng.standard_normal(count) if query is None else query
    return mean + query + seed_spread * rng.standard_normal((runs, 1)) + noise * rng.standard_normal((runs, count))


def twin(a, b, scale=1.0, paired=False):
    """The interval from the formulas, in plain float64; the variance over queries in closed form, without drawing."""
    count = a.shape[1]
    of_query = scale * a.mean(0) - b.mean(0)
    variances = [(((of_query - of_query.mean()) ** 2).sum() / count**2, math.inf)]
    groups = [scale * a.mean(1) - b.mean(1)] if paired else [scale * a.mean(1), b.mean(1)]
    for means in groups:
        runs = len(means)
        variances.append((((means - means.mean()) ** 2).sum() / (runs - 1) / runs, runs - 1))
    total = sum(variance for variance, _ in variances)
    freedom = total**2 / sum(variance**2 / df for variance, df in variances)
    half = stats.t.ppf(0.975, freedom) * math.sqrt(total)
    return of_query.mean(), of_query.mean() - half, of_query.mean() + half, freedom


@pytest.mark.parametrize(("scale", "paired"), [(1.0, False), (0.5, False), (1.0, True)])
def test_agrees_with_the_formula(side, scale, paired):
    rng = np.random.default_rng(0)
    query = 0.2 * rng.standard_normal(300)
    a, b = (
        scores(rng, 3, 300, 0.7, 0.01, query).round(5),
        scores(rng, 3 if paired else 4, 300, 0.6, 0.02, query).round(5),
    )
    checkpoints = {"checkpoints": ["x", "y", "z"]} if paired else {}
    found = compare(side("a", a, **checkpoints), side("b", b, **checkpoints), scale_a=scale)
    difference, low, high, freedom = twin(a, b, scale, paired)
    assert found.difference == pytest.approx(100 * difference, rel=1e-9)
    assert found.interval == pytest.approx((100 * low, 100 * high), abs=0.06 * 100 * (high - low))  # it draws 1,000
    assert found.degrees_of_freedom == pytest.approx(freedom, rel=0.1)
    assert (found.paired, found.num_queries, found.runs_a, found.runs_b) == (paired, 300, 3, len(b))
    assert (found.mean_a, found.mean_b) == pytest.approx((100 * a.mean(), 100 * b.mean()))


def test_known_values_where_only_seeds_vary(side):
    """Every query scores alike in a run, so the interval is Welch's t interval of the runs' means."""
    a, b = np.repeat([[0.70], [0.72], [0.74]], 4, axis=1), np.repeat([[0.60], [0.61]], 4, axis=1)
    found = compare(side("a", a), side("b", b))
    welch = stats.ttest_ind([70, 72, 74], [60, 61], equal_var=False).confidence_interval()
    assert found.interval == pytest.approx((welch.low, welch.high))
    assert (found.query_error, found.outcome) == (pytest.approx(0, abs=1e-9), HOLDS)


def test_every_verdict_is_reachable(side):
    rng = np.random.default_rng(1)
    query = 0.2 * rng.standard_normal(200)
    good, bad, close = (side(name, scores(rng, 3, 200, mean, 0.005, query)) for name, mean in
                        (("good", 0.7), ("bad", 0.5), ("close", 0.7)))  # fmt: skip
    holds, fails, unresolved = compare(good, bad), compare(bad, good), compare(good, close)
    assert [holds.outcome, fails.outcome, unresolved.outcome] == [HOLDS, FAILS, NOT_RESOLVED]
    assert holds.interval[0] > 0 > fails.interval[1]
    assert unresolved.interval[0] < 0 < unresolved.interval[1]
    assert unresolved.reason == ""
    assert "'A is above B': holds" in describe(holds)
    assert "'A is above B': not resolved" in describe(unresolved)


@pytest.mark.slow
def test_coverage_of_true_zeros(side):
    """Claims about two recipes that are equally good: at most about 5 % are resolved, whichever spread dominates."""
    rng = np.random.default_rng(2)
    for seed_spread in (0.0, 0.03):
        resolved = 0
        for _ in range(100):
            query = 0.2 * rng.standard_normal(60)
            pair = [scores(rng, 3, 60, 0.6, seed_spread, query + 0.1 * rng.standard_normal(60)) for _ in range(2)]
            resolved += compare(side("a", pair[0]), side("b", pair[1])).outcome != NOT_RESOLVED
        assert resolved <= 10


def test_the_same_checkpoints_are_paired(side):
    """Re-ranking adds two points to every run, whose own spread is large: only the pairs can see it."""
    rng = np.random.default_rng(3)
    plain = scores(rng, 3, 200, 0.6, 0.1)
    better = plain + 0.02 + 0.01 * rng.standard_normal(plain.shape)
    same = {"checkpoints": ["x", "y", "z"]}
    paired = compare(side("a", better, **same), side("b", plain, **same))
    assert (paired.outcome, paired.paired) == (HOLDS, True)
    apart = compare(side("a", better), side("b", plain))
    assert (apart.outcome, apart.paired) == (NOT_RESOLVED, False)
    assert apart.seed_error > 5 * paired.seed_error
    shuffled = compare(side("a", better[::-1], checkpoints=["z", "y", "x"]), side("b", plain, **same))
    assert shuffled.interval == pytest.approx(paired.interval), "checkpoints meet, not positions"


def test_one_seed_resolves_nothing_about_recipes(side):
    a, b = side("a", np.full(50, 0.9)), side("b", np.repeat([[0.1], [0.11]], 50, axis=1))
    found = compare(a, b)
    assert (found.outcome, found.interval, found.seed_error) == (NOT_RESOLVED, None, None)
    assert found.difference == pytest.approx(79.5)
    assert "A: one run only, so the spread over seeds is unknown" in describe(found)
    assert "A and B: one run only" in describe(compare(a, b[:1]))


def test_one_checkpoint_is_judged_by_its_queries(side):
    rng = np.random.default_rng(4)
    plain = scores(rng, 1, 100, 0.5)
    found = compare(side("a", plain + 0.1, checkpoints=["x"]), side("b", plain, checkpoints=["x"]))
    assert (found.outcome, found.seed_error, found.degrees_of_freedom) == (HOLDS, None, None)
    assert "of this checkpoint, not of its recipe" in describe(found)
    itself = side("a", plain)
    assert (compare(itself, itself).outcome, compare(itself, itself).difference) == (NOT_RESOLVED, 0)


def test_scale_asks_whether_half_is_lost(side):
    rng = np.random.default_rng(5)
    query = 0.05 * rng.standard_normal(300)
    within, across = scores(rng, 3, 300, 0.7, 0.005, query), scores(rng, 3, 300, 0.3, 0.005, query / 2)
    within, across = side("within", within), side("across", across)
    found = compare(within, across, scale_a=0.5)
    assert (found.outcome, found.difference) == (HOLDS, pytest.approx(5, abs=1))
    assert "0.5 x A - B = +" in describe(found)
    assert compare(within, across, scale_a=0.3).outcome == FAILS


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("mAP_step", 40), ("mAP_official", 20), ("mINP", 10), ("rank1", 0), ("rank5", 50), ("rank10", 75)],
)
def test_metrics_come_from_their_columns(side, metric, expected):
    """Five queries, the last without a match: it is in no mean."""
    a = side("a", np.array([[0.9, 0.9, 0.9, 0.9, np.nan]] * 2), first_match=[2, 5, 6, 11, 0])
    b = side("b", np.array([[0.5, 0.5, 0.5, 0.5, np.nan]] * 2), first_match=[20, 20, 20, 20, 0])
    found = compare(a, b, metric=metric)
    assert (found.num_queries, found.difference) == (4, pytest.approx(expected))


def test_mistakes_answer_in_a_sentence(side, tmp_path):
    values = np.full((2, 4), 0.5)
    a, b = side("a", values), side("b", values)
    old = tmp_path / "old.json"
    write_json(old, {"config": "x", "data": "toy", "metrics": {}})
    (tmp_path / "text.json").write_text("text")
    gone = side("gone", values[:1])
    queries_file(gone[0]).unlink()
    c = side("c", values, checkpoints=["a0", "c1"])
    for answer, arguments, options in (
        ("names no table of queries, which older rows lack: test its checkpoint again", ([old], b), {}),
        ("no table of queries '.*gone.seed0.queries.csv'", (gone, b), {}),
        ("no row of results '.*absent.json' .*No such file", ([tmp_path / "absent.json"], b), {}),
        ("text.json' is not JSON", ([tmp_path / "text.json"], b), {}),
        ("side B has no row", (a, []), {}),
        ("side A mixes rows: config is 'a.py' in .* and 'b.py'", ([*a, *b], b), {}),
        (r"side A holds one run twice \(equal checkpoint_sha256\)", ([*a, a[0]], b), {}),
        (r"side B holds one run twice \(equal seed\)", (a, side("d", values, seed=0)), {}),
        ("A was tested on 'toy' and B on 'dusk'", (a, side("e", values, data="dusk")), {}),
        ("different queries .*4 and 3, first difference query/3.jpg", (a, side("f", values[:, :3])), {}),
        ("different queries", (a, side("g", values, images=[f"query/{n}.jpg" for n in (1, 0, 2, 3)])), {}),
        ("disagree on which queries have a match", (a, side("h", np.array([[0.5, 0.5, 0.5, np.nan]] * 2))), {}),
        ("no query has a match", (side("i", np.full((2, 4), np.nan)), side("j", np.full((2, 4), np.nan))), {}),
        (r"share 1 checkpoint\(s\)", (a, c), {}),
        ("metric 'mAP' cannot be compared, known: mAP_official, mAP_step", (a, b), {"metric": "mAP"}),
        ("scale_a must be a number above 0, got 0", (a, b), {"scale_a": 0}),
        ("scale_a must be a number above 0, got nan", (a, b), {"scale_a": math.nan}),
    ):
        with pytest.raises(UserError, match=answer):
            compare(*arguments, **options)
    with pytest.raises(UserError, match=r"no results file .* quote the pattern"):
        row_files(str(tmp_path / "absent*.json"))
    write_json(tmp_path / "list.json", [1])
    with pytest.raises(UserError, match=r"list.json' is no row of results"):
        compare([tmp_path / "list.json"], b)


def test_patterns_and_paths(side, tmp_path):
    files = side("a", np.full((3, 4), 0.5))
    assert row_files(str(tmp_path / "a.seed*.json")) == files
    assert row_files(str(files[1])) == [files[1]]


@pytest.mark.slow
def test_the_tool(side, tmp_path):
    rng = np.random.default_rng(6)
    query = 0.2 * rng.standard_normal(100)
    for name, mean in (("a", 0.7), ("b", 0.5)):
        side(name, scores(rng, 3, 100, mean, 0.005, query))

    def run(*arguments):
        command = [sys.executable, "tools/compare.py", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    a, b = str(tmp_path / "a.seed*.json"), str(tmp_path / "b.seed*.json")
    fails = run(b, a, "--metric", "mAP_official", "--json")
    assert (fails.returncode, json.loads(fails.stdout)["outcome"]) == (0, FAILS), "a verdict, not an error"
    misuse = run(a, str(tmp_path / "absent.json"))
    assert (misuse.returncode, misuse.stderr.count("\n")) == (2, 1)
