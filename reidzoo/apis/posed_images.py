"""Images and their poses as a pose transfer was trained on them, read from a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.trained_data import pose_pairs, resizing
from reidzoo.apis.training import describe_undecodable
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.pose_pairs import PosePairs
from reidzoo.data.datasets.reading import UndecodableImage
from reidzoo.data.draw import Draw


class Shot(NamedTuple):
    """Rows of the data set: who is drawn, and in whose pose."""

    source: int
    target: int


class PosedImages(NamedTuple):
    """What is drawn from: images B x 3 x H x W uint8 RGB, their poses and those to draw, B x 18 x 2 each."""

    images: Tensor
    source_points: Tensor
    target_points: Tensor


class PoseReader:
    """Reads images and the poses to draw them in.

    Args:
        pairs: the data set with its poses.
        shots: who is drawn in whose pose.
    """

    def __init__(self, pairs: PosePairs, shots: list[Shot]):
        self.dataset, self.shots = pairs.dataset, shots
        self._poses: dict[int, Tensor] = {}

    def read(self, numbers: list[int]) -> PosedImages:
        """The shots of these numbers.

        Raises:
            UserError: an image that does not decode, poses of images of another size, or images of several sizes.
        """
        shots = [self.shots[number] for number in numbers]
        try:
            sources = [self._sample(shot.source) for shot in shots]
            targets = [self._pose(shot.target) for shot in shots]
        except UndecodableImage as error:
            raise describe_undecodable(self.dataset) from error
        sizes = sorted({tuple(source["images"].shape[1:]) for source in sources})
        if len(sizes) > 1:
            raise UserError(
                f"the config resizes nothing, and images have {len(sizes)} sizes (first: {sizes[0][0]} x "
                f"{sizes[0][1]} and {sizes[1][0]} x {sizes[1][1]}): train with a Resize"
            )
        images, points = (torch.stack([source[key] for source in sources]) for key in ("images", "points"))
        return PosedImages(images, points, torch.stack(targets))

    def _sample(self, row: int) -> dict[str, Tensor]:
        sample = self.dataset.sample(row, Draw(row).generator())
        self._poses.setdefault(row, sample["points"])
        return sample

    def _pose(self, row: int) -> Tensor:
        """In pixels of the images after the transforms, for which the row's own image has to be read once."""
        return self._poses[row] if row in self._poses else self._sample(row)["points"]


def posed_dataset(cfg: Config, root: str | Path, split: str) -> dict[str, Any]:
    """The config of the images under ``root``, resized as in training and changed in no other way."""
    dataset = pose_pairs(cfg)["dataset"]
    transforms = resizing(dataset.get("transforms", ()))
    return {**dataset, "root": str(root), "split": split, "transforms": transforms}
