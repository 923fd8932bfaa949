"""Does 'A is above B' hold? Judged from what each query scored and from the spread over training seeds.

The difference is the mean over queries of ``scale_a * a - b``, each averaged over its runs. Two things could have
come out otherwise: the queries (paired bootstrap: both sides on the same redrawn queries) and the seeds of training
(variance of the runs' means). Their variances add; the interval uses Student's t, with the degrees of freedom of
Welch (Biometrika 1947) and Satterthwaite (Biometrics Bulletin 1946). docs/comparing.md tells it at length.
"""

from __future__ import annotations

import glob
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student_t

from reidzoo.apis.query_tables import QueryTable, read_queries
from reidzoo.apis.results import read_row
from reidzoo.base.errors import UserError, nearest
from reidzoo.evaluation.bootstrap import resampled_means

HOLDS, FAILS, NOT_RESOLVED = "holds", "fails", "not resolved"
CONFIDENCE = 0.95
METRICS = ("mAP_step", "mAP_official", "mINP", "rank1", "rank5", "rank10")
#: what the rows of one side must share, or their mean would mean nothing
SHARED = ("config", "options", "data", "train_split", "ranking")


@dataclass(frozen=True)
class Verdict:
    """What the rows say of 'A is above B', in percent and points of percent.

    Attributes:
        outcome: 'holds' (the interval lies above 0), 'fails' (below 0: B is above A) or 'not resolved'.
        metric: what was compared, one of ``METRICS``.
        mean_a: mean over the queries and runs of A, before ``scale_a``.
        mean_b: the same of B.
        scale_a: A counts this many times.
        difference: ``scale_a * mean_a - mean_b``.
        interval: the 95 % interval of the difference; None where the spread over seeds is unknown.
        query_error: standard error from the queries.
        seed_error: standard error from the seeds of training; None where it is unknown or there is one checkpoint.
        degrees_of_freedom: of the whole variance; None where only queries vary (infinitely many).
        runs_a: rows of A, one a seed.
        runs_b: rows of B.
        num_queries: queries with a match.
        paired: whether both sides are the same checkpoints, compared one with one.
        reason: what limits the verdict; empty where nothing does.
        names: what A and B are: config, ranking and data.
    """

    outcome: str
    metric: str
    mean_a: float
    mean_b: float
    scale_a: float
    difference: float
    interval: tuple[float, float] | None
    query_error: float
    seed_error: float | None
    degrees_of_freedom: float | None
    runs_a: int
    runs_b: int
    num_queries: int
    paired: bool
    reason: str
    names: tuple[str, str]


@dataclass(frozen=True)
class _Side:
    """The rows of one side: R rows (in the order of their checkpoints), R tables."""

    rows: list[dict[str, Any]]
    tables: list[QueryTable]

    @property
    def checkpoints(self) -> list[str]:
        return [row["checkpoint_sha256"] for row in self.rows]

    @property
    def name(self) -> str:
        first = self.rows[0]
        options = "".join(f" {key}={value}" for key, value in first["options"].items())
        return f"{first['config']}{options}, ranking {first['ranking']}, on {first['data']}"


def row_files(pattern: str) -> list[Path]:
    """The results files that a path or a glob names, sorted.

    Raises:
        UserError: there is none.
    """
    files = [Path(pattern)] if Path(pattern).is_file() else sorted(map(Path, glob.glob(pattern)))
    if not files:
        raise UserError(f"no results file '{pattern}': write rows with tools/test.py --json, and quote the pattern")
    return files


