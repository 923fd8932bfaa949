"""Train and test what a table of the model zoo still lacks; run again, it continues where it was."""

import argparse

from reidzoo.apis.command_line import run_tool
from reidzoo.apis.stages import WORK_DIRS
from reidzoo.apis.table_plan import RESULTS
from reidzoo.apis.table_runs import run_table

EXAMPLE = """example:
  python tools/run_table.py model_zoo/tables/recipes.toml --rows IDE --seeds 0
  python tools/update_tables.py"""


def main() -> None:
    """Parse the command line, run, say what was written."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", help="a file under model_zoo/tables/")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="only these lines of the table")
    parser.add_argument("--seeds", nargs="+", type=int, metavar="N", help="only these seeds")
    parser.add_argument("--only-tests", action="store_true", help="test finished runs, train nothing")
    parser.add_argument("--work-dir", default=WORK_DIRS, metavar="DIR", help="of the trainings (default: work_dirs)")
    arguments = parser.parse_args()
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
