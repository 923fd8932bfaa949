"""What every tool shares: its help, and how it ends: a user's mistake in one sentence on stderr and exit status 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from reidzoo.base.errors import UserError


def tool_parser(description: str, epilog: str) -> argparse.ArgumentParser:
    """A parser whose help shows both texts line by line as they are, examples and all."""
    return argparse.ArgumentParser(
        description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def run_tool(main: Callable[[], int | None]) -> None:
    """Call ``main`` and leave the process with its status; a ``UserError`` becomes one sentence and status 2."""
    try:
        sys.exit(main() or 0)
    except UserError as error:
        if os.environ.get("RANK", "0") == "0":  # of several processes one tells
            sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
