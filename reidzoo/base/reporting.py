"""How a call that takes long says what it does: one line of text after the other, to whoever asked for them."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str], object]


def silent(line: str) -> None:
    """The report of a call that nobody listens to."""
