"""Cards as people read them: one on the screen, all as a table of a page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reidzoo.zoo.metafiles import DRAWING, GENERATION, Card, Result

NOTHING = "–"
UNITS = {"Training Time": "seconds"}


def card_text(card: Card) -> str:
    """Everything a card says, and the commands that get, test and train the model."""
    lines = [
        ("collection", ", ".join(map(str, [card.collection.name, *card.collection.paper.values()]))),
        ("config", card.config),
        *((UNITS.get(key, key.lower()), _plain(value)) for key, value in card.metadata.items()),
        *(("measured", f"{_tested(result)}: {_measured(result)}") for result in card.results),
        *(("by others", f"{each.dataset}: {_numbers(each.metrics)} ({each.source})") for each in card.published),
    ]
    if card.picture is not None:
        lines.append(("picture", card.picture))
    weights = card.weights
    if weights is not None:
        lines += [
            ("weights", f"{weights.file}, {weights.size:,} bytes, {weights.precision}, a {weights.holds}"),
            ("sha256", weights.sha256),
            ("licence", weights.licence),
            ("data licence", weights.data_licence),
            ("mirrors", ", ".join(weights.mirrors) or "the repository"),
            ("get it", f"reidzoo download {card.name}"),
            ("use it", _use(card)),
        ]
    lines.append(("train it", card.train or _training(card)))
    width = max(len(label) for label, _ in lines)
    return "\n".join([card.name, *(f"  {label:<{width}}  {text}" for label, text in lines)])


def cards_table(cards: Iterable[Card]) -> str:
    """A Markdown table, one line a card, those with weights first; figures of others have a column of their own.

    Of a generator it has how its images were judged and what re-ID learnt from them; its picture is below the table.
    """
    cards = sorted(cards, key=lambda card: card.weights is None)
    lines = ["| model | trained on | measured here | by others | weights |", "|---|---|---|---|---|"]
    for card in cards:
        results = [result for result in card.results if result.task not in DRAWING]
        measured = [f"{_tested(result, linked=True)}: {_measured(result)}" for result in results]
        others = [f"{each.dataset}: {_numbers(each.metrics)} ({each.source})" for each in card.published]
        weights = card.weights
        cells = (
            f"[{card.name}](/{card.config})",
            card.metadata["Training Data"],
            "<br>".join(measured) or NOTHING,
            "<br>".join(others) or NOTHING,
            f"{weights.size / 1e6:.1f} MB, {weights.precision}" if weights else f"train it: `{card.train}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    for card in cards:
        if card.picture is not None:
            summary = f"<details><summary>What {card.name} draws</summary>"
            lines += ["", summary, "", f"![{card.name}](/{card.picture})", "", "</details>"]
    return "\n".join(lines) + "\n"


def _training(card: Card) -> str:
    stages = card.metadata.get("Stages")
    return f"python tools/run_stages.py {' '.join(stages)}" if stages else f"python tools/train.py {card.config}"


def _use(card: Card) -> str:
    if card.weights.holds == "backbone":
        return f'backbone=dict(..., weights="zoo://{card.name}") in a config'
    if card.is_translation:
        return f"python tools/translate.py {card.config} zoo://{card.name} --in ROOT --out FOLDER"
    if card.is_sampling:
        return f"python tools/sample.py {card.config} zoo://{card.name} --out FOLDER --count N"
    if card.is_pose_transfer:
        return f"python tools/repose.py {card.config} zoo://{card.name} IMAGE --pose OTHER_IMAGE --out PICTURE"
    if card.is_swapping:
        return f"python tools/swap.py {card.config} zoo://{card.name} --appearance IMAGES --structure IMAGES"
    if card.is_rendering:
        return f"python tools/render.py {card.config} zoo://{card.name} --out PICTURE"
    return f"python tools/test.py {card.config} zoo://{card.name}"


def _tested(result: Result, *, linked: bool = False) -> str:
    """The data of a test, and whose test it was, where it was not that of the model itself."""
    if result.config is None:
        return result.dataset
    recipe = Path(result.config).stem
    return f"{result.dataset}, {f'[{recipe}](/{result.config})' if linked else recipe} trained on its images"


def _measured(result: Result) -> str:
    """``mAP_step 74.9 (74.2 ± 0.9 over 3 seeds), rank1 86.8``; in parentheses the recipe, before them these weights.

    What judges images is no percentage: it has two decimals, and three below 10, as in the tables of such rows.
    """
    texts = []
    for metric, value in result.metrics.items():
        digits = 1 if result.task != GENERATION else 2 if abs(value) >= 10 else 3
        spread = result.spread.get(metric)
        recipe = f" ({_rounded(spread, digits)} over {spread['seeds']} seeds)" if spread else ""
        texts.append(f"{_number(metric, value, digits)}{recipe}")
    return ", ".join(texts)


def _rounded(spread: dict[str, float], digits: int) -> str:
    return f"{spread['mean']:.{digits}f} ± {spread['std']:.{digits}f}"


def _numbers(metrics: dict[str, float]) -> str:
    return ", ".join(_number(metric, value) for metric, value in metrics.items())


def _number(metric: str, value: float, digits: int = 1) -> str:
    return f"{metric} {value:,}" if isinstance(value, int) else f"{metric} {value:.{digits}f}"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
