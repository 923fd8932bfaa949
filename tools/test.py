"""Test a checkpoint: CMC, mAP in both flavours and mINP, as a table and as JSON."""

from mmengine.dist import is_main_process

from reidzoo.apis.command_line import run_tool, tool_parser
from reidzoo.apis.configs import parse_options
from reidzoo.apis.query_tables import queries_file
from reidzoo.apis.results import alphas_table, camera_pairs_table, results_table, write_row
from reidzoo.apis.testing import evaluate

EXAMPLE = """example:
  python tools/test.py configs/ide/ide_osnet-x0-25_synthped-day.py work_dirs/demo/epoch_15.pth --json day.json"""


def main() -> None:
    """Parse the command line, test, print the table."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument("config", help="a file under configs/")
    parser.add_argument("checkpoint", help="of a training run, published weights, or zoo://NAME")
    parser.add_argument("--work-dir", help="where the log goes (default: test/ beside the checkpoint)")
    parser.add_argument(
        "--json",
        metavar="FILE",
        help="also write the row of results here, and what each query scored beside it (x.json, x.queries.csv)",
    )
    parser.add_argument("--ranked-lists", metavar="FILE.png", help="also draw ranked lists")
    parser.add_argument("--camera-pairs", action="store_true", help="also print rank-1 by pair of cameras")
    parser.add_argument("--alphas", nargs="+", type=float, metavar="A", help="also rank by two features so weighted")
    parser.add_argument("--allow-partial", action="store_true", help="load what fits of another architecture")
    parser.add_argument("--smoke", action="store_true", help="the tiny data set and small networks of train.py --smoke")
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm"), default="none")
    parser.add_argument("--cfg-options", nargs="+", metavar="KEY=VALUE", help="override entries of the config")
    arguments = parser.parse_args()
    row = evaluate(
        arguments.config,
        arguments.checkpoint,
        work_dir=arguments.work_dir,
        options=parse_options(arguments.cfg_options),
        allow_partial=arguments.allow_partial,
        ranked_lists=arguments.ranked_lists,
        queries=queries_file(arguments.json) if arguments.json else None,
        camera_pairs=arguments.camera_pairs,
        alphas=arguments.alphas or (),
        smoke=arguments.smoke,
        launcher=arguments.launcher,
    )
    if is_main_process():
        print(results_table(row))
        if arguments.camera_pairs:
            print(camera_pairs_table(row))
        if arguments.alphas:
            print(alphas_table(row))
        if arguments.json:
            write_row(arguments.json, row)


if __name__ == "__main__":
    run_tool(main)
