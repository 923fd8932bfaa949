"""Turn pictures into features: a file with one line of numbers a picture, and their names in the same order."""

from pathlib import Path

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.embedder import embed_folder

EXAMPLE = """examples:
  python tools/embed.py ide_osnet-x0-25_synthped-day data/shop/gallery --out gallery.npz
  python tools/embed.py configs/ide/ide_osnet-x0-25_synthped-day.py data/shop --checkpoint work_dirs/x/epoch_15.pth
read it with numpy: file = numpy.load("gallery.npz"); file["names"], file["features"]"""


def main() -> None:
    """Parse the command line, embed, write."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("model", help="of the zoo, or a config, with --checkpoint")
    parser.add_argument("folder", help="pictures; those of its sub-folders, too")
    parser.add_argument("--checkpoint", help="for a config: of its run, published weights, or zoo://NAME")
    parser.add_argument("--out", default="features.npz", metavar="FILE.npz", help="(default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=64, help="pictures a step (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    arguments = parser.parse_args()
    names = embed_folder(
        arguments.model,
        arguments.checkpoint,
        arguments.folder,
        arguments.out,
        batch_size=arguments.batch_size,
        device=arguments.device,
    )
    print(f"{Path(arguments.out)}: features of {len(names):,} pictures")


if __name__ == "__main__":
    run_tool(main)
