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
from contextlib import suppress
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
    today: dict[tuple[str, ...], _Outcome | None] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for index, ((configs, _), alike) in enumerate(groups.items(), 1):
            then = alike[0].row["commit"]
            tree = _tree_of(then, Path(scratch))
            is_tested = "generator" not in alike[0].row  # rows on images are of generators, which have no test

            if configs not in today:
                today[configs] = _outcome(CHECKOUT, configs, is_tested)
            now, before = today[configs], _outcome(tree, configs, is_tested) if tree is not None else None
            same = now is not None and before is not None and now.equals(before)
            report(f"[{index}/{len(groups)}] {configs[-1]} at {then}: {'the same' if same else 'not confirmed'}")
            for each in alike:
                if same:
                    _write(each, configs, here)
                else:
                    left.append(each)
    return left


def _write(stale: StaleRow, configs: tuple[str, ...], here: str) -> None:
    row = {**stale.row, "digests": digests(configs), "confirmed": here}
    write_json(stale.file, row)


def _tree_of(then: str, scratch: Path) -> Path | None:
    """The tree of a commit in a folder of its own; None where the history lacks it."""
    tree = scratch / then
    if not tree.is_dir():
        archive = scratch / f"{then}.tar"
        made = subprocess.run(
            ["git", "-C", str(CHECKOUT), "archive", "--output", str(archive), then, "reidzoo", "configs", "tools"],
            capture_output=True,
        )
        if made.returncode:
            return None
        with tarfile.open(archive) as content:
            content.extractall(tree, filter="data")
        archive.unlink()
    return tree


def _outcome(tree: Path, configs: tuple[str, ...], is_tested: bool) -> _Outcome | None:
    """Train and, where rows of ``configs`` are tests, test them with the code of ``tree``; None where that fails."""
    tool = "train.py" if len(configs) == 1 else "run_stages.py"
    with tempfile.TemporaryDirectory() as work, suppress(subprocess.CalledProcessError):
        _run(tree, tool, *configs, "--smoke", "--work-dir", work)
        last = max(Path(work).rglob("epoch_*.pth"), key=lambda file: file.stat().st_mtime)
        weights = read_checkpoint(last)["state_dict"]
        return _Outcome(weights, _metrics(tree, configs[-1], last, Path(work)) if is_tested else {})
    return None


def _metrics(tree: Path, config: str, checkpoint: Path, folder: Path) -> dict[str, float]:
    row = folder / "row.json"
    _run(tree, "test.py", config, checkpoint, "--smoke", "--json", row)
    return json.loads(row.read_text(encoding="utf-8"))["metrics"]


def _run(tree: Path, tool: str, *arguments: str | Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(tree), "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(
        [sys.executable, f"tools/{tool}", *map(str, arguments)],
        cwd=tree,
        env=environment,
        check=True,
        capture_output=True,
    )
