"""Draw images from noise with a trained GAN, for training on them without labels (LSRO) or for looking at them."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.sampling import sample_images

EXAMPLE = """examples (a call that was killed is taken up by the same call):
  python tools/sample.py configs/dcgan/dcgan_conv4_synthped-day.py CHECKPOINT --out work_dirs/day-dcgan --count 5908
  python tools/sample.py dcgan_conv4_synthped-day --out work_dirs/day-dcgan --count 5892
then train on RealAndGenerated with generated=dict(type="SampledFolder", root="work_dirs/day-dcgan", ...)"""


def main() -> None:
    """Parse the command line and sample."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="that the GAN was trained with (its work folder has a copy), or a model's name")
    parser.add_argument("checkpoint", nargs="?", help="of the config's run, published weights, or zoo://NAME")
    parser.add_argument("--out", required=True, metavar="ROOT", help="new folder for images and manifest.json")
    parser.add_argument("--count", required=True, type=int, help="how many images")
    parser.add_argument(
        "--size", nargs=2, type=int, metavar=("H", "W"), help="resize what is drawn (LSRO's release: 256 256)"
    )
    parser.add_argument("--quality", type=int, default=95, help="of the JPEG files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the noise (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=64, help="images a step (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:<number>")
    arguments = parser.parse_args()
    sample_images(
        arguments.config,
        arguments.checkpoint,
        arguments.out,
        count=arguments.count,
        size=arguments.size,
        quality=arguments.quality,
        seed=arguments.seed,
        batch_size=arguments.batch_size,
        device=arguments.device,
        report=print,
    )


if __name__ == "__main__":
    run_tool(main)
