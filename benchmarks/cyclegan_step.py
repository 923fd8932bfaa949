"""Seconds of one training step of CycleGAN with identity mapping, beside a plain float32 twin of the published loop.

Both start from the same weights and run in turns in one process, so that a busy moment of the machine hits both alike.
The twin (cyclegan_twin.py) runs six generator forwards, judges real and fake images separately and keeps contiguous
order; its images come normalised, the method's as bytes; its Adam is torch's default one, the method's the fused one.
With --profile: where the method's step spends its time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from cyclegan_twin import CycleGANTwin
from evaluation import shown, surroundings
from mmengine.optim import OptimWrapperDict
from terminaltables import AsciiTable
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from tqdm import tqdm

from reidzoo.base.files import write_text
from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.engine.precision import PRECISIONS
from reidzoo.methods.cyclegan import CycleGAN

WARM_UP = 1  # the first step compiles, chooses kernels and allocates the optimisers' moments
TOP = 12  # operations in a profile
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
        print(parts_table(step, method, optimisers, arguments))
        print(operations_table(step, arguments.device))
    if arguments.json:
        write_text(arguments.json, json.dumps(figures, indent=2) + "\n")


def both_steps(
    arguments: argparse.Namespace,
) -> tuple[Callable[[], object], Callable[[], object], CycleGAN, OptimWrapperDict]:
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


def measure(
    step: Callable[[], object], twin_step: Callable[[], object], arguments: argparse.Namespace
) -> dict[str, object]:
    """Median seconds of both, in turns; on a CPU also those of the processor, which other programs lengthen less."""
    seconds: dict[str, list[float]] = {"method": [], "twin": []}
    cpu_seconds: dict[str, list[float]] = {"method": [], "twin": []}
    for number in tqdm(range(WARM_UP + arguments.steps), desc="steps", leave=False):
        for name, run in (("method", step), ("twin", twin_step)):
            start = time.process_time()
            spent = timed(run, arguments.device)
            if number >= WARM_UP:
                seconds[name].append(spent)
                cpu_seconds[name].append(time.process_time() - start)
    on_gpu = arguments.device.startswith("cuda")
    figures = compared(seconds) | ({} if on_gpu else compared(cpu_seconds, "cpu_"))
    chosen = ("width", "blocks", "height", "width_px", "batch", "steps", "precision", "compile")
    return {
        **{key: getattr(arguments, key) for key in chosen},
        "device": torch.cuda.get_device_name() if on_gpu else arguments.device,
        **figures,
        **surroundings(),
    }


def compared(seconds: dict[str, list[float]], kind: str = "") -> dict[str, object]:
    """Medians, the ratio of the medians, and the ratios of the turns."""
    ours, theirs = statistics.median(seconds["method"]), statistics.median(seconds["twin"])
    return {
        f"{kind}seconds": ours,
        f"twin_{kind}seconds": theirs,
        f"{kind}ratio": theirs / ours,
        f"{kind}ratios": [twin / method for method, twin in zip(seconds["method"], seconds["twin"], strict=True)],
    }


def timed(run: Callable[[], object], device: str) -> float:
    """Seconds of one call, until the device is done."""
    finish(device)
    start = time.perf_counter()
    run()
    finish(device)
    return time.perf_counter() - start


def finish(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def parts_table(
    step: Callable[[], object], method: CycleGAN, optimisers: OptimWrapperDict, arguments: argparse.Namespace
) -> str:
    """Seconds and share of each part of the method's step, from watching its calls."""
    seconds: dict[str, float] = defaultdict(float)
    parts: list[tuple[str, Any, str]] = [
        ("generators draw fakes", method, "draw"),
        ("they draw back and are judged", method, "generator_losses"),
        ("generators backward", optimisers["generators"], "backward"),
        ("generators Adam", optimisers["generators"], "step"),
        ("discriminators forward", method, "discriminator_losses"),
        ("discriminators backward", optimisers["discriminators"], "backward"),
        ("discriminators Adam", optimisers["discriminators"], "step"),
    ]
    for name, owner, attribute in parts:
        setattr(owner, attribute, watched(getattr(owner, attribute), seconds, name, arguments.device))
    whole = sum(timed(step, arguments.device) for _ in range(arguments.steps))
    for _, owner, attribute in parts:
        delattr(owner, attribute)
    seconds["rest"] = whole - sum(seconds.values())
    rows = [[name, f"{value / arguments.steps:.4f}", f"{value / whole:.1%}"] for name, value in seconds.items()]
    return AsciiTable([["part of the step", "seconds", "share"], *rows]).table


def watched(call: Callable[..., Any], seconds: dict[str, float], name: str, device: str) -> Callable[..., Any]:
    """The same call, its seconds added up under ``name``."""

    def watching(*given: Any, **settings: Any) -> Tensor:
        results = []
        seconds[name] += timed(lambda: results.append(call(*given, **settings)), device)
        return results[0]

    return watching


def operations_table(step: Callable[[], object], device: str) -> str:
    """The operations that took most of one step by torch's profiler."""
    on_gpu = device.startswith("cuda")
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]) as watch:
        step()
        finish(device)
    return watch.key_averages().table(
        sort_by="self_device_time_total" if on_gpu else "self_cpu_time_total", row_limit=TOP, max_name_column_width=48
    )


if __name__ == "__main__":
    main()
