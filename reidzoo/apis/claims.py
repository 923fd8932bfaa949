"""The claims of the literature, read from ``model_zoo/claims.toml`` and judged by the rows of the model zoo.

.. code-block:: toml

    [[claims]]
    name = "cr-gan-spgan"                         # its address on the page
    claim = "CR-GAN is nearer to the target than SPGAN, and better to learn from"
    published = "rank-1 56.0 against 46.4"        # with figures where they may be printed
    source = "Chen et al., ICCV 2019"
    judged = ["cr_gan: CR-GAN is better than SPGAN, day to dusk"]   # stem of a table, text of a claim of it
    images = [                                    # optional: rows that judge images, one a seed
        { text = "CR-GAN has a lower FID", metric = "fid (...)", better = "lower", a = "cr-gan_...", b = "spgan_..." },
    ]
    tried = "What was tried where it does not hold."                # optional
"""

from __future__ import annotations

import statistics
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidzoo.apis.comparing import FAILS, HOLDS, NOT_RESOLVED, outcome_of, welch_interval
from reidzoo.apis.image_rows import read_image_rows
from reidzoo.apis.table_plan import RESULTS, TABLES, Claim, Table, check_keys, read_tables
from reidzoo.apis.table_text import Judgement, judge
from reidzoo.base.errors import UserError, nearest

CLAIMS = Path("model_zoo/claims.toml")
HOLDS_IN_PART, DOES_NOT_HOLD, UNDECIDED = "holds in part", "does not hold", "undecided"
BETTER = {"higher": 1, "lower": -1}


@dataclass(frozen=True)
class ImageComparison:
    """Of images of ``a`` and ``b``, by one metric: ``a`` is said to be better.

    Attributes:
        text: the claim.
        metric: with its flavour, as rows name it.
        a: values of the rows of ``a``, one a seed.
        b: the same of ``b``.
        gain: by how much ``a`` is better, in the metric's unit; positive as claimed.
        interval: 95 %, over seeds; None where one side has a single row.
    """

    text: str
    metric: str
    a: list[float]
    b: list[float]
    gain: float
    interval: tuple[float, float] | None

    @property
    def outcome(self) -> str:
        """One of :mod:`reidzoo.apis.comparing`'s."""
        return outcome_of(self.interval)


@dataclass(frozen=True)
class LiteratureClaim:
    """A claim, what was published for it, and how the rows here judge it, part by part."""

    name: str
    claim: str
    published: str
    source: str
    tried: str
    judgements: list[Judgement]
    images: list[ImageComparison]

    @property
    def verdict(self) -> str:
        """Of all parts together: it holds where each of them does, and does not where none holds and one fails."""
        outcomes = [each.verdict.outcome if each.verdict else NOT_RESOLVED for each in self.judgements]
        outcomes += [each.outcome for each in self.images]
        if HOLDS in outcomes:
            return HOLDS if set(outcomes) == {HOLDS} else HOLDS_IN_PART
        return DOES_NOT_HOLD if FAILS in outcomes else UNDECIDED


def read_claims(path: Path = CLAIMS, tables: Path = TABLES, results: Path = RESULTS) -> list[LiteratureClaim]:
    """Read, check and judge all claims.

    Raises:
        UserError: an unknown or missing key, a name twice, a claim that no table has or that stands twice, rows on
            images that are not there, that lack the metric, or that were judged differently.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    known = table_claims(read_tables(tables))
    nodes = content["claims"]
    _refuse_twice("name", [node.get("name") for node in nodes])
    _refuse_twice("claim of a table", [text for node in nodes for text in node.get("judged", [])])
    return [_claim(node, known, results, f"{path}: claim {index}") for index, node in enumerate(nodes, 1)]


def table_claims(tables: dict[str, Table]) -> dict[str, tuple[Claim, Table]]:
    """The claims of tables, given by the stems of their files, each as ``<stem>: <text>`` with its table."""
    return {f"{stem}: {claim.text}": (claim, table) for stem, table in tables.items() for claim in table.claims}


def _claim(node: dict[str, Any], known: dict[str, Any], results: Path, where: str) -> LiteratureClaim:
    texts = dict.fromkeys(("name", "claim", "published", "source"), str)
    check_keys(node, where, {**texts, "judged": list}, {"images": list, "tried": str})
    where = f"{where} ('{node['name']}')"
    for text in node["judged"]:
        if text not in known:
            raise UserError(f"{where}: no table has the claim '{text}', {nearest(text, known)}")
    return LiteratureClaim(
        **{key: node[key] for key in texts},
        tried=node.get("tried", ""),
        judgements=[judge(*known[text], results) for text in node["judged"]],
        images=[_images(each, results, where) for each in node.get("images", [])],
    )


def _images(node: dict[str, Any], results: Path, where: str) -> ImageComparison:
    check_keys(node, where, dict.fromkeys(("text", "metric", "better", "a", "b"), str), {})
    where, metric = f"{where}, '{node['text']}'", node["metric"]
    if node["better"] not in BETTER:
        raise UserError(f"{where}: better is 'higher' or 'lower', got '{node['better']}'")
    a, b = (read_image_rows(results, [node[side]]) for side in ("a", "b"))
    if len({_judged_on(row) for row in (*a, *b)}) > 1:
        raise UserError(f"{where}: '{node['a']}' and '{node['b']}' were judged against other sets, counts or sizes")
    for row in (*a, *b):
        if metric not in row["metrics"]:
            raise UserError(f"{where}: a row lacks the metric '{metric}', {nearest(metric, row['metrics'])}")
    sides = [[row["metrics"][metric] for row in rows] for rows in (a, b)]
    gain = BETTER[node["better"]] * (statistics.mean(sides[0]) - statistics.mean(sides[1]))
    spread = [(statistics.variance(values) / len(values), len(values) - 1) for values in sides if len(values) > 1]
    interval = welch_interval(gain, 0.0, spread)[0] if len(spread) == 2 else None
    return ImageComparison(node["text"], metric, *sides, gain, interval)


def _judged_on(row: dict[str, Any]) -> tuple[Any, ...]:
    """What rows share that may be compared: FID depends on how many images, every metric on their size."""
    return row["real"], row["counts"]["real"], row["counts"]["fake"], tuple(row["size"])


def _refuse_twice(what: str, values: Iterable[Any]) -> None:
    values = list(values)
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise UserError(f"{CLAIMS}: the {what} '{twice}' stands twice")
