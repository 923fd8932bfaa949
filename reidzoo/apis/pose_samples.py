"""A few training images, always the same ones, in other poses of their persons, and what they look like in figures."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.epoch_pictures import Rows
from reidzoo.apis.generator_samples import (
    GeneratorSamples,
    Measurements,
    grey_levels,
    people_of,
    require_change,
    require_finite,
    require_judged,
    spread_over,
)
from reidzoo.apis.pose_grids import COLUMNS, posed_rows
from reidzoo.apis.posed_images import posed_dataset
from reidzoo.apis.reposing import REFUSAL
from reidzoo.apis.trained_data import pose_pairs
from reidzoo.data.datasets.pose_pairs import PosePairs
from reidzoo.data.draw import Draw
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.zoo.metafiles import POSE_TRANSFER, REID_WITH_REPOSED

COUNT = 6


class PoseSamples(GeneratorSamples):
    """Training images, spread evenly over identities, each in another pose of its person; see the base.

    Images have the size that the networks were trained on and are changed in no other way. The published file is
    without the discriminator, which judges pairs and draws nothing.

    Raises:
        UserError: the data or its poses cannot be read.
    """

    kind = PoseTransferMethod
    refusal = REFUSAL
    images = "images in other poses"
    task = POSE_TRANSFER
    learnt = REID_WITH_REPOSED
    judges = ("discriminator",)
    column_titles = COLUMNS

    def __init__(self, cfg: Config):
        trained = pose_pairs(cfg)
        pairs = PosePairs(posed_dataset(cfg, trained["dataset"]["root"], "train"), trained["annotations"])
        self.name = pairs.dataset.metainfo["name"]
        self.people = people_of(pairs.dataset)
        pids = [pairs.dataset.records[row].pid for row, _ in pairs.items]
        items = [pairs[Draw(index=index)] for index in spread_over(pids, COUNT)]
        keys = ("source_images", "source_points", "target_points", "target_images")
        self.sources, self.source_points, self.target_points, self.targets = (
            torch.stack([item[key] for item in items]) for key in keys
        )

    def drawn(self, method: PoseTransferMethod) -> list[Tensor]:
        return [method.repose(self.sources, self.source_points, self.target_points)]

    def figures(self, method: PoseTransferMethod) -> list[dict[str, Any]]:
        """One entry: mean of each colour; mean absolute differences, ``pose_change`` between what is drawn in the
        target's pose and in the source's own, ``distance`` to the target."""
        posed = {"source_points": self.source_points, "target_points": self.target_points}
        with torch.no_grad():
            require_finite(method, method(**method.data_preprocessor({"images": self.sources, **posed})))
        images = self.drawn(method)[0].double()
        own = method.repose(self.sources, self.source_points, self.source_points)
        change = (images - own).abs().mean().item()
        require_change(method, "pose", change)
        metrics = grey_levels(images, pose_change=change, distance=(images - self.targets).abs().mean().item())
        return [{"data": f"{self.name}, {len(images)} images in other poses", "metrics": metrics}]

    def rows(self, method: PoseTransferMethod) -> Rows:
        return posed_rows(method, self.sources, self.source_points, self.target_points, self.targets)

    def require_measured(self, config: str, measured: Measurements, where: str) -> None:
        require_judged(config, measured, where, f"judge them with tools/evaluate_poses.py {config} CHECKPOINT")
