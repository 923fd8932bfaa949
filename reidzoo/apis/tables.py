"""Tables in documents, generated from results files: what a page prints is what a command measured."""

from __future__ import annotations

import json
import re
import statistics
from itertools import groupby
from pathlib import Path
from typing import Any

from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text

RESULTS = Path("model_zoo/results")
#: pages with blocks, each opened by ``<!-- results: PATTERN ... -->`` and closed by ``<!-- end -->``
PAGES = (Path("README.md"), Path("docs/synthped.md"))
BLOCK = re.compile(r"(<!-- results: (?P<patterns>[^>]+) -->\n).*?(<!-- end -->)", re.DOTALL)
METRICS = ("mAP_step", "mAP_official", "mINP", "rank1")


def render_page(text: str) -> str:
    """``text`` with every block filled from the results files that its patterns name.

    Raises:
        UserError: a pattern without a results file.
    """
    return BLOCK.sub(lambda match: match[1] + seeds_table(_read(match["patterns"].split())) + match[3], text)


def update_pages() -> list[Path]:
    """Fill the blocks of all pages; returns those that changed."""
    changed = []
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = render_page(before)
        if after != before:
            write_text(page, after)
            changed.append(page)
    return changed


def seeds_table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table, one line a config: mean and, where there are several, standard deviation over its seeds."""
    lines = [
        f"| config | trained on | tested on | {' | '.join(METRICS)} | seeds |",
        f"|---|---|---|{'---|' * len(METRICS)}---|",
    ]
    for config, group in groupby(rows, key=lambda row: row["config"]):
        runs = list(group)
        metrics = [_mean_and_spread([run["metrics"][name] for run in runs]) for name in METRICS]
        name = f"[{Path(config).stem}](/{config})"
        sets = f"{_short(runs[0]['train_split'])} | {_short(runs[0]['data'])}"
        lines.append(f"| {name} | {sets} | {' | '.join(metrics)} | {len(runs)} |")
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    lines.append(f"\nPercent, mean ± standard deviation over seeds; {rows[0]['machine']}; commit {commits}.\n")
    return "\n".join(lines)


def _read(patterns: list[str]) -> list[dict[str, Any]]:
    rows = []
    for pattern in patterns:
        files = sorted(RESULTS.glob(f"{pattern}.seed*.json"))
        if not files:
            raise UserError(f"no results file '{RESULTS / pattern}.seed*.json': run the config and test it with --json")
        rows += [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return rows


def _mean_and_spread(values: list[float]) -> str:
    mean = f"{statistics.mean(values):.1f}"
    return f"{mean} ± {statistics.stdev(values):.1f}" if len(values) > 1 else mean


def _short(title: str) -> str:
    """``SynthPed day`` of ``SynthPed day default seed 0 renderer 1.0 train``."""
    return " ".join(title.split()[:2])
