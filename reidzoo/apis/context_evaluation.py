"""How good is what is drawn for a target domain? Realism, diversity and change, of renderings and of translations.

Chen, Zhu & Gong, "Instance-Guided Context Rendering for Cross-Domain Person Re-Identification", ICCV 2019, compare
their method with one of a single style by FID and LPIPS; their poster does not say between which images the latter is
taken. So both are here that may be meant:

* ``diversity``: the mean distance between two images drawn from one source image, in different contexts. A translation
  has one style and draws one image of an image, so its diversity is 0 by definition.
* ``change``: the mean distance between a source image and the one that was drawn from it.

FID is that of one drawn image for each source image to the training images of the target.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reidzoo.apis.configs import read_config
from reidzoo.apis.image_evaluation import DIGITS, NetworkSources, evaluate_images, metric_networks
from reidzoo.apis.image_metrics import METRICS, PairMean, pair_metric
from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.picture_batches import batched
from reidzoo.apis.picture_sets import picture_set
from reidzoo.apis.redrawing import redraw_dataset
from reidzoo.apis.rendering import REFUSAL, context_rows, read_pairs, renderable
from reidzoo.apis.trained_data import domains
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.reading import decode
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.registry import METHODS

#: by which two images may be compared; the weights of LPIPS have to be named
DISTANCES = ("deep-distance", "lpips")


def evaluate_contexts(
    config: str | Path,
    checkpoint: str | Path,
    *,
    root: str | Path | None = None,
    context_root: str | Path | None = None,
    drawn: str | Path | None = None,
    distances: Sequence[str] = DISTANCES[:1],
    sources: int = 1000,
    contexts: int = 10,
    features: str = "studio",
    weights: str | Path | None = None,
    sha256: str | None = None,
    tap: int | str | None = None,
    lpips_weights: str | Path | None = None,
    count: int | None = None,
    batch_size: int = 60,
    seed: int = 0,
    device: str = "auto",
    report: Report = silent,
) -> dict[str, Any]:
    """Draw each training image of the source once for the target, some of them often, and judge what was drawn.

    Args:
        config: path of the config that a method which renders or translates was trained with.
        checkpoint: of its run, or published weights, also as ``zoo://NAME``.
        root: a data set of the kind that the config's ``source`` is; None for that one.
        context_root: likewise of ``target``.
        drawn: folder for the images that are drawn once (:func:`~reidzoo.apis.redrawing.redraw_dataset`), where a
            killed call is taken up; None keeps none.
        distances: of diversity and change, at least one of :data:`DISTANCES`.
        sources: images whose diversity is measured, drawn by ``seed``; all where there are no more.
        contexts: that each of them is rendered in, an even number: each rendering is in one random pair.
        features: the network behind FID and ``deep-distance``. This, ``weights``, ``sha256``, ``tap``,
            ``lpips_weights`` and ``count`` (of FID and change) are as
            :func:`~reidzoo.apis.image_evaluation.evaluate_images` has them.
        weights: see there.
        sha256: see there.
        tap: see there.
        lpips_weights: see there.
        count: see there.
        batch_size: images a step; results depend on it by rounding only.
        seed: of contexts and of every draw.
        device: ``auto``, or what torch calls a device.
        report: receives lines of progress.

    Returns:
        A row as :func:`~reidzoo.apis.image_evaluation.evaluate_images` gives it, with the target as ``real``. Names of
        distances begin with ``diversity`` or ``change``; ``counts`` also has ``diversity_pairs``.

    Raises:
        UserError: no distance or an unknown one, an odd number of contexts, more of them than images of the target; a
            translation that draws by chance; a mistake of config, checkpoint, masks or data; what a metric raises.
    """
    _check(distances, sources, contexts)
    start = time.perf_counter()
    cfg = read_config(config)
    sides = zip((root, context_root), domains(cfg, "s2t"), strict=True)
    own, other = (str(side["root"] if given is None else given) for given, side in sides)
    renders = issubclass(METHODS.get(cfg.model.type), RenderingMethod)
    if not renders and cfg.model.get("stochastic"):
        raise UserError(
            f"{cfg.model.type} in '{config}' draws by chance, and diversity is measured over contexts: judge several "
            "copies of each image (tools/translate.py --copies) with tools/evaluate_images.py"
        )
    networks = NetworkSources(features, weights, sha256, tap, lpips_weights)
    options = {"seed": seed, "batch_size": batch_size, "device": device}
    with TemporaryDirectory() if drawn is None else nullcontext(drawn) as folder:
        redrawn = {**options, "context_root": other} if renders else options
        redraw_dataset(config, checkpoint, own, folder, redrawn, report)
        real, source, fake = picture_set(other), picture_set(own), picture_set(folder)
        options |= {"resize": decode(fake.files[0]).shape[:2], "count": count, "report": report, **networks._asdict()}
        row = evaluate_images(real, fake, metrics=["fid"], **options)
        change = evaluate_images(source, fake, metrics=distances, **options)
    loaded = metric_networks(distances, networks, device, report)
    means = [pair_metric(name, loaded[METRICS[name].network]) for name in distances]
    pairs = 0
    if renders:
        method = load_method(config, checkpoint, RenderingMethod, REFUSAL)[1].to(find_device(device))
        persons, surroundings = renderable(cfg, "source", own), renderable(cfg, "target", other)
        renderings = Renderings(method, persons, surroundings, contexts, seed)
        pairs = renderings.compare(means, sources, batch_size)
    # a translation draws one image of an image: no pairs, and nothing between them
    diversity = {mean.name: mean.values()[mean.name] if pairs else 0.0 for mean in means}
    row["metrics"] |= {f"diversity {name}": round(value, DIGITS) for name, value in diversity.items()}
    row["metrics"] |= {f"change {name}": value for name, value in change["metrics"].items()}
    row["counts"] |= {key: change["counts"][key] for key in ("pairs", "unpaired")} | {"diversity_pairs": pairs}
    row["notes"] += [*change["notes"], _note(renders, min(sources, len(source)), contexts)]
    return {**row, "seconds": round(time.perf_counter() - start, 1)}


@dataclass(frozen=True)
class Renderings:
    """Each person of a data set in several contexts of another, as :func:`~reidzoo.apis.rendering.context_rows` has it.

    Attributes:
        method: on its device.
        source: of persons, with masks.
        target: of contexts, with masks.
        contexts: of each person, an even number.
        seed: of contexts, and of the persons that are looked at.
    """

    method: RenderingMethod
    source: ReIDDataset
    target: ReIDDataset
    contexts: int
    seed: int

    def compare(self, means: Sequence[PairMean], count: int, batch_size: int) -> int:
        """Give ``means`` the pairs of renderings of ``count`` images, each rendering in one pair; how many these are.

        Raises:
            UserError: a mask is missing, an image does not decode, or there are fewer images than contexts.
        """
        rows = np.sort(np.random.default_rng(self.seed).permutation(len(self.source))[:count])

        def read(part: slice) -> list[Tensor]:
            persons = rows[part].tolist()
            given = np.array([context_rows(len(self.target), self.contexts, self.seed, person) for person in persons])
            own = np.repeat(persons, self.contexts).tolist()
            return read_pairs(self.source, self.target, own, given.flatten().tolist())

        persons_a_step = max(1, batch_size // self.contexts)
        for pairs in batched(read, len(rows), persons_a_step, "persons in several contexts"):
            drawn = self.method.render(*pairs)
            with torch.no_grad():
                for mean in means:
                    mean.update(drawn[::2], drawn[1::2], None)  # contexts come in random order: pairs are random, too
        return len(rows) * self.contexts // 2


def _check(distances: Sequence[str], sources: int, contexts: int) -> None:
    strange = next((name for name in distances if name not in DISTANCES), None)
    if strange is not None or not distances:
        raise UserError(f"distances are some of {', '.join(DISTANCES)}, got {strange or 'none'}")
    if contexts < 2 or contexts % 2:
        raise UserError(f"contexts are compared in pairs, an even number of at least 2, got {contexts}")
    if sources < 1:
        raise UserError(f"sources is the number of images whose diversity is measured, at least 1, got {sources}")


def _note(renders: bool, sources: int, contexts: int) -> str:
    if not renders:
        return "diversity is 0 by definition: a translation draws one image of an image"
    return f"diversity is of {sources:,} images in {contexts} contexts each, random pairs, not written as JPEG between"
