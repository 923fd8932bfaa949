"""``docs/claims.md``: what the literature claims, what was published for it, and what the rows here say."""

from __future__ import annotations

import statistics

from reidzoo.apis.claims import DOES_NOT_HOLD, HOLDS_IN_PART, UNDECIDED, ImageComparison, LiteratureClaim
from reidzoo.apis.comparing import HOLDS
from reidzoo.apis.image_rows import metric_value
from reidzoo.apis.stale_rows import mark, mark_note
from reidzoo.apis.table_text import Judgement, mean_and_spread

ORDER = (HOLDS, HOLDS_IN_PART, UNDECIDED, DOES_NOT_HOLD)


def claims_text(claims: list[LiteratureClaim]) -> str:
    """All verdicts in a table, then each claim with its rows."""
    counts = [(verdict, sum(claim.verdict == verdict for claim in claims)) for verdict in ORDER]
    lines = [
        f"{len(claims)} claims: {', '.join(f'{count} {verdict}' for verdict, count in counts if count)}.",
        "",
        "| claim | here |",
        "|---|---|",
        *(f"| [{claim.claim}](#{claim.name}) | **{claim.verdict}** |" for claim in claims),
    ]
    for claim in claims:
        lines += ["", *_section(claim)]
    rows = [row for claim in claims for each in claim.judgements for row in (*each.above, *each.below)]
    note = mark_note(rows).strip()
    return "\n".join([*lines, *(["", note] if note else [])]) + "\n"


def _section(claim: LiteratureClaim) -> list[str]:
    lines = [
        f'<a id="{claim.name}"></a>',
        "",
        f"## {claim.claim}: {claim.verdict}",
        "",
        f"**Published**: {claim.published}. Source: {claim.source}.",
        "",
        "| here | metric | said to be above | below | difference [95 %] | verdict |",
        "|---|---|---|---|---|---|",
        *map(_judged, claim.judgements),
        *map(_compared, claim.images),
    ]
    return [*lines, "", f"**What was tried, and why it may be so**: {claim.tried}"] if claim.tried else lines


def _judged(judgement: Judgement) -> str:
    claim = judgement.claim
    scale = "" if claim.scale == 1 else f"{claim.scale:g} × "
    above, below = (
        f"{name}: {_side([row['metrics'][claim.metric] for row in rows])}{mark(rows)}"
        for name, rows in ((f"{scale}{claim.above}", judgement.above), (claim.below, judgement.below))
    )
    return f"| {claim.text} | {claim.metric} | {above} | {below} | {judgement.difference} | {judgement.outcome} |"


def _side(values: list[float]) -> str:
    return f"{mean_and_spread(values)} ({_seeds(values)})" if values else "not run"


def _compared(images: ImageComparison) -> str:
    a, b = (f"{metric_value(statistics.mean(values))} ({_seeds(values)})" for values in (images.a, images.b))
    direction = "as claimed" if images.gain > 0 else "against the claim"
    outcome = images.outcome if images.interval else f"{images.outcome} (one seed on a side, {direction})"
    return f"| {images.text} | {images.metric} | {a} | {b} | {_gain(images)} | {outcome} |"


def _seeds(values: list[float]) -> str:
    return f"{len(values)} seeds" if len(values) > 1 else "one seed"


def _gain(images: ImageComparison) -> str:
    def signed(value: float) -> str:
        return f"{'+' if value > 0 else '-'}{metric_value(abs(value), like=images.gain)}"

    interval = "" if images.interval is None else f" [{', '.join(map(signed, images.interval))}]"
    return signed(images.gain) + interval
