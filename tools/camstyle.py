"""Train a translation on each pair of cameras and draw every image in the style of each other camera (CamStyle)."""

from reidzoo.apis.camstyle_pairs import train_camera_pairs
from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.stages import WORK_DIRS

EXAMPLE = """example:
  python tools/camstyle.py configs/camstyle/camstyle_resnet3_synthped-day.py --cameras 0 1"""


def main() -> None:
    """Parse the command line, train and translate, say where the images are."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="a file under configs/ whose source and target are one data set")
    parser.add_argument("--seed", type=int, default=0, help="of everything random, for every pair (default: 0)")
    parser.add_argument(
        "--cameras",
        nargs="+",
        type=int,
        metavar="C",
        help="only pairs of these, counted from 0 (default: the config's)",
    )
    parser.add_argument(
        "--work-dir",
        default=WORK_DIRS,
        metavar="DIR",
        help="all goes to DIR/<config name>/seed<N> (default: work_dirs)",
    )
    arguments = parser.parse_args()
    folder = train_camera_pairs(
        arguments.config,
        seed=arguments.seed,
        cameras=arguments.cameras,
        work_dir=arguments.work_dir,
        report=print,
    )
    print(f"images: {folder}")


if __name__ == "__main__":
    run_tool(main)
