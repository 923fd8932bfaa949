"""How good are swapped appearances? Realism and diversity, plainly or as the authors of DG-Net measured them.

Zheng et al., "Joint Discriminative and Generative Learning for Person Re-identification", CVPR 2019, table of FID and
SSIM. Their released tools draw each training image once, in the structure of another; write JPEG files of quality 75
from grey levels that are cut off; bring real and drawn images to 256 x 128 for FID, in batches of 50 of which the last,
incomplete one is left out; and compare ten random pairs of drawn images of each appearance's identity, five times over,
in their own size (:mod:`reidzoo.evaluation.dssim`). Their structures are of another random shuffle than ours.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reidzoo.apis.configs import read_config
from reidzoo.apis.image_evaluation import evaluate_images
from reidzoo.apis.image_metrics import METRICS, require_known
from reidzoo.apis.picture_sets import PictureSet, picture_set
from reidzoo.apis.swapping import swap_dataset
from reidzoo.apis.trained_data import swap_images
from reidzoo.base.errors import UserError, nearest
from reidzoo.base.reporting import Report, silent
from reidzoo.data.datasets.reading import decode

#: by protocol how images are drawn: their files, and what becomes of fractions of grey levels
PROTOCOLS: dict[str, dict[str, Any]] = {"plain": {}, "dgnet": {"quality": 75, "truncate": True}}
#: of DG-Net's FID: height and width of all images, and images a batch
SIZE, BATCH = (256, 128), 50
PAPER = ("fid", "dssim-lab")


def evaluate_swaps(
    config: str | Path,
    checkpoint: str | Path,
    *,
    protocol: str = "plain",
    root: str | Path | None = None,
    drawn: str | Path | None = None,
    metrics: Sequence[str] = PAPER,
    features: str = "studio",
    weights: str | Path | None = None,
    sha256: str | None = None,
    count: int | None = None,
    batch_size: int = 64,
    seed: int = 0,
    device: str = "auto",
    report: Report = silent,
) -> dict[str, Any]:
    """Draw each training image in the structure of another, and judge these images beside the training images.

    Args:
        config: path of the config that the method was trained with; a run leaves it in its work folder, too.
        checkpoint: of its run, or published weights, also as ``zoo://NAME``.
        protocol: ``plain``, as all generated images are judged here: JPEG of quality 95, all in the size of the drawn
            ones; or ``dgnet``, as the authors did.
        root: a data set of the kind that the config was trained on; None for that one.
        drawn: folder for the drawn images, where a killed call is taken up; None keeps none.
        metrics: names of :data:`~reidzoo.apis.image_metrics.METRICS` that need no pairs.
        features: this, ``weights``, ``sha256`` and ``count`` as
            :func:`~reidzoo.apis.image_evaluation.evaluate_images` has them.
        weights: see there.
        sha256: see there.
        count: see there; of ``plain`` only.
        batch_size: images a step; results depend on it by rounding only.
        seed: of structures, of ``count`` and of the pairs of ``dssim-lab``.
        device: ``auto``, or what torch calls a device.
        report: receives lines of progress.

    Returns:
        A row as :func:`~reidzoo.apis.image_evaluation.evaluate_images` gives it; names of metrics say where they are of
        DG-Net's protocol.

    Raises:
        UserError: another protocol, metrics of pairs, ``count`` or too few images in DG-Net's protocol; a mistake of
            config, checkpoint or data; what a metric raises.
    """
    _check(protocol, metrics, count)
    start = time.perf_counter()
    root = swap_images(read_config(config))["root"] if root is None else root
    with TemporaryDirectory() if drawn is None else nullcontext(drawn) as folder:
        options = {"seed": seed, "batch_size": batch_size, "device": device, "report": report}
        swap_dataset(config, checkpoint, root, folder, **PROTOCOLS[protocol], **options)
        real, fake = picture_set(root), picture_set(folder)
        options |= {"features": features, "weights": weights, "sha256": sha256}
        if protocol == "dgnet":
            row = _as_released(real, fake, metrics, options)
        else:
            size = decode(fake.files[0]).shape[:2]
            row = evaluate_images(real, fake, metrics=metrics, resize=size, count=count, **options)
    return {**row, "seconds": round(time.perf_counter() - start, 1)}


def _check(protocol: str, metrics: Sequence[str], count: int | None) -> None:
    if protocol not in PROTOCOLS:
        raise UserError(f"no protocol '{protocol}', {nearest(protocol, PROTOCOLS)}")
    require_known(metrics)
    paired = next((name for name in metrics if METRICS[name].images == "pairs"), None)
    if paired is not None:
        raise UserError(
            f"{paired} compares images with the ones they should be, and nobody has a photograph of one person's "
            f"clothes on another: take {', '.join(PAPER)}"
        )
    if count is not None and protocol != "plain":
        raise UserError(f"count is of the plain protocol, and {protocol} takes all images: leave it out")


def _as_released(real: PictureSet, fake: PictureSet, metrics: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    """The row of DG-Net's protocol, from one row for each kind of metric."""
    rows = []
    sets = [name for name in metrics if METRICS[name].images == "sets"]
    if sets:
        sides = (_whole_batches(side) for side in (real, fake))
        row = evaluate_images(*sides, metrics=sets, resize=SIZE, **{**options, "batch_size": BATCH})
        names = {name: f"{name.removesuffix(')')}, DG-Net)" for name in row["metrics"]}
        row["metrics"] = {names[name]: value for name, value in row["metrics"].items()}
        row["notes"].append(f"DG-Net's protocol: JPEG of quality 75, {SIZE[0]} x {SIZE[1]} pixels, batches of {BATCH}")
        rows.append(row)
    if len(sets) < len(metrics):
        others = [name for name in metrics if name not in sets]
        # the images of an identity are compared among themselves, in the size that they were drawn in
        rows.append({**evaluate_images(fake, fake, metrics=others, **options), "real": real.title})
    first, *_ = rows
    merged = {
        key: {name: each for row in rows[::-1] for name, each in row[key].items()} for key in ("metrics", "counts")
    }
    return {**first, **merged, "notes": [note for row in rows for note in row["notes"]]}


def _whole_batches(pictures: PictureSet) -> PictureSet:
    """Without the last pictures that make no batch."""
    kept = len(pictures) // BATCH * BATCH
    if not kept:
        raise UserError(
            f"DG-Net's protocol takes batches of {BATCH} images and leaves out what makes none, and {pictures.title} "
            f"has {len(pictures)} images: take the plain protocol"
        )
    return pictures.take(range(kept))
