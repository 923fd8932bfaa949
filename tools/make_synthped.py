"""Render the built-in benchmark."""

from __future__ import annotations

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.data.synthped.benchmark import make_synthped
from reidzoo.data.synthped.domain import DOMAINS
from reidzoo.data.synthped.planning import SIZES
from reidzoo.data.synthped.sheet import contact_sheet

EXAMPLE = """example:
  python tools/make_synthped.py --out data/synthped-day --domain day --size default --sheet day.png
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("--out", required=True, help="folder that will hold the benchmark")
    parser.add_argument("--domain", required=True, choices=sorted(DOMAINS))
    parser.add_argument("--size", default="default", choices=list(SIZES))
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other people and cameras (default 0)")
    parser.add_argument("--workers", type=int, help="processes, default one a core; the result is the same")
    parser.add_argument("--sheet", metavar="FILE", help="also draw a contact sheet (PNG)")
    arguments = parser.parse_args()

    meta = make_synthped(arguments.out, arguments.domain, arguments.size, arguments.seed, arguments.workers)
    if meta["reused"]:
        print(f"{arguments.out} holds this render already (version {meta['renderer_version']}), nothing to do")
    for folder, count in meta["counts"].items():
        print(f"{folder}: {count['images']} images of {count['identities']} identities")
    if arguments.sheet:
        contact_sheet(arguments.out, arguments.sheet)
        print(f"contact sheet: {arguments.sheet}")


if __name__ == "__main__":
    run_tool(main)
