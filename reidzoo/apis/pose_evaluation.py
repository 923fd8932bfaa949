"""How well does a method draw persons in other poses? Its images beside photographs in these poses, as a row."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn
from torch.utils.data import default_collate

from reidzoo.apis.image_evaluation import DIGITS, NetworkSources, metric_networks, metric_notes
from reidzoo.apis.image_metrics import (
    FID,
    METRICS,
    PairMean,
    SetMetric,
    pair_metric,
    require_known,
    set_metric,
)
from reidzoo.apis.image_rows import KIND
from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.picture_batches import batched
from reidzoo.apis.posed_images import posed_dataset
from reidzoo.apis.provenance import commit, provenance, without_folders
from reidzoo.apis.reposing import REFUSAL
from reidzoo.apis.trained_data import pose_pairs
from reidzoo.apis.training import describe_undecodable
from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256 as digest
from reidzoo.base.pose_masks import pose_mask
from reidzoo.base.reporting import Report, silent
from reidzoo.data.datasets.pose_pairs import PosePairs
from reidzoo.data.datasets.reading import UndecodableImage
from reidzoo.data.poses.annotations import read_annotations
from reidzoo.data.poses.pairs import TEST_PAIRS, draw_test_pairs, read_pairs, valid_pairs
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.zoo.cards import find_card
from reidzoo.zoo.download import SCHEME

PAPERS = ("ssim-pg2", "mask-ssim-pg2", "ssim-deform", "mask-ssim-deform", "l1", "fid")
#: the recipe that draws the persons of a masked metric
MASKS = {"mask-ssim-pg2": "pg2", "mask-ssim-deform": "deform", "mask-is": "pg2"}


def evaluate_poses(
    name_or_config: str | Path,
    checkpoint: str | Path | None,
    *,
    root: str | Path | None = None,
    annotations: str | None = None,
    pairs: str | Path | None = None,
    count: int | None = None,
    metrics: Sequence[str] = PAPERS,
    features: str = "studio",
    weights: str | Path | None = None,
    sha256: str | None = None,
    lpips_weights: str | Path | None = None,
    batch_size: int = 64,
    seed: int = 0,
    device: str = "auto",
    report: Report = silent,
) -> dict[str, Any]:
    """Draw the source of each test pair in its target's pose, and compare that with the target.

    Both images are of the size that the method was trained on, and no file is written between drawing and judging.
    Persons of masked metrics are what the recipe of their preset draws around the target pose
    (:mod:`reidzoo.base.pose_masks`), ``mask-is`` has that of PG2. In ``fid`` the target of each pair counts once, so
    that a method which draws the targets themselves has 0.

    Args:
        name_or_config: a model of the zoo, which brings its config along, or the path of the config that the method was
            trained with; a run leaves it in its work folder, too.
        checkpoint: for a config, of its run, or published weights, also as ``zoo://NAME``; None for a model of the zoo.
        root: a data set of the kind that the config was trained on; None for that one. Its split ``test`` is used.
        annotations: file of the poses of ``test``, relative to the root; None for the config's with ``test`` in its
            name where it has ``train``.
        pairs: file of pairs of file names (:mod:`reidzoo.data.poses.pairs`), such as that of Deformable GAN's authors;
            None for all ordered pairs of one identity's images with visible shoulders and hips.
        count: how many of the pairs, drawn as the literature's are; None for 12,000 without a file, as it has, and for
            all of a file.
        metrics: names of :data:`~reidzoo.apis.image_metrics.METRICS` but ``dssim-lab``.
        features: this, ``weights``, ``sha256`` and ``lpips_weights`` as
            :func:`~reidzoo.apis.image_evaluation.evaluate_images` has them.
        weights: see there.
        sha256: see there.
        lpips_weights: see there.
        batch_size: pairs a step; results depend on it by rounding only.
        seed: of the order in which the splits of Inception Scores see the images.
        device: ``auto``, or what torch calls a device.
        report: receives a line before weights are downloaded.

    Returns:
        A row as :func:`~reidzoo.apis.image_evaluation.evaluate_images` gives it.

    Raises:
        UserError: a mistake of config or checkpoint, no data set, no poses or poses of other images, no valid pair, an
            unknown metric or network, weights that are absent or not those of the digest; what a metric raises.
    """
    require_known(metrics)
    if "dssim-lab" in metrics:
        raise UserError(
            "dssim-lab compares images of one identity, and pairs are judged one by one: leave it out, or draw images "
            "with tools/translate.py and judge them with tools/evaluate_images.py"
        )
    if count is not None and count < 1:
        raise UserError(f"count is the number of pairs that are judged, at least 1, got {count}")
    start = time.perf_counter()
    place = find_device(device)
    cfg, method = load_method(name_or_config, checkpoint, PoseTransferMethod, REFUSAL)
    dataset = _test_pairs(cfg, root, annotations, pairs, count)
    networks = metric_networks(metrics, NetworkSources(features, weights, sha256, None, lpips_weights), device, report)
    judge = PoseJudge(metrics, networks)
    method.to(place)
    with torch.no_grad():
        for batch in _batches(dataset, batch_size, seed):
            drawn = method.repose(batch["source_images"], batch["source_points"], batch["target_points"])
            judge.update(batch["target_images"].to(place), drawn, batch["target_points"].to(place))
    name, size = dataset.dataset.metainfo["name"], tuple(drawn.shape[-2:])
    return {
        "kind": KIND,
        "real": f"{name}, targets of pairs",
        "fake": f"{name}, in the targets' poses by {type(method).__name__}",
        "generator": _drawn_by(method, cfg, name_or_config, checkpoint),
        "counts": {"real": len(dataset), "fake": len(dataset), "pairs": len(dataset), "unpaired": 0},
        "size": list(size),
        "resized": dataset.dataset.read_image(dataset.dataset.records[0]).shape[:2] != size,
        "count": count,
        "seed": seed,
        "metrics": {name: round(value, DIGITS) for name, value in judge.values().items()},
        "notes": [_different_targets(dataset), *metric_notes(metrics, features), *judge.notes()],
        "seconds": round(time.perf_counter() - start, 1),
        **provenance(),
    }


class PoseJudge:
    """The metrics of images in given poses, fed batch by batch.

    Args:
        metrics: their names.
        networks: by what metrics call their need of them.
    """

    def __init__(self, metrics: Sequence[str], networks: Mapping[str, nn.Module]):
        self.pairs: dict[str, PairMean] = {}
        self.sets: dict[str, SetMetric] = {}
        for name in metrics:
            network = networks.get(METRICS[name].network)
            if METRICS[name].images == "pairs":
                self.pairs[name] = pair_metric(name, network)
            else:
                self.sets[name] = set_metric(name, network)

    def update(self, targets: Tensor, drawn: Tensor, points: Tensor) -> None:
        """Add a batch.

        Args:
            targets: B x 3 x H x W uint8 RGB, photographs.
            drawn: the same, in their poses.
            points: B x 18 x 2, these poses.
        """
        recipes = {MASKS[name] for name in (*self.pairs, *self.sets) if name in MASKS}
        masks = {recipe: pose_mask(points, tuple(targets.shape[-2:]), recipe) for recipe in recipes}
        for name, metric in self.pairs.items():
            metric.update(targets, drawn, masks.get(MASKS.get(name)))
        for name, metric in self.sets.items():
            if METRICS[name].real:
                metric.update(targets, None, True)
            metric.update(drawn, masks.get(MASKS.get(name)), False)

    def values(self) -> dict[str, float]:
        """By name with its flavour."""
        metrics = (*self.pairs.values(), *self.sets.values())
        return {name: value for metric in metrics for name, value in metric.values().items()}

    def notes(self) -> list[str]:
        """What one has to know of these values."""
        warnings = [metric.distance.warning() for metric in self.sets.values() if isinstance(metric, FID)]
        recipes = sorted({MASKS[name] for name in (*self.pairs, *self.sets) if name in MASKS})
        drawn = f"persons of masked metrics are those that {' and '.join(recipes)} draw around the target pose"
        return [*([drawn] if recipes else []), *(warning for warning in warnings if warning)]


def _drawn_by(
    method: PoseTransferMethod, cfg: Config, name_or_config: str | Path, checkpoint: str | Path | None
) -> dict[str, Any]:
    """What a row says of the generator."""
    if checkpoint is None:  # the row names the config and the file that stand behind the name
        name_or_config, checkpoint = find_card(str(name_or_config)).config, f"{SCHEME}://{name_or_config}"
    return {
        "method": type(method).__name__,
        "generator": (cfg.model.get("generator") or {}).get("type"),
        "config": without_folders(str(name_or_config)),
        "checkpoint_sha256": digest(local_file(checkpoint)),
        "commit": commit(),
    }


def _test_pairs(
    cfg: Config, root: str | Path | None, annotations: str | None, file: str | Path | None, count: int | None
) -> PosePairs:
    """The pairs of the split ``test``."""
    trained = pose_pairs(cfg)
    if annotations is None:
        annotations = trained["annotations"].replace("train", "test")
        if annotations == trained["annotations"]:
            raise UserError(
                f"the config's file of poses '{annotations}' is not named after 'train', so nobody knows that of the "
                "test images: name it with annotations"
            )
    content = posed_dataset(cfg, trained["dataset"]["root"] if root is None else root, "test")
    if file is None:
        path = Path(content["root"]) / annotations
        known, number = valid_pairs(read_annotations(path)), count or TEST_PAIRS
        if not known:
            raise UserError(
                f"no two images of one person have visible shoulders and hips in '{path}': find better poses"
            )
    else:
        known = read_pairs(file)
        number = count or len(known)
    return PosePairs(content, annotations, draw_test_pairs(known, number))


def _batches(dataset: PosePairs, batch_size: int, seed: int) -> Iterator[dict[str, Tensor]]:
    """Batches of all pairs, in an order of ``seed``: a list is often sorted, and Inception Scores split it."""
    order = np.random.default_rng(seed).permutation(len(dataset)).tolist()

    def read(rows: slice) -> dict[str, Tensor]:
        return default_collate([dataset[row] for row in order[rows]])

    try:
        yield from batched(read, len(dataset), batch_size, "pairs")
    except UndecodableImage as error:
        raise describe_undecodable(dataset) from error


def _different_targets(dataset: PosePairs) -> str:
    sources, targets = {source for source, _ in dataset.items}, {partners[0] for _, partners in dataset.items}
    return f"the pairs are of {len(sources):,} different sources and {len(targets):,} different targets"
