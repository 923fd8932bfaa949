"""Does changed code still compute the same? The code of a row's commit and today's take the same two steps.

Of every stale row the stages are trained in both trees with ``--smoke`` (a tiny data set, small networks, two steps a
stage, from scratch) and one seed. Where both end in the same weights to the last bit and, of a test, in the same
metrics, the row gets today's digests and says under ``confirmed`` at which commit. Two steps do not see what happens
later in a training only; that is why a row says that it was confirmed, and not measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import torch

from reidzoo.apis.code_digests import PACKAGE, digests
from reidzoo.apis.provenance import commit
from reidzoo.apis.results import row_configs, write_json
from reidzoo.apis.stale_rows import StaleRow
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent
from reidzoo.base.weights import read_checkpoint

CHECKOUT = PACKAGE.parent


#: what a worker does: bring the code in once, then a fork for each line, a tool and its arguments; answers its status
_FORKS = """
import importlib, json, os, runpy, sys
for name in ("training", "testing", "stage_runs"):
    try:
        importlib.import_module("reidzoo.apis." + name)
    except ModuleNotFoundError:  # older trees have fewer of them
        pass
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.dup2(1, 2)
        sys.argv = json.loads(line)
        runpy.run_path(sys.argv[0], run_name="__main__")
    print(os.waitpid(child, 0)[1], flush=True)
"""


class _Outcome(NamedTuple):
    """Where two steps lead: the last stage's weights, and the metrics of its test (empty of images)."""

    weights: dict[str, torch.Tensor]
    metrics: dict[str, float]

    def equals(self, other: _Outcome) -> bool:
        return (
            self.metrics == other.metrics
            and self.weights.keys() == other.weights.keys()
            and all(torch.equal(value, other.weights[name]) for name, value in self.weights.items())
        )


def confirm(rows: list[StaleRow], report: Report = silent) -> list[StaleRow]:
    """Give rows whose code still computes the same today's digests; returns those that stay stale.

    Args:
        rows: of :func:`reidzoo.apis.stale_rows.stale_rows`.
        report: receives lines of progress.

    Raises:
        UserError: the checkout has changes, so that rows could not say at which commit they were confirmed.
    """
    here = commit()
    if here == "unknown" or here.endswith("-dirty"):
        raise UserError(f"rows are confirmed in a checkout without changes, got commit '{here}': commit first")
    groups: dict[tuple[Any, ...], list[StaleRow]] = defaultdict(list)
    for each in rows:  # commits of equal digests need one run
        groups[row_configs(each.row), tuple(sorted(each.row.get("digests", {}).items()))].append(each)
    left: list[StaleRow] = []
    for done, (alike, same) in enumerate(_compared(list(groups.values())), 1):
        row = alike[0].row
        verdict = "the same" if same else "not confirmed"
        report(f"[{done}/{len(groups)}] {row_configs(row)[-1]} at {row['commit']}: {verdict}")
        left += [] if same else alike
        for each in alike if same else ():
            confirmed = {**each.row, "digests": digests(row_configs(row)), "confirmed": here}
            write_json(each.file, confirmed)
    return left


def _compared(groups: list[list[StaleRow]]) -> Iterator[tuple[list[StaleRow], bool]]:
    """Each group of rows of one code, and whether today's takes the same steps; commit by commit."""

    def commit_of(group: list[StaleRow]) -> str:
        return group[0].row["commit"]

    today: dict[tuple[str, ...], _Outcome | None] = {}
    with tempfile.TemporaryDirectory() as scratch, _Worker(CHECKOUT) as current:
        for then, of_commit in groupby(sorted(groups, key=commit_of), key=commit_of):
            tree = _tree_of(then, Path(scratch))
            with _Worker(tree) if tree else nullcontext() as old:
                for alike in of_commit:
                    configs = row_configs(alike[0].row)
                    is_tested = "generator" not in alike[0].row  # rows on images are of generators, without a test
                    if configs not in today:
                        today[configs] = _outcome(current, configs, is_tested)
                    before = _outcome(old, configs, is_tested) if old else None
                    yield alike, before is not None and today[configs] is not None and before.equals(today[configs])


def _tree_of(then: str, scratch: Path) -> Path | None:
    """The tree of a commit in a folder of its own; None where the history lacks it."""
    tree, archive = scratch / then, scratch / f"{then}.tar"
    command = ["git", "-C", str(CHECKOUT), "archive", "--output", str(archive), then, "reidzoo", "configs", "tools"]
    if subprocess.run(command, capture_output=True).returncode:
        return None
    with tarfile.open(archive) as content:
        content.extractall(tree, filter="data")
    archive.unlink()
    return tree


class _Worker:
    """A process with the code of a tree that runs its tools, each in a fork: imports take longer than two steps."""

    def __init__(self, tree: Path):
        environment = {**os.environ, "PYTHONPATH": str(tree), "CUDA_VISIBLE_DEVICES": ""}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _FORKS],
            cwd=tree,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()

    def run(self, tool: str, *arguments: str | Path) -> bool:
        """Whether ``tools/<tool>`` ended without an error."""
        self.process.stdin.write(json.dumps([f"tools/{tool}", *map(str, arguments)]) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip() == "0"


def _outcome(worker: _Worker, configs: tuple[str, ...], is_tested: bool) -> _Outcome | None:
    """Train and, where rows of ``configs`` are tests, test them; None where that fails."""
    tool = "train.py" if len(configs) == 1 else "run_stages.py"
    with tempfile.TemporaryDirectory() as work:
        if not worker.run(tool, *configs, "--smoke", "--work-dir", work):
            return None
        last = max(Path(work).rglob("epoch_*.pth"), key=lambda file: file.stat().st_mtime)
        weights, row = read_checkpoint(last)["state_dict"], Path(work) / "row.json"
        if not is_tested:
            return _Outcome(weights, {})
        if not worker.run("test.py", configs[-1], last, "--smoke", "--json", row):
            return None
        return _Outcome(weights, json.loads(row.read_text(encoding="utf-8"))["metrics"])
