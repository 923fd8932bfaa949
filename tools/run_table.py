"""Train and test what a table of the model zoo still lacks; run again, it continues where it was.

With --stale: list the rows that were measured before their config, method, network, loss or data code changed.
"""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.confirming import confirm
from reidzoo.apis.stages import WORK_DIRS
from reidzoo.apis.stale_rows import stale_rows
from reidzoo.apis.table_plan import RESULTS, read_table
from reidzoo.apis.table_runs import run_table

EXAMPLE = """example:
  python tools/run_table.py model_zoo/tables/recipes.toml --rows IDE --seeds 0
  python tools/run_table.py --stale
  python tools/update_tables.py"""


def list_stale(table: str | None, with_confirmation: bool) -> None:
    """Print the stale rows of a table, or of all, a line each."""
    rows = stale_rows(RESULTS, None if table is None else read_table(table))
    if with_confirmation:
        rows = confirm(rows, report=lambda line: print(line, flush=True))
    for each in rows:
        print(f"{each.file}: changed since {each.row['commit']}: {', '.join(each.changed)}")
    print(f"{len(rows)} stale rows: delete their files and run their table again" if rows else "no row is stale")


def main() -> None:
    """Parse the command line, run, say what was written."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("table", nargs="?", help="a file under model_zoo/tables/ (--stale: default all)")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="only these lines of the table")
    parser.add_argument("--seeds", nargs="+", type=int, metavar="N", help="only these seeds")
    parser.add_argument("--only-tests", action="store_true", help="test finished runs, train nothing")
    parser.add_argument("--work-dir", default=WORK_DIRS, metavar="DIR", help="of the trainings (default: work_dirs)")
    parser.add_argument("--stale", action="store_true", help="only list rows whose config or code changed since")
    parser.add_argument(
        "--confirm",
        action="store_true",
        help="with --stale: let the code of then and of today take two steps, and keep rows where both agree",
    )
    arguments = parser.parse_args()
    if arguments.confirm and not arguments.stale:
        parser.error("--confirm goes with --stale")
    if arguments.stale:
        list_stale(arguments.table, arguments.confirm)
        return
    if arguments.table is None:
        parser.error("name a table, or --stale")
    written = run_table(
        arguments.table,
        rows=arguments.rows,
        seeds=arguments.seeds,
        only_tests=arguments.only_tests,
        work_dir=arguments.work_dir,
        report=lambda line: print(line, flush=True),
    )
    print(f"{len(written)} results written to {RESULTS}" + (": python tools/update_tables.py" if written else ""))


if __name__ == "__main__":
    run_tool(main)
