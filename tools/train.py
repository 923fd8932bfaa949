"""Train a config."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.configs import parse_options
from reidzoo.apis.training import train

EXAMPLE = """example:
  python tools/train.py configs/ide/ide_osnet-x0-25_synthped-day.py --seed 1 \\
      --cfg-options model.loss.label_smoothing=0"""


def main() -> None:
    """Parse the command line and train."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="a file under configs/")
    parser.add_argument("--work-dir", help="checkpoints and logs go here (default: work_dirs/<config name>)")
    parser.add_argument("--seed", type=int, help="of everything random (default: the config's)")
    parser.add_argument("--resume", action="store_true", help="continue from the work folder's last checkpoint")
    parser.add_argument("--smoke", action="store_true", help="tiny data, two steps, small networks")
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm"), default="none")
    parser.add_argument("--cfg-options", nargs="+", metavar="KEY=VALUE", help="override entries of the config")
    arguments = parser.parse_args()
    train(
        arguments.config,
        work_dir=arguments.work_dir,
        options=parse_options(arguments.cfg_options),
        seed=arguments.seed,
        resume=arguments.resume,
        smoke=arguments.smoke,
        launcher=arguments.launcher,
    )


if __name__ == "__main__":
    run_tool(main)
