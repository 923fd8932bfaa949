"""Find the pose and the mask of the person in every image of a folder or of a data set's part."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.pose_extraction import PARTS, extract_poses
from reidzoo.registry import import_modules_of_user

EXAMPLE = """example (a call that was killed is taken up by the same call):
  make pose-env
  python tools/extract_pose.py data/market1501 --part train --out data/market1501
writes keypoints-train.csv and masks/ there; of a folder that is no data set it writes keypoints.csv"""


def main() -> None:
    """Parse the command line and look at the images."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("images", help="root of a data set, or a folder: all images under it")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the file of poses and masks/")
    parser.add_argument("--backend", default="mediapipe", help="or a name on the shelf pose_estimators (%(default)s)")
    parser.add_argument("--import", dest="modules", action="append", metavar="MODULE", help="that registers yours")
    parser.add_argument("--part", default="train", choices=list(PARTS), help="of a data set (default: %(default)s)")
    parser.add_argument(
        "--min-confidence", type=float, default=0.3, help="points of less are missing (default: %(default)s)"
    )
    parser.add_argument("--no-masks", dest="masks", action="store_false", help="write the file of poses only")
    arguments = parser.parse_args()
    import_modules_of_user({"imports": arguments.modules or []})
    extract_poses(
        arguments.images,
        arguments.out,
        arguments.backend,
        part=arguments.part,
        min_confidence=arguments.min_confidence,
        masks=arguments.masks,
        report=print,
    )


if __name__ == "__main__":
    run_tool(main)
