"""Draw the training images of a data set anew: in another style, in other poses, structures or contexts."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.redrawing import redraw_dataset

EXAMPLE = """examples (a call that was killed is taken up by the same call):
  python tools/translate.py configs/cyclegan/cyclegan_resnet3_synthped-day2dusk.py CHECKPOINT \\
      --in data/synthped-day --out work_dirs/day2dusk
  python tools/translate.py configs/pg2/pg2-stage2_unet5_synthped-day.py CHECKPOINT \\
      --in data/synthped-day --out work_dirs/day-reposed --poses 2
  python tools/translate.py configs/dgnet/dgnet_osnet-x0-25_synthped-day.py CHECKPOINT \\
      --in data/synthped-day --out work_dirs/day-swapped --structures 2
  python tools/translate.py configs/cr_gan/cr-gan_unet_synthped-day2dusk.py CHECKPOINT \\
      --in data/synthped-day --out work_dirs/day-in-dusk --contexts 2
then train on dict(type="GeneratedFolder", root="work_dirs/day2dusk", split="train", ...)"""


def main() -> None:
    """Parse the command line and draw."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="that the generator was trained with (its work folder has a copy)")
    parser.add_argument("checkpoint", help="of its run, published weights, or zoo://NAME")
    parser.add_argument("--in", required=True, dest="root", metavar="ROOT", help="data set whose images to draw anew")
    parser.add_argument("--out", required=True, metavar="ROOT", help="new folder for images and manifest.json")
    parser.add_argument("--direction", choices=("s2t", "t2s"), help="of a translation (default: source to target)")
    parser.add_argument(
        "--camera", metavar="C|all", help="images of this camera only, counted from 0 (default: as the config trains)"
    )
    parser.add_argument("--copies", type=int, help="of each image, for a stochastic translation (default: 1)")
    parser.add_argument("--poses", type=int, help="of each image, for a method that changes poses (default: 2)")
    parser.add_argument("--structures", type=int, help="of each image, for a method that swaps them (default: 1)")
    parser.add_argument("--contexts", type=int, help="of each person, for a method that renders them (default: 1)")
    parser.add_argument("--context-root", metavar="ROOT", help="data set of contexts (default: the config's target)")
    parser.add_argument("--quality", type=int, default=95, help="of the JPEG files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn by chance (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=32, help="images a step (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    options = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    config, checkpoint, root, out = (options.pop(name) for name in ("config", "checkpoint", "root", "out"))
    if options.get("camera", "").isdecimal():
        options["camera"] = int(options["camera"])
    redraw_dataset(config, checkpoint, root, out, options, report=print)


if __name__ == "__main__":
    run_tool(main)
