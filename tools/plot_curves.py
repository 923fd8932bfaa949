"""Draw the training curves of a work folder: losses, accuracy, retrieval metrics, learning rate."""

from __future__ import annotations

from pathlib import Path

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.visualization import draw_curves, read_scalars

EPILOG = """\
example:
  python tools/plot_curves.py work_dirs/ide
  python tools/plot_curves.py work_dirs/ide --out ide-curves.png --title 'IDE, OSNet x0.25, SynthPed day'"""


def main() -> None:
    parser = tool_parser(__doc__, EPILOG)
    parser.add_argument("work_dir", help="folder that tools/train.py wrote; resumed runs become one curve")
    parser.add_argument("--out", metavar="FILE.png", help="where the picture goes (default: WORK_DIR/curves.png)")
    parser.add_argument("--title", help="written above the panels (default: the name of the folder)")
    arguments = parser.parse_args()
    work_dir = Path(arguments.work_dir)
    out = arguments.out or work_dir / "curves.png"
    draw_curves(out, read_scalars(work_dir), arguments.title or work_dir.resolve().name)
    print(f"wrote {out}")


if __name__ == "__main__":
    run_tool(main)
