"""Fill the tables of README, docs and model_zoo from the results files in model_zoo/results; write docs/methods."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.tables import update_pages

EXAMPLE = """example:
  python tools/run_table.py model_zoo/tables/recipes.toml --rows IDE
  python tools/update_tables.py"""


def main() -> None:
    """Update every page and say which changed."""
    tool_parser(__doc__, EXAMPLE).parse_args()
    changed = update_pages()
    print("\n".join(f"{page}: updated" for page in changed) or "every table is up to date")


if __name__ == "__main__":
    run_tool(main)
