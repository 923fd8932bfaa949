"""Draw the person of one image in the pose of another image, of a file of poses, or of OpenPose's JSON."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.reposing import repose

EXAMPLE = """examples (an image's pose is in a file keypoints*.csv or *annotation*.csv beside it or one folder above):
  python tools/repose.py CONFIG CHECKPOINT IMAGE --pose OTHER_IMAGE --out reposed.png --sheet sheet.png
  python tools/repose.py CONFIG CHECKPOINT IMAGE --pose data/synthped-day/keypoints-test.csv:NAME.jpg
  python tools/repose.py CONFIG CHECKPOINT IMAGE --source-pose image.json --pose other.json --pose-size 480 640
to find the poses of your own images first: python tools/extract_pose.py FOLDER --out FOLDER
for all images of a data set: tools/translate.py"""


def main() -> None:
    """Parse the command line and draw."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="that the method was trained with (its work folder has a copy)")
    parser.add_argument("checkpoint", help="of its run, published weights, or zoo://NAME")
    parser.add_argument("image", help="of the person")
    parser.add_argument("--pose", required=True, metavar="IMAGE|FILE.csv:NAME|FILE.json", help="to draw the person in")
    parser.add_argument("--source-pose", metavar="FILE.csv:NAME|FILE.json", help="that of the image")
    parser.add_argument("--annotations", metavar="FILE.csv", help="file of poses that has those of the images")
    parser.add_argument(
        "--pose-size", nargs=2, type=int, metavar=("H", "W"), help="of the picture behind a pose from a file"
    )
    parser.add_argument("--out", default="reposed.png", metavar="FILE", help="PNG or JPEG (default: %(default)s)")
    parser.add_argument("--sheet", metavar="FILE.png", help="also draw source, target pose and result side by side")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    arguments = vars(parser.parse_args())
    config, checkpoint, image, pose, out = (
        arguments.pop(name) for name in ("config", "checkpoint", "image", "pose", "out")
    )
    repose(config, checkpoint, image, pose, out, **arguments)
    print(f"written: {out}")


if __name__ == "__main__":
    run_tool(main)
