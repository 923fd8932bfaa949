"""Draw the clothes of some images on the persons of others: a grid, an appearance a row and a structure a column."""

from reidzoo.apis import swapping
from reidzoo.apis.command_line import run_tool, tool_parser

EXAMPLE = """examples (the first column shows the appearance images, the first row those whose structure is kept):
  python tools/swap.py configs/dgnet/dgnet_osnet-x0-25_synthped-day.py CHECKPOINT \\
      --appearance A.jpg B.jpg --structure C.jpg D.jpg E.jpg --out grid.png --images single
  python tools/swap.py CONFIG CHECKPOINT --appearance FOLDER --structure FOLDER
clothes, shoes and colours come from the appearance; pose, body, hair and surroundings from the structure
for all images of a data set, as training images with a manifest: tools/translate.py"""


def main() -> None:
    """Parse the command line and draw."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="that the method was trained with (its work folder has a copy)")
    parser.add_argument("checkpoint", help="of its run, published weights, or zoo://NAME")
    for name, what in (("appearance", "clothes are drawn"), ("structure", "pose and body they are drawn on")):
        parser.add_argument(
            f"--{name}", nargs="+", required=True, metavar="IMAGE", help=f"pictures whose {what}, or one folder of them"
        )
    parser.add_argument("--out", default="swapped.png", metavar="FILE.png", help="the grid (default: %(default)s)")
    parser.add_argument("--images", metavar="DIR", help="also write single images, <row>_<column>.png, from 1_1")
    parser.add_argument("--batch-size", type=int, default=32, help="images a step (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    arguments = vars(parser.parse_args())
    config, checkpoint, out = (arguments.pop(name) for name in ("config", "checkpoint", "out"))
    given = (arguments.pop(name) for name in ("appearance", "structure"))
    swapping.swap(config, checkpoint, *(one[0] if len(one) == 1 else one for one in given), out, **arguments)
    print(f"written: {out}")


if __name__ == "__main__":
    run_tool(main)
