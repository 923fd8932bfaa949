"""Render the built-in benchmark, train a re-ID model on it, test it, draw its ranked lists and training curves."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.demo import CONFIG, WORK_DIR, demo
from reidzoo.apis.results import results_table

EXAMPLE = """example:
  make demo          # or, in an installed environment:
  python tools/demo.py"""


def main() -> None:
    """Run the demo and say where its results are and what they mean."""
    tool_parser(__doc__, EXAMPLE).parse_args()
    row = demo()
    metrics = row["metrics"]
    print(results_table(row))
    print(
        f"""
Rendered in {row["rendered_seconds"]:.0f} s, trained in {row["trained_seconds"]:.0f} s (0: reused), \
tested in {row["seconds"]:.0f} s on {row["machine"]}.
For {metrics["rank1"]:.1f} % of the {metrics["num_valid_queries"]} queries the nearest gallery image of another \
camera shows the same person (rank-1).
mAP, which asks for all images of the person, is {metrics["mAP_step"]:.1f} % as most toolboxes count it (step) and \
{metrics["mAP_official"]:.1f} % as Market-1501's authors do (official).

  ranked lists     {row["pictures"]["ranked lists"]}  (right, wrong, and junk, which does not count)
  training curves  {row["pictures"]["training curves"]}
  checkpoint       {row["checkpoint"]}
  all of the above {WORK_DIR}/results.json

Next: python tools/train.py {CONFIG} --seed 1"""
    )


if __name__ == "__main__":
    run_tool(main)
