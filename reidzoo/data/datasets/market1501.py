"""Market-1501: Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.listing import MARKET_FOLDERS, find_home, home, list_folder, market_layout_parses
from reidzoo.data.datasets.records import Counts, Listing
from reidzoo.registry import DATASETS


@DATASETS.register
class Market1501(ReIDDataset):
    """Market-1501: 6 cameras, 751 training and 750 test identities.

    Junk images (pid -1) and distractors (pid 0) stay in the test split, where the evaluator knows what to do
    with them; in training and query folders they are refused. Arguments and items as in :class:`ReIDDataset`.

    Args:
        root: the folder with ``bounding_box_train``, ``query`` and ``bounding_box_test``, or the folder around it.
        split: ``train``, ``val`` or ``test``.
        transforms: configs from shelf TRANSFORMS.
        val_identities: training identities held out for ``val``.
        cameras: camera ids from 0, only whose images are read; None for all.
        share: of each identity's training images, how many are kept, above 0 and at most 1.
    """

    published = {"train": Counts(12_936, 751), "query": Counts(3_368, 750), "gallery": Counts(19_732, 750)}

    NESTED: ClassVar = ("Market-1501-v15.09.15", "market1501/Market-1501-v15.09.15", "market1501")
    NAME: ClassVar = re.compile(r"(-1|\d{4})_c([1-6])s(\d)_(\d{6})_(\d{2})\.jpg")
    EXPECTED: ClassVar = "such as 0002_c1s1_000451_03.jpg; -1 and 0000 in bounding_box_test only"

    @classmethod
    def parse(cls, name: str) -> tuple[int, int] | None:
        """Pid and camid (from 0) of a base name such as ``0002_c1s1_000451_03.jpg``, or None."""
        match = cls.NAME.fullmatch(name)
        return (int(match[1]), int(match[2]) - 1) if match else None

    @classmethod
    def parse_person(cls, name: str) -> tuple[int, int] | None:
        """As :meth:`parse`, and None for junk and distractors."""
        numbers = cls.parse(name)
        return numbers if numbers and numbers[0] > 0 else None

    @classmethod
    def list_part(cls, root: Path, part: str) -> Listing:
        folder = home(root, cls.NESTED, MARKET_FOLDERS["train"], cls.__name__) / MARKET_FOLDERS[part]
        return list_folder(folder, part, cls.parse if part == "gallery" else cls.parse_person, cls.EXPECTED)

    @classmethod
    def recognises(cls, root: Path) -> bool:
        return market_layout_parses(find_home(root, cls.NESTED, MARKET_FOLDERS["train"]), cls.parse)
