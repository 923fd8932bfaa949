"""What benchmarks of a training step and its plain twin share: turns in one process, shares of parts, memory."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from terminaltables import AsciiTable
from torch.profiler import ProfilerActivity, profile
from tqdm import tqdm

WARM_UP = 1  # the first step compiles, chooses kernels and allocates the optimisers' moments
TOP = 12  # operations in a profile

Step = Callable[[], object]
#: what it is called in the table, whose it is, and its attribute's name
Part = tuple[str, Any, str]


def in_turns(step: Step, twin_step: Step, device: str, steps: int) -> dict[str, object]:
    """Median seconds of both, in turns; on a CPU also those of the processor, which other programs lengthen less."""
    seconds: dict[str, list[float]] = {"method": [], "twin": []}
    cpu_seconds: dict[str, list[float]] = {"method": [], "twin": []}
    for number in tqdm(range(WARM_UP + steps), desc="steps", leave=False):
        for name, run in (("method", step), ("twin", twin_step)):
            start = time.process_time()
            spent = timed(run, device)
            if number >= WARM_UP:
                seconds[name].append(spent)
                cpu_seconds[name].append(time.process_time() - start)
    on_gpu = device.startswith("cuda")
    return {
        "device": torch.cuda.get_device_name() if on_gpu else device,
        **compared(seconds),
        **({} if on_gpu else compared(cpu_seconds, "cpu_")),
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


def timed(run: Step, device: str) -> float:
    """Seconds of one call, until the device is done."""
    finish(device)
    start = time.perf_counter()
    run()
    finish(device)
    return time.perf_counter() - start


def finish(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def parts_table(step: Step, parts: Sequence[Part], device: str, steps: int) -> str:
    """Seconds and share of each part of the step, from watching calls; no part holds another."""
    seconds: dict[str, float] = defaultdict(float)
    for name, owner, attribute in parts:
        setattr(owner, attribute, watched(getattr(owner, attribute), seconds, name, device))
    whole = sum(timed(step, device) for _ in range(steps))
    for _, owner, attribute in parts:
        delattr(owner, attribute)
    seconds["rest"] = whole - sum(seconds.values())
    rows = [[name, f"{value / steps:.4f}", f"{value / whole:.1%}"] for name, value in seconds.items()]
    return AsciiTable([["part of the step", "seconds", "share"], *rows]).table


def watched(call: Callable[..., Any], seconds: dict[str, float], name: str, device: str) -> Callable[..., Any]:
    """The same call, its seconds added up under ``name``."""

    def watching(*given: Any, **settings: Any) -> Any:
        results = []
        seconds[name] += timed(lambda: results.append(call(*given, **settings)), device)
        return results[0]

    return watching


def operations_table(step: Step, device: str) -> str:
    """The operations that took most of one step by torch's profiler."""
    on_gpu = device.startswith("cuda")
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]) as watch:
        step()
        finish(device)
    return watch.key_averages().table(
        sort_by="self_device_time_total" if on_gpu else "self_cpu_time_total", row_limit=TOP, max_name_column_width=48
    )


def peak_mb(step: Step, device: str) -> float:
    """The most memory that one step's tensors take at once, MiB, above what weights and optimisers hold between steps.

    On a CPU from the allocations that torch's profiler sees, for what a process holds never shrinks.
    """
    if device.startswith("cuda"):
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watch:
        step()
    held = most = 0
    for event in watch.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most / 2**20
