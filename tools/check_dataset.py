"""Validate the folder of a data set: counts, names, lists, duplicates, leaks between training and test."""

from __future__ import annotations

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.results import write_json
from reidzoo.data.dataset_check import check_dataset

EPILOG = """\
example:
  python tools/check_dataset.py data/Market-1501-v15.09.15 --json market.json
  python tools/check_dataset.py data/own --pattern '(?P<pid>[a-z]+)_cam(?P<camid>\\d+)_.*'

exit status: 0 nothing wrong, 1 something is, 2 the folder cannot be checked"""


def main() -> int:
    parser = tool_parser(__doc__, EPILOG)
    parser.add_argument("root", help="folder of the data set")
    parser.add_argument("--type", help="class name of its reader, such as Market1501; else guessed from the layout")
    parser.add_argument("--pattern", help="regular expression of an own folder's file names, see docs/datasets.md")
    parser.add_argument("--json", metavar="FILE", help="write all findings, with every file, to FILE")
    arguments = parser.parse_args()
    report = check_dataset(arguments.root, arguments.type, arguments.pattern)
    print(report.tables())
    if arguments.json:
        write_json(arguments.json, report.as_dict())
    return 1 if report.findings else 0


if __name__ == "__main__":
    run_tool(main)
