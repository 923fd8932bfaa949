"""Seconds and memory of one training step of DG-Net, beside a plain float32 twin in the released order of computation.

Both start from the same weights and run in turns in one process, so that a busy moment of the machine hits both alike.
The twin (dgnet_twin.py) copies networks, lets every eight images pass by themselves and keeps contiguous order; its
images come normalised. The method shares passes, computes in --precision and leaves out what has no weight yet. Images
are erased by the same code. Networks are those of a config, without trained weights; memory is that of a step beside
weights and what optimisers remember. With --profile: where the method's step spends its time.
"""

from __future__ import annotations

import argparse
import copy
import json

import torch
from dgnet_twin import DGNetTwin, Group, Logits, Weights
from evaluation import shown, surroundings
from mmengine.optim import OptimWrapperDict
from terminaltables import AsciiTable
from turns import Part, Step, in_turns, operations_table, parts_table, peak_mb

from reidzoo.apis.configs import read_config
from reidzoo.base.files import write_text
from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.engine.precision import PRECISIONS
from reidzoo.methods.batch_erasing import erase_at_random
from reidzoo.methods.dgnet import DGNet
from reidzoo.registry import METHODS

DAY = {"config": "configs/dgnet/dgnet_osnet-x0-25_synthped-day.py", "height": 128, "width_px": 64, "pids": 90}
PAPER = {"config": "configs/dgnet/dgnet_resnet50_market1501.py", "height": 256, "width_px": 128, "pids": 751}
SMOKE = {"height": 64, "width_px": 40, "batch": 2, "steps": 2}
NETWORKS = ("backbone", "head", "generator", "discriminator")
LATE = 10**9  # steps after which every ramp has ended


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: OMP_NUM_THREADS=2 python benchmarks/dgnet_step.py --paper-scale --steps 3 --profile",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--paper-scale", action="store_true", help="ResNet-50 and 256 x 128, not OSNet and 128 x 64")
    parser.add_argument("--batch", type=int, default=8, help="images of each of the two batches (8)")
    parser.add_argument("--warm-up", action="store_true", help="a step before the ramps, not after them")
    parser.add_argument("--steps", type=int, default=5, help="measured steps of each; medians are printed (5)")
    parser.add_argument("--precision", choices=sorted(PRECISIONS), default="bf16", help="of the method (bf16)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="(a GPU if any)")
    parser.add_argument("--profile", action="store_true", help="print the shares of parts and the top operations")
    parser.add_argument("--smoke", action="store_true", help=f"a tiny setting instead: {SMOKE}")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    arguments = parser.parse_args()
    vars(arguments).update({**(PAPER if arguments.paper_scale else DAY), **(SMOKE if arguments.smoke else {})})
    torch.manual_seed(0)
    step, twin_step, method, optimisers = both_steps(arguments)
    figures = measure(step, twin_step, arguments)
    print(AsciiTable([["figure", "value"], *([key, shown(value)] for key, value in figures.items())]).table)
    if arguments.profile:
        print(parts_table(step, parts(method, optimisers), arguments.device, arguments.steps))
        print(operations_table(step, arguments.device))
    if arguments.json:
        write_text(arguments.json, json.dumps(figures, indent=2) + "\n")


def both_steps(arguments: argparse.Namespace) -> tuple[Step, Step, DGNet, OptimWrapperDict]:
    """One step of the method, one of the twin, and the method with its optimisers."""
    model = read_config(arguments.config).model
    model.teacher_weights, model.num_pids = None, arguments.pids
    if "weights" in model.backbone:
        model.backbone.weights = None
    method = METHODS.build(model).to(arguments.device).train()
    method.steps.fill_(0 if arguments.warm_up else LATE)
    teacher = Logits(method.teacher.load().to(arguments.device))
    networks = [copy.deepcopy(each) for each in (*(getattr(method, name) for name in NETWORKS), teacher)]
    twin = DGNetTwin(*(each.to(memory_format=torch.contiguous_format) for each in networks), erase=erase_at_random)
    optimisers = MethodOptimWrapperConstructor(_released_optimisers(arguments.precision))(method)
    shape = (2 * arguments.batch, 3, arguments.height, arguments.width_px)
    data = {name: torch.randint(0, 256, shape, dtype=torch.uint8) for name in ("images", "positive_images")}
    data["pids"] = torch.randint(0, arguments.pids, shape[:1])
    seen = method.data_preprocessor(data)
    halves = zip(*(seen[name].contiguous().chunk(2) for name in ("images", "positive_images", "pids")), strict=True)
    a, b = (Group(*half) for half in halves)
    weights = Weights(0, 0, 0, 0) if arguments.warm_up else Weights()
    return (
        lambda: method.train_step(data, optimisers),
        lambda: twin.step(a, b, torch.rand(()).item(), weights),
        method,
        optimisers,
    )


def _released_optimisers(precision: str) -> dict[str, dict[str, object]]:
    """As in the paper-scale configs; fused, where the twin has torch's default."""
    adam = {"type": "Adam", "lr": 1e-4, "betas": (0.0, 0.999), "weight_decay": 5e-4, "fused": True}
    sgd = {"type": "SGD", "lr": 0.002, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
    chosen = {"appearance": sgd, "generator": adam, "discriminator": adam}
    wrapper = {"type": "AutocastOptimWrapper", "precision": precision}
    return {name: {**wrapper, "optimizer": optimizer} for name, optimizer in chosen.items()}


def measure(step: Step, twin_step: Step, arguments: argparse.Namespace) -> dict[str, object]:
    """The setting and what was measured in it."""
    chosen = ("config", "height", "width_px", "batch", "warm_up", "steps", "precision")
    return {
        **{key: getattr(arguments, key) for key in chosen},
        **in_turns(step, twin_step, arguments.device, arguments.steps),
        "step_mb": peak_mb(step, arguments.device),
        "twin_step_mb": peak_mb(twin_step, arguments.device),
        **surroundings(),
    }


def parts(method: DGNet, optimisers: OptimWrapperDict) -> list[Part]:
    """What the method's step is made of."""
    return [
        ("codes, structures, drawn images", method, "draw_all"),
        ("discriminator, all of its update", method, "update_discriminator"),
        ("drawn images are judged", method, "generator_losses"),
        ("generator backward", optimisers["generator"], "backward"),
        ("generator Adam", optimisers["generator"], "step"),
        ("the teacher's targets", method, "targets"),
        ("appearance backward", optimisers["appearance"], "backward"),
        ("appearance SGD", optimisers["appearance"], "step"),
    ]


if __name__ == "__main__":
    main()
