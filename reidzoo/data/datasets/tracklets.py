"""A training set whose identities are known inside each camera only, as TAUDL reads image data sets (Li, Zhu & Gong,
ECCV 2018)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.composing import build_reader
from reidzoo.data.draw import Draw
from reidzoo.registry import DATASETS


@DATASETS.register
class Tracklets(Dataset):
    """All images of one person in one camera are one tracklet; who it shows in other cameras is not told.

    **This is supervision.** In a video a tracker would find the tracklets; data sets of single images have none, and
    here, as in TAUDL's released code, they are made of the annotated identities: which images *of one camera* show the
    same person is ground truth, and no person is cut into two tracklets of a camera. Results of methods that are
    called unsupervised and trained like this belong beside the word "intra-camera supervision"; the set's name, which
    rows of results carry, says it.

    Tracklets are numbered camera by camera, inside a camera by identity: 0..T-1, so the number alone says the camera.

    Args:
        dataset: config of a :class:`reidzoo.data.datasets.base.ReIDDataset`, split ``train``, transforms included.

    Attributes:
        rows: of each tracklet, by its number, its rows of the table.
        numbers: of each row the number of its tracklet.
        tracklets_per_camera: how many each camera has, in the order of camera ids.

    Items are dicts of tensors: ``images`` uint8 3 x H x W (RGB), ``tracklets`` int64 (0..T-1), ``camids`` int64 (from
    0), ``indices`` int64 (row of the table); with the transform ``LoadMask`` also ``masks`` uint8 1 x H x W.

    Raises:
        UserError: the set cannot be read, is of another kind, is no ``train`` split or knows no cameras, or a camera
            has fewer than two tracklets.
    """

    def __init__(self, dataset: dict[str, Any]):
        self.dataset = build_reader("Tracklets", "images", dataset)
        if self.dataset.split != "train":
            raise UserError(f"Tracklets are trained on, got split '{self.dataset.split}': set split='train'")
        if not self.dataset.has_cameras:
            raise UserError(
                f"Tracklets are found inside cameras, and '{self.dataset.metainfo['name']}' knows none: take a data "
                "set with camera ids"
            )
        rows: dict[tuple[int, int], list[int]] = {}
        for row, record in enumerate(self.dataset.records):
            rows.setdefault((record.camid, record.pid), []).append(row)
        numbers = {key: number for number, key in enumerate(sorted(rows))}
        self.rows = [rows[key] for key in numbers]
        self.numbers = [numbers[record.camid, record.pid] for record in self.dataset.records]
        of_camera: dict[int, int] = {}
        for camid, _ in numbers:
            of_camera[camid] = of_camera.get(camid, 0) + 1
        self.tracklets_per_camera = list(of_camera.values())
        alone = [camid for camid, tracklets in of_camera.items() if tracklets < 2]
        if alone:
            raise UserError(
                f"a camera's tracklets are told apart, and camera {', '.join(map(str, alone))} (counted from 0) of "
                f"'{self.dataset.root}' has a single one: leave it out with `cameras`"
            )

    @property
    def metainfo(self) -> dict[str, Any]:
        """``name``, which says what tracklets are made of, ``num_cams`` C and ``tracklets_per_camera``, C numbers."""
        info = self.dataset.metainfo
        return {
            "name": f"{info['name']}, tracklets from identity and camera (intra-camera supervision)",
            "num_cams": info["num_cams"],
            "tracklets_per_camera": self.tracklets_per_camera,
        }

    @property
    def num_images(self) -> int:
        """Images of the table."""
        return self.dataset.num_images

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        item = self.dataset[draw]
        del item["pids"]  # unknown to whoever trains
        return {**item, "tracklets": torch.tensor(self.numbers[draw.index])}

    def undecodable(self) -> list[Path]:
        """Every file of the table that does not decode; reads them all, so it is called after a failure only."""
        return self.dataset.undecodable()
