"""Filling a table: every run trained, every cell tested, with each seed; what is done is not done again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidzoo.apis.provenance import commit
from reidzoo.apis.query_tables import queries_file
from reidzoo.apis.results import write_row
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_weights import weights_from
from reidzoo.apis.stages import WORK_DIRS, is_finished, require_alike, stage_of
from reidzoo.apis.table_plan import RESULTS, Cell, Run, Table, read_table
from reidzoo.apis.testing import evaluate
from reidzoo.base.errors import UserError, nearest
from reidzoo.base.files import sha256
from reidzoo.base.reporting import Report, silent


@dataclass(frozen=True)
class Job:
    """What one run with one seed still has to do."""

    run: Run
    seed: int
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """As progress and errors name it."""
        return f"{self.run.row} ({Path(self.run.stages[-1]).stem}), seed {self.seed}"


def run_table(
    path: str | Path,
    *,
    rows: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    only_tests: bool = False,
    work_dir: str | Path = WORK_DIRS,
    results: Path = RESULTS,
    report: Report = silent,
) -> list[Path]:
    """Train and test what a table still lacks; the lowest seed of every run first.

    A cell is done when its row of results and the table of queries beside it are there, were measured with the
    variant's options, and come from the checkpoint in the work folder; without a checkpoint there, they stand.

    Args:
        path: the table, a TOML file (:mod:`reidzoo.apis.table_plan`).
        rows: only these lines.
        seeds: only these seeds.
        only_tests: test finished runs, train nothing.
        work_dir: every stage has the folder ``<config name>/seed<N>`` in it.
        results: receives ``<test config>[.<variant>].seed<N>.json`` and its ``.queries.csv``.
        report: receives lines of progress.

    Returns:
        The files of results written.

    Raises:
        UserError: any mistake of the table, of a config or of data; the sentence names the run, and what was done
            before stays done.
    """
    table = read_table(path)
    runs = _chosen(table, rows, seeds)
    for config, tested in {(run.stages[-1], cell.config) for run in runs for cell in run.cells}:
        require_alike(config, tested)
    order = [(seed, run) for seed in sorted({seed for run in runs for seed in run.seeds}) for run in runs]
    jobs = [_job(run, seed, Path(work_dir), results) for seed, run in order if seed in run.seeds]
    todo = [job for job in jobs if job.cells]
    report(f"{table.title}: {len(jobs)} runs, {len(jobs) - len(todo)} done, {len(todo)} left")
    if todo and commit().endswith("-dirty"):
        report("the checkout has changes that are not committed: rows will say so, and cannot be published")
    written: list[Path] = []
    start = time.perf_counter()
    for index, job in enumerate(todo, 1):
        try:
            files = _do(job, only_tests, Path(work_dir), results, report)
        except UserError as error:
            raise UserError(f"{job.name}: {error}") from error
        written += files
        left = len(todo) - index
        minutes = left * (time.perf_counter() - start) / index / 60
        report(f"[{index}/{len(todo)}] {job.name}: {len(files)} tested; {left} left, about {minutes:.0f} minutes")
    return written


def _chosen(table: Table, rows: Sequence[str] | None, seeds: Sequence[int] | None) -> list[Run]:
    """The runs that fill ``rows``, reduced to these lines and to ``seeds``."""
    for row in rows or []:
        if row not in table.rows:
            raise UserError(f"no row '{row}', {nearest(row, table.rows)}")
    known = {seed for run in table.runs for seed in run.seeds}
    if seeds is not None and not set(seeds) <= known:
        raise UserError(f"the table runs the seeds {_list(known)}, got {_list(seeds)}: add them to its file")
    chosen = []
    for run in table.runs:
        cells = tuple(cell for cell in run.cells if rows is None or cell.row in rows)
        of_run = tuple(seed for seed in run.seeds if seeds is None or seed in seeds)
        if cells:
            chosen.append(Run(run.row, run.stages, of_run, cells))
    return chosen


def _job(run: Run, seed: int, work_dir: Path, results: Path) -> Job:
    checkpoint = stage_of(run.stages[-1], seed, work_dir).checkpoint
    digest = sha256(checkpoint) if checkpoint is not None else None
    return Job(run, seed, tuple(cell for cell in run.cells if not _done(cell, seed, digest, results)))


def _done(cell: Cell, seed: int, digest: str | None, results: Path) -> bool:
    row = cell.read(seed, results)
    if row is None or "queries" not in row or not (results / row["queries"]).is_file():
        return False
    return digest is None or row["checkpoint_sha256"] == digest


def _do(job: Job, only_tests: bool, work_dir: Path, results: Path, report: Report) -> list[Path]:
    last = stage_of(job.run.stages[-1], job.seed, work_dir)
    if not only_tests:
        checkpoint = train_stages(job.run.stages, seed=job.seed, work_dir=work_dir, report=report)
    elif is_finished(last):
        checkpoint = last.checkpoint
    else:
        report(f"{job.name}: not trained, so not tested")
        return []
    return [_test(job, cell, checkpoint, results, report) for cell in job.cells]


def _test(job: Job, cell: Cell, checkpoint: Path, results: Path, report: Report) -> Path:
    file = cell.results_file(job.seed, results)
    file.parent.mkdir(parents=True, exist_ok=True)
    row = evaluate(cell.config, checkpoint, options=cell.options, queries=queries_file(file))
    if len(job.run.stages) > 1:  # the last config alone does not say what came before it
        row["stages"] = list(job.run.stages)
        before = weights_from(job.run.stages)
        if before:
            row["init"] = f"stages {', '.join(before)}"
    write_row(file, row)
    metrics = row["metrics"]
    report(f"{cell.name}, seed {job.seed}: mAP_step {metrics['mAP_step']:.1f}, rank1 {metrics['rank1']:.1f}")
    return file


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
