"""Train configs in order, each from the last checkpoint of the one before; run again, it continues where it was."""

import argparse

from reidzoo.apis.command_line import run_tool
from reidzoo.apis.stages import WORK_DIRS, train_stages

EXAMPLE = """example:
  python tools/run_stages.py configs/pcb/pcb_osnet-x0-25_synthped-day.py \\
      configs/pcb/pcb-rpp-induction_osnet-x0-25_synthped-day.py \\
      configs/pcb/pcb-rpp_osnet-x0-25_synthped-day.py --seed 1"""


def main() -> None:
    """Parse the command line, train, say where the last checkpoint is."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help="files under configs/, in the order of training")
    parser.add_argument("--seed", type=int, default=0, help="of everything random, in every stage (default: 0)")
    parser.add_argument(
        "--work-dir",
        default=WORK_DIRS,
        metavar="DIR",
        help="a stage gets DIR/<config name>/seed<N> (default: work_dirs)",
    )
    arguments = parser.parse_args()
    checkpoint = train_stages(arguments.configs, seed=arguments.seed, work_dir=arguments.work_dir, report=print)
    print(f"last checkpoint: {checkpoint}")


if __name__ == "__main__":
    run_tool(main)