def compare(
    rows_a: Sequence[str | Path], rows_b: Sequence[str | Path], *, metric: str = "mAP_step", scale_a: float = 1.0
) -> Verdict:
    """Judge the claim 'A is above B' from results files, one a training seed, with their tables of queries.

    Args:
        rows_a: JSON files of A, as ``tools/test.py --json`` writes them, their tables beside them.
        rows_b: the same of B, tested on the same queries.
        metric: one of ``METRICS``.
        scale_a: how many times A counts: 0.5 for a claim such as 'B has lost at least half of A'.

    Raises:
        UserError: no row; a row without its table; another metric; rows of several recipes on one side, or one run
            twice; sides of different queries, or that share only some checkpoints.
    """
    if metric not in METRICS:
        raise UserError(f"metric '{metric}' cannot be compared, {nearest(metric, METRICS)}")
    if not (math.isfinite(scale_a) and scale_a > 0):
        raise UserError(f"scale_a must be a number above 0, got {scale_a}: 0.5 asks whether half of A is above B")
    a, b = _read_side("A", rows_a), _read_side("B", rows_b)
    _require_same_queries([*rows_a, *rows_b], a, b)
    paired = a.checkpoints == b.checkpoints
    shared = set(a.checkpoints) & set(b.checkpoints)
    if shared and not paired:
        raise UserError(
            f"A and B share {len(shared)} checkpoint(s), but A has {len(a.rows)} and B {len(b.rows)}: test the same "
            "checkpoints on both sides, or different ones"
        )
    values_a, values_b = 100 * _values(a, metric), 100 * _values(b, metric)  # R x Q
    of_query = scale_a * values_a.mean(axis=0) - values_b.mean(axis=0)
    pids = a.tables[0].pids[a.tables[0].first_match > 0]
    query_variance = float(resampled_means(of_query, pids).var(ddof=1))
    means_a, means_b = scale_a * values_a.mean(axis=1), values_b.mean(axis=1)
    samples = [means_a - means_b] if paired else [means_a, means_b]
    reason = _limit(a, b, paired)
    parts = [(float(runs.var(ddof=1)) / len(runs), len(runs) - 1) for runs in samples if len(runs) > 1]
    known = paired or len(parts) == 2
    difference = float(of_query.mean())
    interval, freedom = welch_interval(difference, query_variance, parts) if known else (None, None)
    return Verdict(
        outcome=outcome_of(interval),
        metric=metric,
        mean_a=float(values_a.mean()),
        mean_b=float(values_b.mean()),
        scale_a=scale_a,
        difference=difference,
        interval=interval,
        query_error=math.sqrt(query_variance),
        seed_error=math.sqrt(sum(variance for variance, _ in parts)) if known and parts else None,
        degrees_of_freedom=freedom,
        runs_a=len(a.rows),
        runs_b=len(b.rows),
        num_queries=len(of_query),
        paired=paired,
        reason=reason,
        names=(a.name, b.name),
    )


def describe(verdict: Verdict) -> str:
    """The verdict in a few lines for the screen."""
    times = "" if verdict.scale_a == 1 else f"{verdict.scale_a:g} x "
    if verdict.interval is None:
        interval = "no interval"
    else:
        interval = f"95 % interval {verdict.interval[0]:+.2f} to {verdict.interval[1]:+.2f}"
    runs = "the same checkpoints on both sides" if verdict.paired else "independent runs"
    seeds = "" if verdict.seed_error is None else f", seeds {verdict.seed_error:.2f}"
    lines = [
        f"A: {verdict.metric} {verdict.mean_a:.2f}, {verdict.runs_a} run(s) of {verdict.names[0]}",
        f"B: {verdict.metric} {verdict.mean_b:.2f}, {verdict.runs_b} run(s) of {verdict.names[1]}",
        f"{runs}, {verdict.num_queries:,} queries; standard errors: queries {verdict.query_error:.2f}{seeds}",
        f"{times}A - B = {verdict.difference:+.2f}, {interval}",
        f"'{times}A is above B': {verdict.outcome}" + (f" ({verdict.reason})" if verdict.reason else ""),
    ]
    return "\n".join(lines)


