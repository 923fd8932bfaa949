"""Draw some persons in many contexts: a picture with a person a row and a context a column."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.rendering_pictures import draw_contexts

EXAMPLE = """examples (the first column shows the persons, the first row the images whose contexts they stand in):
  python tools/render.py configs/cr_gan/cr-gan_unet_synthped-day2dusk.py CHECKPOINT --out contexts.png
  python tools/render.py CONFIG CHECKPOINT --persons 4 --contexts 12 --out contexts.png
for all images of a data set, as training images with a manifest: tools/translate.py"""


def main() -> None:
    """Parse the command line and draw."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="that the method was trained with (its work folder has a copy)")
    parser.add_argument("checkpoint", help="of its run, published weights, or zoo://NAME")
    parser.add_argument("--in", dest="root", metavar="ROOT", help="data set of persons (default: the config's source)")
    parser.add_argument("--context-root", metavar="ROOT", help="data set of contexts (default: the config's target)")
    parser.add_argument("--persons", type=int, default=6, help="rows, of different persons (default: %(default)s)")
    parser.add_argument("--contexts", type=int, default=10, help="columns (default: %(default)s)")
    parser.add_argument("--out", default="rendered.png", metavar="FILE.png", help="the picture (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    arguments = vars(parser.parse_args())
    config, checkpoint, out = (arguments.pop(name) for name in ("config", "checkpoint", "out"))
    draw_contexts(config, checkpoint, out, **arguments)
    print(f"written: {out}")


if __name__ == "__main__":
    run_tool(main)
