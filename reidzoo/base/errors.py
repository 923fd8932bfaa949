"""The one-sentence error: what was expected, what came, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake of the person at the keyboard, told in one sentence.

    Tools print it without a traceback and exit with a non-zero status. Everything that is not a
    ``UserError`` is a defect of reidzoo and keeps its traceback.
    """


def require_at_least(least: float, owner: object, **values: float) -> None:
    """Refuse arguments of the constructor of ``owner`` that are below ``least``, or no number.

    Raises:
        UserError: names the class and the argument.
    """
    for name, value in values.items():
        if not value >= least:
            raise UserError(f"{type(owner).__name__} expects {name} of at least {least}, got {value}")


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """``"did you mean 'A' or 'B'?"``, or the sorted list of what exists when nothing is close."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=count, cutoff=0.6)
    if not close:  # people get the case wrong more often than the letters
        lower = {entry.lower(): entry for entry in known}
        close = [lower[hit] for hit in difflib.get_close_matches(name.lower(), lower, n=count, cutoff=0.6)]
    if close:
        return f"did you mean {' or '.join(repr(entry) for entry in close)}?"
    return f"known: {', '.join(known) or 'nothing yet'}"
