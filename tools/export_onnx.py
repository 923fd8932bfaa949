"""Write a trained re-ID method as ONNX: bytes in, features of length 1 out, checked against torch on real crops."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.onnx_export import export_onnx

EXAMPLE = """examples (they need the extra: pip install -e '.[onnx]'):
  python tools/export_onnx.py ide_osnet-x0-25_synthped-day --out day.onnx
  python tools/export_onnx.py configs/ide/ide_osnet-x0-25_synthped-day.py work_dirs/demo/epoch_15.pth --out day.onnx"""


def main() -> None:
    """Parse the command line and export."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("model", help="a model of the zoo, or a file under configs/")
    parser.add_argument("checkpoint", nargs="?", help="for a config: of a training run, or published weights")
    parser.add_argument("--out", required=True, metavar="FILE.onnx", help="written only when the features agree")
    parser.add_argument("--images", metavar="FOLDER", help="crops to compare with (default: SynthPed, rendered)")
    arguments = parser.parse_args()
    done = export_onnx(arguments.model, arguments.checkpoint, out=arguments.out, images=arguments.images)
    height, width = done.shape
    print(
        f"{done.path}: images B x 3 x {height} x {width} uint8 RGB to features B x {done.feature_dim}; smallest cosine "
        f"to torch {done.cosine:.6f} over {done.pictures} crops, in batches of 1 and of 3"
    )


if __name__ == "__main__":
    run_tool(main)
