"""Publish a trained run: weights as safetensors, tested once more, and their card (of a generator also a picture)."""

import argparse
from pathlib import Path

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.publishing import publish, publish_table
from reidzoo.apis.publishing_generators import publish_generator
from reidzoo.base.errors import UserError

EXAMPLE = """examples:
  python tools/publish.py work_dirs/ide_osnet-x0-25_synthped-day/seed0 \\
      --results model_zoo/results/ide_osnet-x0-25_synthped-day.seed0.json
  python tools/publish.py work_dirs/cyclegan_resnet3_synthped-day2dusk/seed0
  python tools/publish.py work_dirs/dcgan_conv4_synthped-day/seed0
  python tools/publish.py work_dirs/pg2-stage2_unet5_synthped-day/seed0
  python tools/publish.py work_dirs/dgnet_osnet-x0-25_synthped-day/seed0
  python tools/publish.py --table model_zoo/tables/recipes.toml --seed 0"""


def main() -> None:
    """Parse the command line and publish."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("run", nargs="?", help="work folder of a training run, or a checkpoint in it")
    parser.add_argument("--results", metavar="FILE", help="the row of its test, of a method that draws nothing")
    parser.add_argument("--out", default="model_zoo/checkpoints", help="folder of the weights (default: %(default)s)")
    parser.add_argument(
        "--half",
        action=argparse.BooleanOptionalAction,
        help="float16 or float32 (default: float16 where mAP_step moves by at most 0.05, or images by 1 of 255)",
    )
    parser.add_argument("--table", metavar="FILE", help="publish what this table's runs have trained and tested")
    parser.add_argument("--seed", type=int, default=0, help="of the table's runs (default: %(default)s)")
    parser.add_argument("--work-dir", default="work_dirs", help="of the table's runs (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.table and not arguments.run:
        folders = {"work_dir": Path(arguments.work_dir), "out": arguments.out}
        publish_table(arguments.table, seed=arguments.seed, **folders, report=print)
    elif arguments.run and arguments.results and not arguments.table:
        publish(arguments.run, arguments.results, arguments.out, half=arguments.half, report=print)
    elif arguments.run and not arguments.table:
        publish_generator(arguments.run, arguments.out, half=arguments.half, report=print)
    else:
        raise UserError("name a run (with its --results where it draws nothing), or a --table")


if __name__ == "__main__":
    run_tool(main)
