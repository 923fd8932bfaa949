"""Judge a method that swaps appearances: FID and diversity of its images, plainly or in DG-Net's protocol."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.image_rows import image_metrics_table
from reidzoo.apis.results import write_row
from reidzoo.apis.swap_evaluation import PAPER, PROTOCOLS, evaluate_swaps

EXAMPLE = """examples (each training image is drawn once, in the structure of another):
  python tools/evaluate_swaps.py configs/dgnet/dgnet_osnet-x0-25_synthped-day.py CHECKPOINT --count 1477 \\
      --out model_zoo/results/dgnet_osnet-x0-25_synthped-day.images.seed0.json
  python tools/evaluate_swaps.py CONFIG CHECKPOINT --protocol dgnet --features inception --weights FILE"""


def main() -> None:
    """Parse the command line, draw, judge, print the table."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="that the method was trained with (its work folder has a copy)")
    parser.add_argument("checkpoint", help="of its run, published weights, or zoo://NAME")
    parser.add_argument("--protocol", choices=tuple(PROTOCOLS), default="plain", help="(default: %(default)s)")
    parser.add_argument("--root", help="data set whose training images are drawn (default: the config's)")
    parser.add_argument("--drawn", metavar="DIR", help="keep the drawn images here, and go on from what is there")
    parser.add_argument("--metrics", default=",".join(PAPER), help="of sets or identities (default: %(default)s)")
    parser.add_argument("--features", default="studio", help="network behind fid (default: %(default)s)")
    parser.add_argument("--weights", metavar="FILE", help="of that network, a path or an address")
    parser.add_argument("--sha256", metavar="HEX", help="that the weights have to have")
    parser.add_argument("--count", type=int, metavar="N", help="draw so many images of each side (plain protocol)")
    parser.add_argument("--batch-size", type=int, default=64, help="images a step (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of structures and pairs (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    parser.add_argument("--out", metavar="FILE.json", help="also write the row of results here")
    arguments = vars(parser.parse_args())
    config, checkpoint, out = (arguments.pop(name) for name in ("config", "checkpoint", "out"))
    arguments["metrics"] = arguments["metrics"].split(",")
    row = evaluate_swaps(config, checkpoint, **arguments, report=print)
    print(image_metrics_table(row))
    if out:
        write_row(out, row)


if __name__ == "__main__":
    run_tool(main)
