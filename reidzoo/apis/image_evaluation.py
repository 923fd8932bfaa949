"""How good are generated images? Metrics between two sets of pictures, as one row of results."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from reidzoo.apis.image_features import INCEPTION, feature_network
from reidzoo.apis.image_judging import Judge
from reidzoo.apis.image_metrics import KINDS, METRICS, require_known
from reidzoo.apis.image_rows import KIND
from reidzoo.apis.method_loading import find_device
from reidzoo.apis.perceptual_distance import lpips_network
from reidzoo.apis.picture_batches import Size, reader_of
from reidzoo.apis.picture_sets import PictureSet, picture_set
from reidzoo.apis.provenance import provenance
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent

#: of a manifest's header, what a row says of the generator
GENERATOR_KEYS = ("method", "generator", "config", "checkpoint_sha256", "commit", "direction", "seed")
DIGITS = 6


def evaluate_images(
    real: str | Path | PictureSet,
    fake: str | Path | PictureSet | None = None,
    *,
    metrics: Sequence[str] = ("fid",),
    features: str = "studio",
    weights: str | Path | None = None,
    sha256: str | None = None,
    tap: int | str | None = None,
    lpips_weights: str | Path | None = None,
    masks: str | Path | None = None,
    resize: Size | None = None,
    part: str = "train",
    count: int | None = None,
    batch_size: int = 64,
    seed: int = 0,
    device: str = "auto",
    report: Report = silent,
) -> dict[str, Any]:
    """Compare generated images with real ones; of sets of any length only one batch lies in memory.

    Metrics of sets (``fid``; ``is`` and ``mask-is`` of the fakes, in an order drawn by ``seed``) take all images. Those
    of pairs (``ssim-pg2``, ``ssim-deform``, ``mask-ssim-pg2``, ``mask-ssim-deform``, ``l1``, ``lpips``,
    ``deep-distance``) are means over fakes beside their real partners: the image of the same path under its folder, of
    a translated image the one that its manifest names; each of several copies is a pair. ``dssim-lab`` is the diversity
    of the fakes of one identity (:func:`~reidzoo.evaluation.dssim.diversity`).

    Args:
        real: a set, or what :func:`~reidzoo.apis.picture_sets.picture_set` makes one of; a data set stands for its
            images of ``part``.
        fake: likewise; None compares two random halves of ``real``, the floor of what a generator can reach.
        metrics: names of :data:`~reidzoo.apis.image_metrics.METRICS`.
        features: the network that sees the images in ``fid`` and ``deep-distance``; the scores want ``inception``.
            This, ``weights``, ``sha256`` and ``tap`` are as :func:`~reidzoo.apis.image_features.feature_network` has
            them.
        weights: see there.
        sha256: see there.
        tap: see there; the scores take Inception's logits whatever it is.
        lpips_weights: torchvision's file of AlexNet (:func:`~reidzoo.apis.perceptual_distance.lpips_network`).
        masks: folder with ``<path of the real image under its folder, without suffix>.png``, 255 person and 0 rest.
        resize: height and width that all images and masks are brought to; None expects them to have one size.
        part: ``train``, ``query`` or ``gallery``.
        count: draw so many images of each set, and so many pairs: FID grows as sets shrink, so compare like with like.
        batch_size: images a step; results depend on it by rounding only.
        seed: of halves, ``count``, order and the pairs of ``dssim-lab``.
        device: ``auto``, or what torch calls a device.
        report: receives a line before weights are downloaded.

    Returns:
        ``{kind, real, fake, generator, counts, size, resized, count, seed, metrics, notes, seconds, commit, machine,
        ...}``: values by metric with its flavour in the name; ``notes``, what one has to know to read them;
        ``generator``, what the fakes' manifest says of it (None without one). Rows are published, so they name no
        folder of the machine.

    Raises:
        UserError: an unknown metric, folder, part or network; no image, one that does not decode, several sizes; masks
            that are missing or of another size; no pair, no identity; weights that are absent or not those of the
            digest; what a metric raises.
    """
    require_known(metrics)
    start = time.perf_counter()
    real_set, fake_set = _sets(real, fake, part, seed)
    reader = reader_of(real_set, fake_set, resize)
    sources = NetworkSources(features, weights, sha256, tap, lpips_weights)
    networks = metric_networks(metrics, sources, device, report)
    judge = Judge(reader, networks, masks, find_device(device), count, batch_size, seed)
    of = {kind: [name for name in metrics if METRICS[name].images == kind] for kind in KINDS}
    with torch.no_grad():
        values = {
            **judge.sets(of["sets"], real_set, fake_set),
            **judge.pairs(of["pairs"], real_set, fake_set),
            **judge.identities(of["identities"], fake_set),
        }
    return {
        "kind": KIND,
        "real": real_set.title,
        "fake": fake_set.title,
        "generator": {key: fake_set.header[key] for key in GENERATOR_KEYS if key in fake_set.header} or None,
        "counts": judge.counts,
        "size": list(reader.size),
        "resized": reader.resizes,
        "count": count,
        "seed": seed,
        "metrics": {name: round(value, DIGITS) for name, value in values.items()},
        "notes": [*metric_notes(metrics, features), *judge.notes],
        "seconds": round(time.perf_counter() - start, 1),
        **provenance(),
    }


def _sets(
    real: str | Path | PictureSet, fake: str | Path | PictureSet | None, part: str, seed: int
) -> tuple[PictureSet, PictureSet]:
    first, *second = [
        side if isinstance(side, PictureSet) else picture_set(side, part) for side in (real, fake) if side is not None
    ]
    return (first, second[0]) if second else first.halves(seed)


class NetworkSources(NamedTuple):
    """Which networks metrics see images by; the arguments of :func:`evaluate_images` of these names."""

    features: str
    weights: str | Path | None
    sha256: str | None
    tap: int | str | None
    lpips_weights: str | Path | None


def metric_networks(
    metrics: Sequence[str], sources: NetworkSources, device: str, report: Report
) -> dict[str, nn.Module]:
    """The networks that ``metrics`` need, by what they call their need, on ``device``.

    Raises:
        UserError: weights that are absent or not those of the digest, or a score without Inception.
    """
    features, weights, sha256, tap, lpips_weights = sources
    settings = {"sha256": sha256, "device": device, "report": report}
    scores = [name for name in metrics if METRICS[name].network == "classes"]
    networks: dict[str, nn.Module] = {}
    if scores:
        if features != INCEPTION:
            raise UserError(
                f"'{scores[0]}' is defined on the classes of Inception-v3 alone, and features is '{features}': add "
                f"--features {INCEPTION} --weights FILE, or leave '{scores[0]}' out"
            )
        networks["classes"] = feature_network(features, weights, tap="logits", **settings)
    if any(METRICS[name].network == "features" for name in metrics):
        networks["features"] = feature_network(features, weights, tap=tap, **settings)
    if any(METRICS[name].network == "lpips" for name in metrics):
        networks["lpips"] = lpips_network(lpips_weights, device=device, report=report)
    return networks


def metric_notes(metrics: Sequence[str], features: str) -> list[str]:
    """What distinguishes these values from published ones of the same name."""
    if "fid" not in metrics or features == INCEPTION:
        return []
    network = "our own embedding 'studio'" if features == "studio" else f"'{Path(features).stem}'"
    return [f"fid rests on {network}, not on Inception-v3: compare it with other values of this name, not with papers'"]
