"""Judge generated images: FID, Inception Score, SSIM and their kin between two folders, flavours in their names."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.image_evaluation import evaluate_images
from reidzoo.apis.image_metrics import METRICS
from reidzoo.apis.image_rows import image_metrics_table
from reidzoo.apis.results import write_row

EXAMPLE = """examples (a data set stands for its training images; REAL alone is compared in two random halves):
  python tools/evaluate_images.py data/synthped-day work_dirs/dcgan_conv4_synthped-day/seed0/sampled-5908 \\
      --resize 128 64 --count 2954
  python tools/evaluate_images.py REAL FAKE --metrics fid,is --features inception --weights FILE --sha256 HEX
  python tools/evaluate_images.py REAL FAKE --metrics ssim-pg2,mask-ssim-pg2,l1 --masks REAL/masks"""


def main() -> None:
    """Parse the command line, judge, print the table."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("real", metavar="REAL", help="a data set, or a folder of images")
    parser.add_argument("fake", metavar="FAKE", nargs="?", help="a folder of images, with or without a manifest")
    parser.add_argument("--metrics", default="fid", help=f"comma-separated, of {', '.join(METRICS)} (default: fid)")
    parser.add_argument("--features", default="studio", help="network behind fid and deep-distance (default: studio)")
    parser.add_argument("--weights", metavar="FILE", help="of that network, a path or an address")
    parser.add_argument("--sha256", metavar="HEX", help="that the weights have to have")
    parser.add_argument("--tap", help="of Inception: 64, 192, 768 or 2048 features (default: 2048)")
    parser.add_argument("--lpips-weights", metavar="FILE", help="torchvision's alexnet-owt-7be5be79.pth, for lpips")
    parser.add_argument("--masks", metavar="DIR", help="of the real images, 255 person and 0 rest, as PNG")
    parser.add_argument("--resize", nargs=2, type=int, metavar=("H", "W"), help="bring all images to one size")
    parser.add_argument("--part", default="train", help="of a data set: train, query or gallery (default: train)")
    parser.add_argument("--count", type=int, metavar="N", help="draw so many images of each side, and so many pairs")
    parser.add_argument("--batch-size", type=int, default=64, help="images a step (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of every draw (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    parser.add_argument("--out", metavar="FILE.json", help="also write the row of results here")
    arguments = vars(parser.parse_args())
    out = arguments.pop("out")
    arguments["metrics"] = arguments["metrics"].split(",")
    row = evaluate_images(**arguments, report=print)
    print(image_metrics_table(row))
    if out:
        write_row(out, row)


if __name__ == "__main__":
    run_tool(main)
