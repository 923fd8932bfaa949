"""What a generator was trained on, as its config says: whence images are drawn later, and of what size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.config import Config

from reidzoo.base.errors import UserError
from reidzoo.methods.translation import DIRECTIONS


def training_set(cfg: Config) -> dict[str, Any]:
    """The config of the data set that a config trains on; empty where it trains on none."""
    return (cfg.get("train_dataloader") or {}).get("dataset") or {}


def domains(cfg: Config, direction: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data set configs that ``direction`` starts from and ends in: for ``s2t`` source and target.

    Raises:
        UserError: another direction, or a config whose training set has no source and target.
    """
    check_direction(direction)
    dataset = training_set(cfg)
    if not all(isinstance(dataset.get(side), dict) for side in ("source", "target")):
        raise UserError(
            f"expected a config whose train_dataloader.dataset has source and target (UnpairedImages), got "
            f"{dataset.get('type', 'none')}: name the config that the translation was trained with"
        )
    sides = (dataset["source"], dataset["target"])
    return sides if direction == "s2t" else sides[::-1]


def pose_pairs(cfg: Config) -> dict[str, Any]:
    """The config of the pairs of images that a pose transfer is trained on.

    Raises:
        UserError: it is trained on something else.
    """
    dataset = training_set(cfg)
    if not isinstance(dataset.get("dataset"), dict) or "annotations" not in dataset:
        raise UserError(
            f"expected a config whose train_dataloader.dataset is PosePairs, got {dataset.get('type', 'none')}: name "
            "the config that the pose transfer was trained with"
        )
    return dataset


def swap_images(cfg: Config) -> dict[str, Any]:
    """The config of the images that a method which swaps appearances is trained on.

    Raises:
        UserError: it is trained on something else.
    """
    dataset = training_set(cfg)
    if not isinstance(dataset.get("dataset"), dict):
        raise UserError(
            f"expected a config whose train_dataloader.dataset is PositivePairs, got {dataset.get('type', 'none')}: "
            "name the config that the method was trained with"
        )
    return dataset["dataset"]


def check_direction(direction: str) -> None:
    """Refuse what is no direction of a translation.

    Raises:
        UserError: names both.
    """
    if direction not in DIRECTIONS:
        raise UserError(f"direction is 's2t' (source to target) or 't2s' (target to source), got '{direction}'")


def resizing(transforms: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The one Resize that leads to the size of the training images, without the chance on the way there.

    That size is the height and width of the last transform that has them, Resize or a crop; the interpolation is that
    of the last one that names it. An empty list where training takes images as they are.
    """
    sizes = [transform for transform in transforms if "height" in transform and "width" in transform]
    if not sizes:
        return []
    ways = [transform["interpolation"] for transform in transforms if "interpolation" in transform]
    resize = {"type": "Resize", "height": sizes[-1]["height"], "width": sizes[-1]["width"]}
    return [{**resize, "interpolation": ways[-1]} if ways else resize]


def training_size(transforms: Sequence[dict[str, Any]]) -> list[int] | None:
    """Height and width of the training images, as :func:`resizing` finds them; None where they keep theirs."""
    return next(([resize["height"], resize["width"]] for resize in resizing(transforms)), None)
