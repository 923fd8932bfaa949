"""An image and another one of its person: what DG-Net learns from (Zheng et al., CVPR 2019)."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import print_log
from torch.utils.data import Dataset

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.composing import build_reader, require_one_size
from reidzoo.data.datasets.records import Record
from reidzoo.data.draw import Draw
from reidzoo.registry import DATASETS


@DATASETS.register
class PositivePairs(Dataset):
    """Every image of a training set, each with a positive: another image of the same person.

    The positive is drawn anew each time, uniformly among the person's other images, of the same camera or of another
    one. An image that is the only one of its person is its own positive; how many these are is logged. From the
    generator of a :class:`Draw` three are spawned, as in :class:`reidzoo.data.datasets.unpaired.UnpairedImages`: which
    positive, how the image is augmented, how the positive is.

    Args:
        dataset: config of a :class:`reidzoo.data.datasets.base.ReIDDataset`, split ``train``, transforms included.

    Items are dicts of tensors: ``images`` and ``positive_images`` uint8 3 x H x W (RGB), ``pids`` int64 (a label
    0..num_pids-1), ``camids`` int64 (of the image, from 0), ``indices`` int64 (row of the table); with the transform
    ``LoadMask`` also ``masks`` uint8 1 x H x W (of the image, 255 person, 0 rest).

    Raises:
        UserError: the set cannot be read, is of another kind or is no ``train`` split, shows no person in two images,
            or its transforms leave images of different sizes.
    """

    def __init__(self, dataset: dict[str, Any]):
        self.dataset = build_reader("PositivePairs", "images", dataset)
        if self.dataset.split != "train":
            raise UserError(f"PositivePairs is trained on, got split '{self.dataset.split}': set split='train'")
        rows: dict[int, list[int]] = defaultdict(list)
        for row, record in enumerate(self.records):
            rows[record.pid].append(row)
        #: rows from which the positive of each row is drawn
        self.positives = [
            [other for other in rows[record.pid] if other != row] or [row] for row, record in enumerate(self.records)
        ]
        alone = sum(len(shots) == 1 for shots in rows.values())
        if alone == len(rows):
            raise UserError(
                f"PositivePairs finds no person with two images among {len(self.records):,} in "
                f"'{self.dataset.root}': take a training set with several images a person"
            )
        if alone:
            print_log(
                f"PositivePairs: {alone:,} of {len(self.records):,} images are the only one of their person, and their "
                "own positive",
                logger="current",
            )

    @property
    def records(self) -> list[Record]:
        """Rows of the data set, one an item."""
        return self.dataset.records

    @property
    def metainfo(self) -> dict[str, Any]:
        """``name``, ``num_pids`` and ``num_cams`` of the data set, whose images these are."""
        return self.dataset.metainfo

    @property
    def num_images(self) -> int:
        """Images of the table."""
        return self.dataset.num_images

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        choice_rng, anchor_rng, positive_rng = draw.generator().spawn(3)
        candidates = self.positives[draw.index]
        anchor = self.dataset.sample(draw.index, anchor_rng)
        positive = self.dataset.sample(candidates[int(choice_rng.integers(len(candidates)))], positive_rng)
        require_one_size("PositivePairs", anchor=anchor["images"], positive=positive["images"])
        return {**anchor, "positive_images": positive["images"], "indices": torch.tensor(draw.index)}

    def undecodable(self) -> list[Path]:
        """Every file of the table that does not decode; reads them all, so it is called after a failure only."""
        return self.dataset.undecodable()
