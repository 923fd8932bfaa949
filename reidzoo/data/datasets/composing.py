"""What data sets that are made of others ask of their parts."""

from __future__ import annotations

from typing import Any

import torch

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.registry import DATASETS


def build_reader(owner: str, part: str, config: dict[str, Any]) -> ReIDDataset:
    """The re-ID data set of ``config``, which the data set ``owner`` takes its ``part`` from.

    Raises:
        UserError: it cannot be read, or is a data set of another kind.
    """
    dataset = DATASETS.build(config)
    if not isinstance(dataset, ReIDDataset):
        raise UserError(
            f"{owner} takes its {part} from a re-ID data set, got {type(dataset).__name__}: name a reader of images "
            "of persons"
        )
    return dataset


def require_one_size(owner: str, **images: torch.Tensor) -> None:
    """Refuse two images, named by their part of the data set ``owner``, that cannot be stacked.

    Raises:
        UserError: they have different sizes.
    """
    sizes = [" x ".join(map(str, image.shape[1:])) for image in images.values()]
    if len(set(sizes)) > 1:
        raise UserError(
            f"{owner} expects {' and '.join(images)} images of one size, got {' and '.join(sizes)} pixels: "
            "give both lists of transforms the same Resize"
        )


def require_distinct(owner: str, source: ReIDDataset, target: ReIDDataset) -> None:
    """Refuse source and target of the data set ``owner`` that have files in common.

    Raises:
        UserError: says how many.
    """
    shared = {record.path.resolve() for record in source.records}
    shared &= {record.path.resolve() for record in target.records}
    if shared:
        raise UserError(
            f"{owner} expects a source and a target without common images, got {len(shared):,} that are in both, such "
            f"as '{min(shared)}': name another data set, or other cameras, as the target"
        )
