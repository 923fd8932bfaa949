"""The Markdown of a table of the model zoo: what was measured, and which claims it carries."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any, NamedTuple

from reidzoo.apis.comparing import Verdict, compare
from reidzoo.apis.results import read_row
from reidzoo.apis.stale_rows import mark, mark_note
from reidzoo.apis.table_plan import RESULTS, Cell, Claim, Run, Table
from reidzoo.base.errors import UserError

METRICS = ("mAP_step", "rank1")
NOTHING = "–"
NOT_RUN = "not run"
VALUES = "Percent, mean ± standard deviation over seeds"


def table_text(table: Table, results: Path = RESULTS) -> str:
    """One line a row of the table, then a sentence on where the numbers come from, then the claims."""
    headings = [f"{column}: {METRICS[0]} | {' | '.join(METRICS[1:])}" for column in table.columns]
    lines = [
        f"| {table.title} | configs | {' | '.join(headings)} | seeds |",
        f"|---|---|{'---|' * len(METRICS) * len(headings)}---|",
        *(_line(row, table, results) for row in table.rows),
    ]
    measured = [row for run, cell in table.cells.values() for row in rows_of(run, cell, results)]
    if measured:
        lines += ["", provenance_sentence(measured)]
    if table.claims:
        lines += ["", "| claim | compared | difference [95 %] | verdict |", "|---|---|---|---|"]
        lines += [_claim(claim, table, results) for claim in table.claims]
    return "\n".join(lines) + "\n"


def brief_text(table: Table, results: Path = RESULTS) -> str:
    """The table without its variants, links and claims: mAP_step / rank1, mean over the seeds."""
    rows = dict.fromkeys(cell.row for run in table.runs for cell in run.cells if not cell.variant)
    lines = [f"| {table.title} | {' | '.join(table.columns)} | seeds |", f"|---|{'---|' * len(table.columns)}---|"]
    for name in rows:
        found = [table.cells.get(f"{name} @ {column}") for column in table.columns]
        measured = [rows_of(*each, results) if each else [] for each in found]
        values = " | ".join(mean_scores(each) for each in measured)
        seeds = " or ".join(map(str, sorted({len(each) for each in measured if each}))) or NOTHING
        lines.append(f"| {name}{mark(row for each in measured for row in each)} | {values} | {seeds} |")
    return "\n".join(lines) + "\n"


def mean_scores(rows: list[dict[str, Any]]) -> str:
    """``74.2 / 86.8``: mAP_step and rank1 of one recipe, mean over its rows; a dash without any."""
    return (
        " / ".join(f"{statistics.mean(row['metrics'][name] for row in rows):.1f}" for name in METRICS)
        if rows
        else NOTHING
    )


def mean_and_spread(values: list[float]) -> str:
    """``74.2 ± 0.9``: mean and, of several values, standard deviation."""
    mean = f"{statistics.mean(values):.1f}"
    return f"{mean} ± {statistics.stdev(values):.1f}" if len(values) > 1 else mean


def provenance_sentence(rows: list[dict[str, Any]], values: str = VALUES) -> str:
    """What the values are, and on which machines and at which commits ``rows`` were measured."""
    machines, commits = (", ".join(sorted({row[key] for row in rows})) for key in ("machine", "commit"))
    return f"{values}; {machines}; commit {commits}.{mark_note(rows)}"


def _line(name: str, table: Table, results: Path) -> str:
    links, values, seeds, stale = [], [], [], ""
    for column in table.columns:
        run, cell = table.cells.get(f"{name} @ {column}", (None, None))
        rows = rows_of(run, cell, results) if cell else []
        if cell:
            links.append(f"[{column}](/{cell.config})")
            seeds.append(len(rows))
            stale = stale or mark(rows)
        for metric in METRICS:
            values.append(mean_and_spread([row["metrics"][metric] for row in rows]) if rows else NOTHING)
    count = str(seeds[0]) if len(set(seeds)) == 1 else " / ".join(map(str, seeds))
    return f"| {name}{stale} | {', '.join(links)} | {' | '.join(values)} | {count if any(seeds) else NOTHING} |"


def rows_of(run: Run, cell: Cell, results: Path) -> list[dict[str, Any]]:
    """The rows of a cell that are there, one a seed."""
    rows = (cell.read(seed, results) for seed in run.seeds)
    return [row for row in rows if row is not None]


class Judgement(NamedTuple):
    """A claim as the rows judge it.

    Attributes:
        above: the rows of the side that is said to be above, one a seed.
        below: those of the other side.
        verdict: None where a side was not run.
    """

    claim: Claim
    above: list[dict[str, Any]]
    below: list[dict[str, Any]]
    verdict: Verdict | None

    @property
    def difference(self) -> str:
        """With its interval, where there is one."""
        return NOTHING if self.verdict is None else difference_text(self.verdict.difference, self.verdict.interval)

    @property
    def outcome(self) -> str:
        """With the reason that limits it."""
        if self.verdict is None:
            return NOT_RUN
        return f"{self.verdict.outcome} ({self.verdict.reason})" if self.verdict.reason else self.verdict.outcome


def judge(claim: Claim, table: Table, results: Path = RESULTS) -> Judgement:
    """Judge a claim of a table by :func:`reidzoo.apis.comparing.compare`.

    Raises:
        UserError: the rows cannot be compared; the sentence names the claim.
    """
    above, below = (_judged(*table.cells[name], results) for name in (claim.above, claim.below))
    if table.cells[claim.above][0] is table.cells[claim.below][0]:  # the same checkpoints, compared one with one
        seeds = set(above) & set(below)
        above, below = ({seed: files[seed] for seed in seeds} for files in (above, below))
    verdict = None
    if above and below:
        try:
            verdict = compare(list(above.values()), list(below.values()), metric=claim.metric, scale_a=claim.scale)
        except UserError as error:
            raise UserError(f"claim '{claim.text}': {error}") from error
    return Judgement(claim, [*map(read_row, above.values())], [*map(read_row, below.values())], verdict)


def difference_text(difference: float, interval: tuple[float, float] | None) -> str:
    """``+3.6 [+1.6, +5.6]``."""
    return f"{difference:+.1f}" + ("" if interval is None else f" [{interval[0]:+.1f}, {interval[1]:+.1f}]")


def _claim(claim: Claim, table: Table, results: Path) -> str:
    judgement = judge(claim, table, results)
    scale = f"{claim.scale:g} × " if claim.scale != 1 else ""
    head = f"| {claim.text} | {claim.metric}: {scale}{claim.above} − {claim.below} |"
    return f"{head} {judgement.difference} | {judgement.outcome} |"


def _judged(run: Run, cell: Cell, results: Path) -> dict[int, Path]:
    """By seed, the files of results that say what each query scored; older ones do not."""
    return {
        seed: cell.results_file(seed, results) for seed in run.seeds if "queries" in (cell.read(seed, results) or {})
    }
