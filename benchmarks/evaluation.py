"""Seconds and memory of the retrieval evaluation beside the bare float32 matrix product that it cannot do without.

With --rerank: seconds and memory of k-reciprocal re-ranking (k1=20, k2=6, lambda=0.3) and its scoring, one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from terminaltables import AsciiTable
from tqdm import tqdm

from reidzoo.base.files import write_text
from reidzoo.evaluation import Reranking, evaluate_ranking

WIDTH = 512
CAMERAS = 6
BLOCK_ROWS = 256  # a product by blocks into one buffer is faster than one call, which must fetch fresh memory


@dataclass(frozen=True)
class Size:
    """Counts of a public test split without its junk, and the noise that gives an mAP of about 0.75."""

    queries: int
    gallery: int
    identities: int
    distractors: int
    noise: float
    runs: int


SIZES = {
    "market1501": Size(queries=3368, gallery=15913, identities=750, distractors=2798, noise=0.73, runs=5),
    "msmt17": Size(queries=11659, gallery=82161, identities=3060, distractors=0, noise=0.68, runs=3),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: OMP_NUM_THREADS=2 python benchmarks/evaluation.py --size market1501 --json market1501.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--size",
        choices=sorted(SIZES),
        default="market1501",
        help="number of queries and images (medians of 5 runs, msmt17 of 3)",
    )
    parser.add_argument("--random", action="store_true", help="features without identities instead of clusters")
    parser.add_argument("--rerank", action="store_true", help="measure k-reciprocal re-ranking, mAP before and after")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    arguments = parser.parse_args()
    size = SIZES[arguments.size]
    data = split(size, arguments.random)
    figures = measure_reranking(data) if arguments.rerank else measure(data, size.runs)
    figures = {"size": arguments.size, "features": "random" if arguments.random else "clustered", **figures}
    print(AsciiTable([["figure", "value"], *([key, shown(value)] for key, value in figures.items())]).table)
    if arguments.json:
        write_text(arguments.json, json.dumps(figures, indent=2) + "\n")


def split(size: Size, random: bool) -> tuple[torch.Tensor | np.ndarray, ...]:
    """Features, pids and camids of queries and gallery, as ``evaluate_ranking`` takes them."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((size.identities + 1, WIDTH), dtype=np.float32)
    noise = None if random else size.noise
    query_pids = rng.integers(1, size.identities + 1, size.queries)
    gallery_pids = rng.integers(1, size.identities + 1, size.gallery)
    gallery_pids[: size.distractors] = 0
    query, gallery = (features(rng, pids, centres, noise) for pids in (query_pids, gallery_pids))
    camids = [rng.integers(0, CAMERAS, len(pids)) for pids in (query_pids, gallery_pids)]
    return query, gallery, query_pids, gallery_pids, *camids


def measure(arguments: tuple[torch.Tensor | np.ndarray, ...], runs: int) -> dict[str, object]:
    """Median seconds of both, run in turns so that a busy moment of the machine hits both alike."""
    query, gallery, *_ = arguments
    product_seconds, seconds = [], []
    for _ in tqdm(range(runs), desc="product and evaluation", leave=False):
        product_seconds.append(timed(lambda: product(query, gallery))[0])
        spent, result = timed(lambda: evaluate_ranking(*arguments))
        seconds.append(spent)
    return {
        "seconds": statistics.median(seconds),
        "product_seconds": statistics.median(product_seconds),
        "ratio": statistics.median(seconds) / statistics.median(product_seconds),
        "ratios": [evaluation / bare for evaluation, bare in zip(seconds, product_seconds, strict=True)],
        "runs": runs,
        "mAP_step": result.mAP_step,
        **surroundings(),
    }


def measure_reranking(arguments: tuple[torch.Tensor | np.ndarray, ...]) -> dict[str, object]:
    """Seconds of re-ranking with its scoring, once, as it takes long enough to be steady."""
    plain_seconds, plain = timed(lambda: evaluate_ranking(*arguments))
    seconds, result = timed(lambda: evaluate_ranking(*arguments, reranking=Reranking()))
    return {
        "ranking": f"euclidean, {Reranking()}",
        "seconds": seconds,
        "plain_seconds": plain_seconds,
        "mAP_step_before": plain.mAP_step,
        "mAP_step": result.mAP_step,
        **surroundings(),
    }


def surroundings() -> dict[str, object]:
    """The memory that was needed, and what the seconds depend on."""
    return {
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024),
        "threads": torch.get_num_threads(),
        "load_1min": os.getloadavg()[0],
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def features(rng: np.random.Generator, pids: np.ndarray, centres: np.ndarray, noise: float | None) -> torch.Tensor:
    """N x 512 float32 of length 1: an identity's centre plus noise, some images noisier than others.

    Distractors (pid 0) and, with ``noise`` None, all images are noise only.
    """
    values = rng.standard_normal((len(pids), WIDTH), dtype=np.float32)
    if noise is not None:
        person = pids > 0
        values[person] *= noise / 0.35 * rng.gamma(4, 0.25, (person.sum(), 1)).astype(np.float32)
        values[person] += centres[pids[person]]
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return torch.from_numpy(values)


def product(query: torch.Tensor, gallery: torch.Tensor) -> None:
    """All inner products, block after block into the same buffer."""
    buffer = torch.empty(BLOCK_ROWS, len(gallery))
    for block in query.split(BLOCK_ROWS):
        torch.mm(block, gallery.T, out=buffer[: len(block)])


def timed(function: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    value = function()
    return time.perf_counter() - start, value


def shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(shown(entry) for entry in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
