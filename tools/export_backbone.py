"""Write the backbone of a re-ID checkpoint as safetensors, ready for `weights=` in other configs."""

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.publishing import export_backbone

EXAMPLE = """example:
  python tools/export_backbone.py work_dirs/ide_osnet-x0-25_synthped-studio/epoch_8.pth \\
      model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors --half"""


def main() -> None:
    """Parse the command line and export."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("checkpoint", help="of a training run")
    parser.add_argument("out", help="the .safetensors file")
    parser.add_argument("--half", action="store_true", help="store float16")
    arguments = parser.parse_args()
    header = export_backbone(arguments.checkpoint, arguments.out, half=arguments.half)
    print(f"{arguments.out}: backbone trained on {header['trained_on']}, {header['epochs']} epochs")


if __name__ == "__main__":
    run_tool(main)