def _read_side(name: str, files: Sequence[str | Path]) -> _Side:
    if not files:
        raise UserError(f"side {name} has no row: name at least one results file")
    rows = [read_row(file) for file in files]
    for file, row in zip(files, rows, strict=True):
        if "queries" not in row:
            raise UserError(
                f"'{file}' names no table of queries, which older rows lack: test its checkpoint again with "
                "tools/test.py --json"
            )
        for key in SHARED:
            if row[key] != rows[0][key]:
                raise UserError(
                    f"side {name} mixes rows: {key} is {rows[0][key]!r} in '{files[0]}' and {row[key]!r} in '{file}': "
                    "let each pattern match the seeds of one recipe"
                )
    for key in ("checkpoint_sha256", "seed"):
        known = [row[key] for row in rows if row[key] is not None]
        if len(set(known)) < len(known):
            raise UserError(f"side {name} holds one run twice (equal {key}): name each seed's row once")
    tables = [read_queries(Path(file).with_name(row["queries"])) for file, row in zip(files, rows, strict=True)]
    order = sorted(range(len(rows)), key=lambda number: rows[number]["checkpoint_sha256"])
    return _Side([rows[number] for number in order], [tables[number] for number in order])


def _require_same_queries(files: Sequence[str | Path], a: _Side, b: _Side) -> None:
    # names alone do not tell: the queries of SynthPed's day and dusk are called alike
    if a.rows[0]["data"] != b.rows[0]["data"]:
        raise UserError(
            f"A was tested on {a.rows[0]['data']!r} and B on {b.rows[0]['data']!r}: compare on the same queries"
        )
    first = a.tables[0]
    for table in [*a.tables, *b.tables]:
        if table.images != first.images:
            strange = sorted(set(table.images) ^ set(first.images))[:1]
            raise UserError(
                f"the rows '{files[0]}' ... '{files[-1]}' are of different queries ({len(first.images)} and "
                f"{len(table.images)}{f', first difference {strange[0]}' if strange else ''}): test all on one data set"
            )
        if not np.array_equal(table.first_match > 0, first.first_match > 0):
            raise UserError(
                f"the rows '{files[0]}' ... '{files[-1]}' disagree on which queries have a match: "
                "test all on one gallery"
            )


def _values(side: _Side, metric: str) -> np.ndarray:
    """R x Q float64 fractions of the queries with a match."""
    valid = side.tables[0].first_match > 0
    if not valid.any():
        raise UserError("no query has a match in these rows: there is nothing to compare")
    columns = {"mAP_step": "ap_step", "mAP_official": "ap_official", "mINP": "inp"}
    if metric in columns:
        return np.stack([getattr(table, columns[metric])[valid] for table in side.tables])
    rank = int(metric.removeprefix("rank"))
    return np.stack([(table.first_match[valid] <= rank).astype(np.float64) for table in side.tables])


def _limit(a: _Side, b: _Side, paired: bool) -> str:
    if paired:
        return "of this checkpoint, not of its recipe: there is one" if len(a.rows) == 1 else ""
    alone = [name for name, side in (("A", a), ("B", b)) if len(side.rows) == 1]
    if not alone:
        return ""
    return f"{' and '.join(alone)}: one run only, so the spread over seeds is unknown; train more seeds"


def welch_interval(
    difference: float, query_variance: float, parts: Sequence[tuple[float, int]]
) -> tuple[tuple[float, float], float | None]:
    """Ends of the 95 % interval of a difference of means, and its degrees of freedom.

    Args:
        difference: its estimate.
        query_variance: a part of its variance that is known well.
        parts: the other parts, variances of means over seeds, each with its degrees of freedom.
    """
    variance = query_variance + sum(part for part, _ in parts)
    # Welch-Satterthwaite: v^2 / sum(v_i^2 / df_i); the queries are many, their term vanishes
    spread = sum(part**2 / freedom for part, freedom in parts)
    freedom = variance**2 / spread if spread > 0 else None
    quantile = student_t.ppf((1 + CONFIDENCE) / 2, math.inf if freedom is None else freedom)
    half = float(quantile) * math.sqrt(variance)
    return (difference - half, difference + half), freedom


def outcome_of(interval: tuple[float, float] | None) -> str:
    """``HOLDS`` where the interval lies above 0, ``FAILS`` where below, else or without one ``NOT_RESOLVED``."""
    if interval is None or interval[0] <= 0 <= interval[1]:
        return NOT_RESOLVED
    return HOLDS if interval[0] > 0 else FAILS
