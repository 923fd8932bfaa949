"""Files by address: ``scheme://name`` in the place of a path, for schemes that a room above registers.

Networks and the Runner name files, and do not know where the zoo keeps them; the zoo tells this page.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reidzoo.base.errors import UserError, nearest

_FINDERS: dict[str, Callable[[str], Path]] = {}


def register_scheme(scheme: str, find: Callable[[str], Path]) -> None:
    """Let ``find(name)`` give the file of ``<scheme>://name`` from now on."""
    _FINDERS[scheme] = find


def local_file(address: str | Path) -> Path:
    """The file that ``address`` means: itself where it is a path, otherwise what its scheme finds.

    Raises:
        UserError: a scheme that nobody registered, or what its finder raises.
    """
    scheme, separator, name = str(address).partition("://")
    if not separator:
        return Path(address)
    if scheme not in _FINDERS:
        raise UserError(f"'{address}' is no path and no address of a known kind, {nearest(scheme, _FINDERS)}")
    return _FINDERS[scheme](name)
