"""CUHK03-NP: images of Li et al., DeepReID, CVPR 2014; split of Zhong et al., CVPR 2017 (re-ranking)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from reidzoo.base.errors import UserError, nearest
from reidzoo.data.datasets import cuhk03_mat
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.listing import MARKET_FOLDERS, find_home, image_files, list_folder
from reidzoo.data.datasets.records import Counts, Listing, Record
from reidzoo.registry import DATASETS

#: by a detector (as deployed systems have them) or by hand
BOXES = ("detected", "labeled")

COUNTS = {
    "detected": {"train": Counts(7_365, 767), "query": Counts(1_400, 700), "gallery": Counts(5_332, 700)},
    "labeled": {"train": Counts(7_368, 767), "query": Counts(1_400, 700), "gallery": Counts(5_328, 700)},
}


@DATASETS.register
class CUHK03NP(ReIDDataset):
    """CUHK03 in the new protocol: 2 cameras, 767 training and 700 test identities.

    Reads the layout repacked like Market-1501 (``detected/bounding_box_train/*.png``), or the original
    ``cuhk-03.mat`` beside ``cuhk03_new_protocol_config_{detected,labeled}.mat``. Images of the .mat file are
    written to ``images_detected`` or ``images_labeled`` beside it once: everything downstream (pictures,
    workers, GANs) works on files, and an HDF5 handle does not survive a fork. Items as in :class:`ReIDDataset`.

    Args:
        root: the folder that holds the above, or the folder around it.
        split: ``train``, ``val`` or ``test``.
        transforms: configs from shelf TRANSFORMS.
        val_identities: training identities held out for ``val``.
        cameras: camera ids from 0, only whose images are read; None for all.
        share: of each identity's training images, how many are kept, above 0 and at most 1.
        boxes: ``detected`` or ``labeled``.
    """

    NESTED: ClassVar = ("cuhk03-np", "CUHK03-NP", "cuhk03")
    NAME: ClassVar = re.compile(r"((?!0000)\d{4})_c([12])_(\d+)\.png")
    EXPECTED: ClassVar = "such as 0001_c1_1.png"

    def __init__(
        self,
        root: str,
        split: str = "train",
        transforms: Sequence[dict[str, Any]] = (),
        val_identities: int = 0,
        cameras: Sequence[int] | None = None,
        share: float = 1.0,
        boxes: str = "detected",
    ):
        if boxes not in BOXES:
            raise UserError(f"CUHK03NP knows no boxes '{boxes}', {nearest(boxes, BOXES)}")
        self.boxes = boxes
        super().__init__(root, split, transforms, val_identities, cameras, share)

    @property
    def options(self) -> dict[str, Any]:
        return {"boxes": self.boxes}

    @property
    def title(self) -> str:
        return f"CUHK03NP {self.boxes}"

    @classmethod
    def parse(cls, name: str) -> tuple[int, int] | None:
        """Pid and camid (from 0) of a base name of the repacked layout, such as ``0001_c1_1.png``, or None."""
        match = cls.NAME.fullmatch(name)
        return (int(match[1]), int(match[2]) - 1) if match else None

    @classmethod
    def list_part(cls, root: Path, part: str, boxes: str = "detected") -> Listing:
        repacked = find_home(root, cls.NESTED, f"{boxes}/{MARKET_FOLDERS['train']}")
        if repacked is not None:
            return list_folder(repacked / boxes / MARKET_FOLDERS[part], part, cls.parse, cls.EXPECTED)
        original = find_home(root, cls.NESTED, cuhk03_mat.config_name(boxes))
        if original is None:
            markers = f"'{boxes}/{MARKET_FOLDERS['train']}' or '{cuhk03_mat.config_name(boxes)}'"
            raise UserError(
                f"CUHK03NP expects {markers} in '{root}' "
                f"or in its sub-folder {' or '.join(map(repr, cls.NESTED))}: point `root` to the folder as unpacked"
            )
        images = cuhk03_mat.extracted(original, boxes)
        present = {path.name for path in image_files(images)}
        records, absent = [], []
        for row in cuhk03_mat.read_part(original, part, boxes):
            if row.name in present:
                records.append(Record(images / row.name, row.pid, row.camid, is_query=part == "query"))
            else:
                absent.append(images / row.name)
        return Listing(sorted(records), absent=sorted(absent))

    @classmethod
    def expected_counts(cls, root: Path, boxes: str = "detected") -> dict[str, Counts]:
        return COUNTS[boxes]

    @classmethod
    def variants(cls, root: Path) -> list[dict[str, Any]]:
        return [
            {"boxes": boxes}
            for boxes in BOXES
            if find_home(root, cls.NESTED, f"{boxes}/{MARKET_FOLDERS['train']}")
            or find_home(root, cls.NESTED, cuhk03_mat.config_name(boxes))
        ]

    @classmethod
    def recognises(cls, root: Path) -> bool:
        return bool(cls.variants(root))
