"""Judge a method that draws persons in other poses, on a fixed list of test pairs: SSIM, mask-SSIM, L1, FID."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.image_metrics import METRICS
from reidzoo.apis.image_rows import image_metrics_table
from reidzoo.apis.pose_evaluation import PAPERS, evaluate_poses
from reidzoo.apis.results import write_row

EXAMPLE = """examples (without --pairs: 12,000 pairs of the test images, drawn as the literature's are, or all):
  python tools/evaluate_poses.py configs/pg2/pg2-stage2_unet5_synthped-day.py CHECKPOINT \\
      --out model_zoo/results/pg2-stage2_unet5_synthped-day.images.seed0.json
  python tools/evaluate_poses.py CONFIG CHECKPOINT --pairs market-pairs-test.csv
  python tools/evaluate_poses.py CONFIG CHECKPOINT --metrics is,mask-is --features inception --weights FILE"""


def main() -> None:
    """Parse the command line, judge, print the table."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="that the method was trained with (its work folder has a copy)")
    parser.add_argument("checkpoint", help="of its run, published weights, or zoo://NAME")
    parser.add_argument("--root", help="data set whose split 'test' is used (default: the config's)")
    parser.add_argument("--annotations", metavar="FILE.csv", help="under the root (default: the config's, for test)")
    parser.add_argument("--pairs", metavar="FILE.csv", help="pairs of file names: from,to")
    parser.add_argument("--count", type=int, metavar="N", help="so many of the pairs")
    parser.add_argument("--metrics", default=",".join(PAPERS), help=f"of {', '.join(METRICS)} (default: %(default)s)")
    parser.add_argument("--features", default="studio", help="network behind fid and deep-distance (default: studio)")
    parser.add_argument("--weights", metavar="FILE", help="of that network, a path or an address")
    parser.add_argument("--sha256", metavar="HEX", help="that the weights have to have")
    parser.add_argument("--lpips-weights", metavar="FILE", help="torchvision's alexnet-owt-7be5be79.pth, for lpips")
    parser.add_argument("--batch-size", type=int, default=64, help="pairs a step (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    parser.add_argument("--out", metavar="FILE.json", help="also write the row of results here")
    arguments = vars(parser.parse_args())
    config, checkpoint, out = (arguments.pop(name) for name in ("config", "checkpoint", "out"))
    arguments["metrics"] = arguments["metrics"].split(",")
    row = evaluate_poses(config, checkpoint, **arguments, report=print)
    print(image_metrics_table(row))
    if out:
        write_row(out, row)


if __name__ == "__main__":
    run_tool(main)
