"""Train configs in order, each from the weights or on the images of the one before; run again, it continues."""

from pathlib import Path

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.results import side_by_side_table
from reidzoo.apis.side_by_side import run_side_by_side
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_smoke import write_smoke_configs
from reidzoo.apis.stages import WORK_DIRS

EXAMPLE = """example:
  python tools/run_stages.py configs/spgan/spgan_resnet3_synthped-day2dusk.py \\
      configs/spgan/spgan_osnet-x0-25_synthped-day2dusk.py \\
      --beside configs/ide/ide-map_osnet-x0-25_synthped-day2dusk.py configs/ide/ide-map_osnet-x0-25_synthped-dusk.py"""


def main() -> None:
    """Parse the command line, train, say where the last checkpoint is or print the table."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help="files under configs/, in the order of training")
    parser.add_argument(
        "--beside", nargs="+", default=[], metavar="CONFIG", help="also train each of these alone, test all, compare"
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything random, in every stage (default: 0)")
    parser.add_argument(
        "--work-dir",
        default=WORK_DIRS,
        metavar="DIR",
        help="a stage gets DIR/<config name>/seed<N> (default: work_dirs)",
    )
    parser.add_argument("--smoke", action="store_true", help="tiny data, two steps a stage, from scratch in DIR/smoke")
    arguments = parser.parse_args()
    configs, beside, work_dir = arguments.configs, arguments.beside, Path(arguments.work_dir)
    if arguments.smoke:
        work_dir = work_dir / "smoke"
        configs, beside = (write_smoke_configs(names, work_dir) for names in (configs, beside))
    if beside:
        rows = run_side_by_side(configs, beside, seed=arguments.seed, work_dir=work_dir, report=print)
        print(side_by_side_table(rows))
        if arguments.smoke:
            print("a rehearsal: shrunk networks, all domains one tiny set; these numbers mean nothing")
    else:
        checkpoint = train_stages(configs, seed=arguments.seed, work_dir=work_dir, report=print)
        print(f"last checkpoint: {checkpoint}")


if __name__ == "__main__":
    run_tool(main)
