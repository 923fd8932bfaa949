"""The cards on the shelf: where they lie, and finding one by name."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

from reidzoo.base.errors import UserError, nearest
from reidzoo.zoo.metafiles import Card, read_metafile

#: where ``setup.py`` puts the metafiles into a wheel
PACKED = Path(__file__).parent / "index"


def checkout() -> Path | None:
    """The repository that this package runs from, None where it was installed without one."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "setup.py").is_file() and (root / "model_zoo").is_dir() else None


def metafiles() -> list[Path]:
    """All metafiles, sorted: of the repository, or of the wheel outside of one."""
    root = checkout()
    return sorted((root / "model_zoo" if root else PACKED).glob("*/metafile.yml"))


def list_cards(pattern: str | None = None) -> list[Card]:
    """The cards of all metafiles, sorted by name.

    Args:
        pattern: only names that it matches, as in a shell (``*_synthped-day``) or as a part (``osnet``).

    Raises:
        UserError: a mistake in a metafile, two cards of one name, or a pattern that matches none.
    """
    root = checkout()
    cards = sorted((card for file in metafiles() for card in read_metafile(file, root)), key=lambda card: card.name)
    for one, other in pairwise(cards):
        if one.name == other.name:
            raise UserError(f"two cards are named '{one.name}', in {one.metafile} and {other.metafile}: rename one")
    if pattern is None:
        return cards
    found = [card for card in cards if fnmatchcase(card.name, pattern) or pattern in card.name]
    if not found:
        raise UserError(f"no model matches '{pattern}', {nearest(pattern, [card.name for card in cards])}")
    return found


def find_card(name: str) -> Card:
    """The card of the model ``name``.

    Raises:
        UserError: there is none; the sentence names the nearest ones.
    """
    cards = {card.name: card for card in list_cards()}
    if name not in cards:
        raise UserError(f"no model '{name}' in the zoo, {nearest(name, cards)}")
    return cards[name]
