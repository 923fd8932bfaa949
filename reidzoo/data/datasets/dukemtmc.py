"""DukeMTMC-reID: Ristani et al., ECCV-W 2016 (the videos); Zheng et al., ICCV 2017 (the re-ID split).

Its makers withdrew the data in 2019. It can be read where somebody still has it; it is neither shipped nor
downloaded, and every result on it carries the words "withdrawn data".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.listing import MARKET_FOLDERS, find_home, home, list_folder, market_layout_parses
from reidzoo.data.datasets.records import Counts, Listing
from reidzoo.registry import DATASETS


@DATASETS.register
class DukeMTMCreID(ReIDDataset):
    """DukeMTMC-reID: 8 cameras, 702 training and 702 query identities (withdrawn data).

    Its 408 distractor identities have ordinary numbers; there is no junk. Arguments and items as in
    :class:`ReIDDataset`.

    Args:
        root: the folder with ``bounding_box_train``, ``query`` and ``bounding_box_test``, or the folder around it.
        split: ``train``, ``val`` or ``test``.
        transforms: configs from shelf TRANSFORMS.
        val_identities: training identities held out for ``val``.
        cameras: camera ids from 0, only whose images are read; None for all.
        share: of each identity's training images, how many are kept, above 0 and at most 1.
    """

    published = {"train": Counts(16_522, 702), "query": Counts(2_228, 702), "gallery": Counts(17_661, 1_110)}

    NESTED: ClassVar = ("DukeMTMC-reID", "dukemtmc-reid/DukeMTMC-reID", "dukemtmcreid/DukeMTMC-reID")
    NAME: ClassVar = re.compile(r"((?!0000)\d{4})_c([1-8])_f(\d{7})\.jpg")
    EXPECTED: ClassVar = "such as 0001_c2_f0046182.jpg"

    @property
    def title(self) -> str:
        return "DukeMTMCreID (withdrawn data)"

    @classmethod
    def parse(cls, name: str) -> tuple[int, int] | None:
        """Pid and camid (from 0) of a base name such as ``0001_c2_f0046182.jpg``, or None."""
        match = cls.NAME.fullmatch(name)
        return (int(match[1]), int(match[2]) - 1) if match else None

    @classmethod
    def list_part(cls, root: Path, part: str) -> Listing:
        folder = home(root, cls.NESTED, MARKET_FOLDERS["train"], cls.__name__) / MARKET_FOLDERS[part]
        return list_folder(folder, part, cls.parse, cls.EXPECTED)

    @classmethod
    def recognises(cls, root: Path) -> bool:
        return market_layout_parses(find_home(root, cls.NESTED, MARKET_FOLDERS["train"]), cls.parse)
