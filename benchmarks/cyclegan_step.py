"""Seconds of one training step of CycleGAN with identity mapping, beside a plain float32 twin of the published loop.

Both start from the same weights and run in turns in one process, so that a busy moment of the machine hits both alike.
The twin (cyclegan_twin.py) runs six generator forwards, judges real and fake images separately and keeps contiguous
order; its images come normalised, the method's as bytes; its Adam is torch's default one, the method's the fused one.
With --profile: where the method's step spends its time.
"""

from __future__ import annotations

import argparse
import json

import torch
from cyclegan_twin import CycleGANTwin
from evaluation import shown, surroundings
from mmengine.optim import OptimWrapperDict
from terminaltables import AsciiTable
from turns import Part, Step, in_turns, operations_table, parts_table

from reidzoo.base.files import write_text
from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.engine.precision import PRECISIONS
from reidzoo.methods.cyclegan import CycleGAN

SMOKE = {"width": 4, "blocks": 1, "height": 32, "width_px": 32, "steps": 2}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: OMP_NUM_THREADS=2 python benchmarks/cyclegan_step.py --precision bf16 --profile",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--width", type=int, default=64, help="channels of generators and discriminators (64)")
    parser.add_argument("--blocks", type=int, default=9, help="residual blocks of a generator (9)")
    parser.add_argument("--height", type=int, default=256, help="of the images in pixels (256)")
    parser.add_argument("--width-px", type=int, default=128, help="of the images in pixels (128)")
    parser.add_argument("--batch", type=int, default=1, help="images of each domain (1)")
    parser.add_argument("--steps", type=int, default=5, help="measured steps of each; medians are printed (5)")
    parser.add_argument("--precision", choices=sorted(PRECISIONS), default="bf16", help="of the method (bf16)")
    parser.add_argument("--compile", action="store_true", help="compile the method's networks with torch.compile")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="(a GPU if any)")
    parser.add_argument("--profile", action="store_true", help="print the shares of parts and the top operations")
    parser.add_argument("--smoke", action="store_true", help=f"a tiny setting instead: {SMOKE}")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    arguments = parser.parse_args()
    if arguments.smoke:
        vars(arguments).update(SMOKE)
    torch.manual_seed(0)
    step, twin_step, method, optimisers = both_steps(arguments)
    figures = measure(step, twin_step, arguments)
    print(AsciiTable([["figure", "value"], *([key, shown(value)] for key, value in figures.items())]).table)
    if arguments.profile:
        print(parts_table(step, parts(method, optimisers), arguments.device, arguments.steps))
        print(operations_table(step, arguments.device))
    if arguments.json:
        write_text(arguments.json, json.dumps(figures, indent=2) + "\n")


def both_steps(arguments: argparse.Namespace) -> tuple[Step, Step, CycleGAN, OptimWrapperDict]:
    """One step of the method, one of the twin, and the method with its optimisers."""
    method = CycleGAN(
        {"type": "ResNetGenerator", "width": arguments.width, "blocks": arguments.blocks},
        {"type": "PatchDiscriminator", "width": arguments.width},
    ).to(arguments.device)
    twin = CycleGANTwin(arguments.width, arguments.blocks).to(arguments.device)
    twin.start_from(method)
    adam = {
        "type": "AutocastOptimWrapper",
        "precision": arguments.precision,
        "optimizer": {"type": "Adam", "lr": 2e-4, "betas": (0.5, 0.999), "fused": True},
    }
    optimisers = MethodOptimWrapperConstructor({"generators": adam, "discriminators": adam})(method)
    if arguments.compile:
        for network in (method.g_st, method.g_ts, method.d_s, method.d_t):
            network.compile()
    shape = (arguments.batch, 3, arguments.height, arguments.width_px)
    data = {f"{domain}_images": torch.randint(0, 256, shape, dtype=torch.uint8) for domain in ("source", "target")}
    source, target = (images.to(arguments.device).float() / 127.5 - 1 for images in data.values())
    return (
        lambda: method.train_step(data, optimisers),
        lambda: twin.step(source, target),
        method,
        optimisers,
    )


def measure(step: Step, twin_step: Step, arguments: argparse.Namespace) -> dict[str, object]:
    """The setting and what was measured in it."""
    chosen = ("width", "blocks", "height", "width_px", "batch", "steps", "precision", "compile")
    return {
        **{key: getattr(arguments, key) for key in chosen},
        **in_turns(step, twin_step, arguments.device, arguments.steps),
        **surroundings(),
    }


def parts(method: CycleGAN, optimisers: OptimWrapperDict) -> list[Part]:
    """What the method's step is made of."""
    return [
        ("generators draw fakes", method, "draw"),
        ("they draw back and are judged", method, "generator_losses"),
        ("generators backward", optimisers["generators"], "backward"),
        ("generators Adam", optimisers["generators"], "step"),
        ("discriminators forward", method, "discriminator_losses"),
        ("discriminators backward", optimisers["discriminators"], "backward"),
        ("discriminators Adam", optimisers["discriminators"], "step"),
    ]


if __name__ == "__main__":
    main()
