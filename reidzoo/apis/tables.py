"""Tables in documents, generated from results files and cards: what a page prints is what a command measured."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from reidzoo.apis.card_spreads import refresh_spreads
from reidzoo.apis.claims import read_claims
from reidzoo.apis.claims_page import claims_text
from reidzoo.apis.image_rows import image_rows_table, read_image_rows
from reidzoo.apis.method_pages import update_method_pages
from reidzoo.apis.overview import overview
from reidzoo.apis.results import results_files
from reidzoo.apis.stale_rows import mark
from reidzoo.apis.table_plan import RESULTS, TABLES, Table, read_table
from reidzoo.apis.table_text import brief_text, mean_and_spread, provenance_sentence, table_text
from reidzoo.base.errors import UserError
from reidzoo.base.files import write_text
from reidzoo.zoo.card_text import cards_table
from reidzoo.zoo.cards import list_cards, metafiles

PAGES = (
    Path("README.md"),
    *(Path(f"docs/{name}.md") for name in ("claims", "contexts", "joint", "pose", "sampling", "synthped")),
    Path("model_zoo/README.md"),
)
#: what fills the blocks of the pages, each opened by ``<!-- KIND: CONTENT -->`` or ``<!-- KIND -->`` and closed by
#: ``<!-- end -->``
FILLERS: dict[str, Callable[[str], str]] = {
    "results": lambda patterns: seeds_table(_read(patterns.split())),
    "images": lambda patterns: image_rows_table(read_image_rows(RESULTS, patterns.split())),
    "table": lambda name: table_text(_table(name)),
    "brief": lambda name: brief_text(_table(name)),
    "overview": overview,
    "claims": lambda _: claims_text(read_claims()),
    "cards": lambda _: cards_table(list_cards()),
}
BLOCK = re.compile(
    rf"(?P<opened><!-- (?P<kind>{'|'.join(FILLERS)})(: (?P<content>[^>]+))? -->\n).*?(?P<closed><!-- end -->)",
    re.DOTALL,
)
#: where tools of the OpenMMLab family look for metafiles
INDEX = Path("model-index.yml")
METRICS = ("mAP_step", "mAP_official", "mINP", "rank1")


def render_page(text: str) -> str:
    """``text`` with every block filled by the function of its kind.

    Raises:
        UserError: a pattern without a results file, or a mistake in the file of a table, of the claims or of a card.
    """
    return BLOCK.sub(
        lambda block: block["opened"] + FILLERS[block["kind"]](block["content"] or "") + block["closed"], text
    )


def index_text() -> str:
    """``model-index.yml``: the metafiles, by name."""
    lines = [f"- {file.relative_to(file.parents[2]).as_posix()}" for file in metafiles()]
    return "\n".join(["# written by tools/update_tables.py", "Import:", *lines]) + "\n"


def update_pages() -> list[Path]:
    """Fill the blocks of all pages and the spreads of the cards, list the metafiles; returns the files that changed."""
    changed = refresh_spreads()
    for page in (*PAGES, INDEX):
        before = page.read_text(encoding="utf-8") if page.exists() else ""
        after = index_text() if page == INDEX else render_page(before)
        if after != before:
            write_text(page, after)
            changed.append(page)
    return changed + update_method_pages()


def seeds_table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table, one line a config: mean and, where there are several, standard deviation over its seeds."""
    lines = [
        f"| config | trained on | tested on | {' | '.join(METRICS)} | seeds |",
        f"|---|---|---|{'---|' * len(METRICS)}---|",
    ]
    for config, group in groupby(rows, key=lambda row: row["config"]):
        runs = list(group)
        metrics = [mean_and_spread([run["metrics"][name] for run in runs]) for name in METRICS]
        name = f"[{Path(config).stem}](/{config}){mark(runs)}"
        sets = f"{_short(runs[0]['train_split'])} | {_short(runs[0]['data'])}"
        lines.append(f"| {name} | {sets} | {' | '.join(metrics)} | {len(runs)} |")
    return "\n".join([*lines, "", provenance_sentence(rows)]) + "\n"


def _table(name: str) -> Table:
    return read_table(TABLES / f"{name}.toml")


def _read(patterns: list[str]) -> list[dict[str, Any]]:
    rows = []
    for pattern in patterns:
        files = results_files(RESULTS, pattern)
        if not files:
            raise UserError(f"no results file '{RESULTS / pattern}.seed*.json': run the config and test it with --json")
        rows += [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return rows


def _short(title: str) -> str:
    """``SynthPed day`` of ``SynthPed day default seed 0 renderer 1.0 train``."""
    return " ".join(title.split()[:2])
