"""Judge what is drawn for a target domain: FID to it, diversity of one person's renderings, change of the source."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.context_evaluation import DISTANCES, evaluate_contexts
from reidzoo.apis.image_rows import image_metrics_table
from reidzoo.apis.results import write_row

EXAMPLE = """examples (of methods that render into contexts, and of translations, whose diversity is 0 by definition):
  python tools/evaluate_contexts.py configs/cr_gan/cr-gan_unet_synthped-day2dusk.py CHECKPOINT \\
      --out model_zoo/results/cr-gan_unet_synthped-day2dusk.images.seed0.json
  python tools/evaluate_contexts.py CONFIG CHECKPOINT --distances deep-distance,lpips --lpips-weights FILE"""


def main() -> None:
    """Parse the command line, draw, judge, print the table."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="that the method was trained with (its work folder has a copy)")
    parser.add_argument("checkpoint", help="of its run, published weights, or zoo://NAME")
    parser.add_argument("--in", dest="root", metavar="ROOT", help="data set to draw (default: the config's source)")
    parser.add_argument("--context-root", metavar="ROOT", help="the domain to draw for (default: the config's target)")
    parser.add_argument("--drawn", metavar="DIR", help="keep the drawn images here, and go on from what is there")
    parser.add_argument("--distances", default=DISTANCES[0], help=f"of {', '.join(DISTANCES)} (default: %(default)s)")
    parser.add_argument("--sources", type=int, default=1000, help="images for diversity (default: %(default)s)")
    parser.add_argument("--contexts", type=int, default=10, help="of each of them (default: %(default)s)")
    parser.add_argument("--features", default="studio", help="network of fid, deep-distance (default: %(default)s)")
    parser.add_argument("--weights", metavar="FILE", help="of that network, a path or an address")
    parser.add_argument("--sha256", metavar="HEX", help="that the weights have to have")
    parser.add_argument("--tap", help="layer of inception: 64, 192, 768 or 2048")
    parser.add_argument("--lpips-weights", metavar="FILE", help="torchvision's AlexNet")
    parser.add_argument("--count", type=int, metavar="N", help="take so many images of each side for fid and change")
    parser.add_argument("--batch-size", type=int, default=60, help="images a step (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of contexts and draws (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    parser.add_argument("--out", metavar="FILE.json", help="also write the row of results here")
    arguments = vars(parser.parse_args())
    config, checkpoint, out = (arguments.pop(name) for name in ("config", "checkpoint", "out"))
    arguments["distances"] = arguments["distances"].split(",")
    row = evaluate_contexts(config, checkpoint, **arguments, report=print)
    print(image_metrics_table(row))
    if out:
        write_row(out, row)


if __name__ == "__main__":
    run_tool(main)
