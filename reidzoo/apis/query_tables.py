"""What each query scored, as a CSV file beside the row of results: what claims are judged from."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.evaluation import RankingResult

COLUMNS = ("image", "pid", "camid", "ap_step", "ap_official", "inp", "first_match")
DIGITS = 5


@dataclass(frozen=True)
class QueryTable:
    """One entry a query, in the order of the data set; scores are fractions, never percentages.

    Attributes:
        images: Q file names relative to the folder of the data set.
        pids: Q int64.
        camids: Q int64, from 0; -1 where the data set knows no cameras.
        ap_step: Q float64, NaN for a query without a match; ``ap_official`` and ``inp`` alike.
        first_match: Q int64, rank of the nearest right image from 1; 0 for a query without a match.
    """

    images: tuple[str, ...]
    pids: np.ndarray
    camids: np.ndarray
    ap_step: np.ndarray
    ap_official: np.ndarray
    inp: np.ndarray
    first_match: np.ndarray


def query_table(dataset: ReIDDataset, result: RankingResult) -> QueryTable:
    """What the queries of ``dataset`` scored in ``result``, the ranking of this data set."""
    queries = [record for record in dataset.records if record.is_query]
    return QueryTable(
        images=tuple(Path(os.path.relpath(record.path, dataset.root)).as_posix() for record in queries),
        pids=np.array([record.pid for record in queries], np.int64),
        camids=np.array([record.camid if dataset.has_cameras else -1 for record in queries], np.int64),
        ap_step=result.ap_step,
        ap_official=result.ap_official,
        inp=result.inp,
        first_match=result.first_match,
    )


def queries_file(row_file: str | Path) -> Path:
    """Where the table of a row lies: ``x.queries.csv`` beside ``x.json``."""
    row_file = Path(row_file)
    return row_file.with_name(row_file.name.removesuffix(".json") + ".queries.csv")


def write_queries(path: str | Path, table: QueryTable) -> None:
    """Write ``table`` as CSV, atomically: fractions with five decimals, an empty cell where there is nothing."""
    scores = zip(table.ap_step, table.ap_official, table.inp, strict=True)
    labels = zip(table.images, table.pids, table.camids, table.first_match, scores, strict=True)
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for image, pid, camid, first_match, of_query in labels:
            numbers = ["" if np.isnan(score) else f"{score:.{DIGITS}f}" for score in of_query]
            writer.writerow([image, pid, "" if camid < 0 else camid, *numbers, first_match or ""])


def read_queries(path: str | Path) -> QueryTable:
    """The table that :func:`write_queries` wrote.

    Raises:
        UserError: no such file, other columns, a cell that is no number, or no query.
    """
    path = Path(path)
    advice = "write it again with tools/test.py --json"
    if not path.is_file():
        raise UserError(f"no table of queries '{path}': {advice}")
    with path.open(encoding="utf-8", newline="") as file:
        head, *lines = list(csv.reader(file)) or [[]]
    if tuple(head) != COLUMNS or not lines:
        raise UserError(f"'{path}' is no table of queries (expected the columns {', '.join(COLUMNS)}): {advice}")

    def column(name: str, number: Callable[[str], Any], empty: float) -> np.ndarray:
        place = COLUMNS.index(name)
        return np.array([number(line[place]) if line[place] else empty for line in lines])

    try:
        return QueryTable(
            images=tuple(line[0] for line in lines),
            pids=column("pid", int, 0),
            camids=column("camid", int, -1),
            ap_step=column("ap_step", float, np.nan),
            ap_official=column("ap_official", float, np.nan),
            inp=column("inp", float, np.nan),
            first_match=column("first_match", int, 0),
        )
    except (ValueError, IndexError) as error:
        raise UserError(f"'{path}' is a broken table of queries ({error}): {advice}") from error
