"""Draw the training images of a data set anew in the style of another domain or camera, labels kept."""

import argparse

from reidzoo.apis.command_line import run_tool
from reidzoo.apis.translating import translate_dataset

EXAMPLE = """example (a call that was killed is taken up by the same call):
  python tools/translate.py configs/cyclegan/cyclegan_resnet3_synthped-day2dusk.py CHECKPOINT \\
      --in data/synthped-day --out work_dirs/day2dusk
then train on dict(type="GeneratedFolder", root="work_dirs/day2dusk", split="train", ...)"""


def main() -> None:
    """Parse the command line and translate."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="that the translation was trained with (its work folder has a copy)")
    parser.add_argument("checkpoint", help="of its run, published weights, or zoo://NAME")
    parser.add_argument("--in", required=True, dest="root", metavar="ROOT", help="data set whose images to translate")
    parser.add_argument("--out", required=True, metavar="ROOT", help="new folder for images and manifest.json")
    parser.add_argument("--direction", choices=("s2t", "t2s"), default="s2t", help="default: source to target")
    parser.add_argument(
        "--camera", metavar="C|all", help="images of this camera only, counted from 0 (default: as the config trains)"
    )
    parser.add_argument("--copies", type=int, default=1, help="of each image, for a stochastic method")
    parser.add_argument("--quality", type=int, default=95, help="of the JPEG files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of a stochastic method (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=32, help="images a step (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    arguments = parser.parse_args()
    camera = arguments.camera
    translate_dataset(
        arguments.config,
        arguments.checkpoint,
        arguments.root,
        arguments.out,
        direction=arguments.direction,
        camera=int(camera) if camera and camera.isdecimal() else camera,
        copies=arguments.copies,
        quality=arguments.quality,
        seed=arguments.seed,
        batch_size=arguments.batch_size,
        device=arguments.device,
        report=print,
    )


if __name__ == "__main__":
    run_tool(main)
