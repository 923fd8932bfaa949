"""The command ``reidzoo``: what is on the shelves and in the zoo, its weights, and whether a config is right."""

from __future__ import annotations

import argparse
import sys

from terminaltables import AsciiTable
from tqdm import tqdm

from reidzoo import __version__
from reidzoo.apis.command_line import run_tool
from reidzoo.apis.configs import read_config
from reidzoo.base.errors import UserError, nearest
from reidzoo.registry import address, all_shelves, import_modules_of_user
from reidzoo.zoo.card_text import card_text
from reidzoo.zoo.cards import find_card, list_cards
from reidzoo.zoo.download import fetch

EXAMPLES = """examples:
  reidzoo list backbones
  reidzoo list --models synthped-day
  reidzoo info osnet-x0-25_synthped-studio
  reidzoo download osnet-x0-25_synthped-studio --to weights
  reidzoo check configs/ide/ide_osnet-x0-25_synthped-day.py"""


def list_shelves(kind: str | None, modules: list[str]) -> None:
    """Print every registered name with its shelf and file:line, those that ``modules`` register among them."""
    import_modules_of_user({"imports": modules})
    shelves = all_shelves()
    if kind is not None and kind not in shelves:
        raise UserError(f"no shelf '{kind}', {nearest(kind, shelves)}")
    rows = [["name", "shelf", "where"]]
    for name, shelf in shelves.items():
        if kind in (None, name):
            rows += [[entry, name, address(cls)] for entry, cls in sorted(shelf.module_dict.items())]
    print(AsciiTable(rows).table)


def list_models(pattern: str | None) -> None:
    """Print the models of the zoo whose names match."""
    rows = [["model", "collection", "trained on", "weights"]]
    for card in list_cards(pattern):
        weights = f"{card.weights.size / 1e6:.1f} MB" if card.weights else "train it"
        rows.append([card.name, card.collection.name, card.metadata["Training Data"], weights])
    print(AsciiTable(rows).table)


def download(name: str, mirror: str | None, to: str | None) -> None:
    """Fetch one model, or ``all`` that have weights, and print where each file lies."""
    names = [card.name for card in list_cards() if card.weights] if name == "all" else [name]

    def report(line: str) -> None:
        tqdm.write(line, file=sys.stderr)

    for each in names:
        with tqdm(desc=each, unit="B", unit_scale=True, leave=False, disable=not sys.stderr.isatty()) as bar:

            def progress(done: int, total: int, bar: tqdm = bar) -> None:
                bar.total = total
                bar.update(done - bar.n)

            file = fetch(each, mirror=mirror, to=to, progress=progress, report=report)
        print(f"{each}: {file}")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(
        prog="reidzoo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=EXAMPLES
    )
    root.add_argument("--version", action="version", version=__version__)
    commands = root.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="every registered name with its shelf and file:line, or the models")
    listing.add_argument("kind", nargs="?", help="one shelf only, for example losses")
    listing.add_argument(
        "--import", nargs="+", default=[], dest="modules", metavar="MODULE", help="import first, as custom_imports does"
    )
    listing.add_argument(
        "--models", nargs="?", const="*", metavar="PATTERN", help="the models of the zoo, for example '*_synthped-day'"
    )
    checking = commands.add_parser("check", help="read a config against the code without running it")
    checking.add_argument("config", nargs="+")
    showing = commands.add_parser("info", help="the card of a model: what it is, and how to get, test and train it")
    showing.add_argument("name")
    fetching = commands.add_parser("download", help="the weights of a model, checked against its card")
    fetching.add_argument("name", help="a model, or all")
    fetching.add_argument("--mirror", metavar="URL", help="ask this folder, file://, http:// or https:// first")
    fetching.add_argument("--to", metavar="DIR", help="default: checkpoints/ in REIDZOO_HOME or ~/.cache/reidzoo")
    return root


def main() -> None:
    """Parse the command line and run one subcommand."""
    arguments = parser().parse_args()
    if arguments.command == "download":
        download(arguments.name, arguments.mirror, arguments.to)
    elif arguments.command == "info":
        print(card_text(find_card(arguments.name)))
    elif arguments.command == "check":
        for config in arguments.config:
            read_config(config)
            print(f"{config}: names and arguments are right (data and weights were not opened)")
    elif arguments.models is None:
        list_shelves(arguments.kind, arguments.modules)
    elif arguments.kind is None:
        list_models(arguments.models)
    else:
        raise UserError(f"list shows either a shelf or --models, got '{arguments.kind}' and --models: leave one out")


def console() -> None:
    """Entry point of the installed command."""
    run_tool(main)


if __name__ == "__main__":
    console()
