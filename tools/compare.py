"""Judge the claim 'A is above B' from rows of results: holds, fails (B is above A) or not resolved."""

import json
from dataclasses import asdict

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.comparing import METRICS, compare, describe, row_files

EXAMPLE = """example, does Random Erasing help within the domain? (quote the patterns; one row a training seed):
  python tools/compare.py "model_zoo/results/ide-re_osnet-x0-25_synthped-day.seed*.json" \\
      "model_zoo/results/ide_osnet-x0-25_synthped-day.seed*.json" --metric mAP_step"""


def main() -> None:
    """Parse the command line, compare, print the verdict; every verdict is a success of the tool."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("rows_a", metavar="ROWS_A", help="a row of tools/test.py --json, or a quoted pattern of rows")
    parser.add_argument("rows_b", metavar="ROWS_B", help="the same of B, tested on the same queries")
    parser.add_argument("--metric", choices=METRICS, default=METRICS[0])
    parser.add_argument("--scale-a", type=float, default=1.0, help="A counts this many times (0.5: half of A above B?)")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    arguments = parser.parse_args()
    verdict = compare(
        row_files(arguments.rows_a), row_files(arguments.rows_b), metric=arguments.metric, scale_a=arguments.scale_a
    )
    print(json.dumps(asdict(verdict), indent=2) if arguments.json else describe(verdict))


if __name__ == "__main__":
    run_tool(main)
