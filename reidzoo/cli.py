"""The command ``reidzoo``: what is on the shelves, and whether a config is right."""

from __future__ import annotations

import argparse

from terminaltables import AsciiTable

from reidzoo import __version__
from reidzoo.apis.command_line import run_tool
from reidzoo.apis.configs import read_config
from reidzoo.base.errors import UserError, nearest
from reidzoo.registry import address, all_shelves


def list_shelves(kind: str | None) -> None:
    """Print every registered name with its shelf and file:line."""
    shelves = all_shelves()
    if kind is not None and kind not in shelves:
        raise UserError(f"no shelf '{kind}', {nearest(kind, shelves)}")
    rows = [["name", "shelf", "where"]]
    for name, shelf in shelves.items():
        if kind in (None, name):
            rows += [[entry, name, address(cls)] for entry, cls in sorted(shelf.module_dict.items())]
    print(AsciiTable(rows).table)


def main() -> None:
    """Parse the command line and run one subcommand."""
    parser = argparse.ArgumentParser(
        prog="reidzoo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  reidzoo list backbones\n  reidzoo check configs/ide/ide_osnet-x0-25_synthped-day.py",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="every registered name with its shelf and file:line")
    listing.add_argument("kind", nargs="?", help="one shelf only, for example losses")
    checking = commands.add_parser("check", help="read a config against the code without running it")
    checking.add_argument("config", nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "list":
        list_shelves(arguments.kind)
        return
    for config in arguments.config:
        read_config(config)
        print(f"{config}: names and arguments are right (data and weights were not opened)")


def console() -> None:
    """Entry point of the installed command."""
    run_tool(main)


if __name__ == "__main__":
    console()
