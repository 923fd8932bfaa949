"""MSMT17: Wei et al., Person Transfer GAN to Bridge Domain Gap for Person Re-identification, CVPR 2018."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.records import Counts, Listing, Record
from reidzoo.registry import DATASETS

#: version -> its usual folder, and its image folders for training and test (in V2 faces are masked)
VERSIONS = {
    "V1": ("MSMT17_V1", {"train": "train", "test": "test"}),
    "V2": ("MSMT17_V2", {"train": "mask_train_v2", "test": "mask_test_v2"}),
}


@DATASETS.register
class MSMT17(ReIDDataset):
    """MSMT17, version 1 or 2: 15 cameras, 1,041 training and 3,060 test identities.

    Its folders count training and test persons from 0 each. Number 0 means "distractor" in this library, so
    a training person keeps its number plus 1, and test persons go on after the last training person.

    Results depend on the version and on whether ``list_val`` was trained on; both stand in the name of the set.
    Items as in :class:`ReIDDataset`.

    Args:
        root: ``MSMT17_V1`` or ``MSMT17_V2``, or the folder around one of them.
        split: ``train``, ``val`` or ``test``.
        transforms: configs from shelf TRANSFORMS.
        val_identities: training identities held out for ``val``.
        cameras: camera ids from 0, only whose images are read; None for all.
        share: of each identity's training images, how many are kept, above 0 and at most 1.
        with_val: train on ``list_train`` and ``list_val`` (TransReID, CLIP-ReID, OpenUnReID) instead of
            ``list_train`` alone (torchreid, fast-reid).

    Raises:
        UserError: both versions lie under ``root``, or a list names images that are absent.
    """

    NAME: ClassVar = re.compile(r"(\d{4})_(\d{3})_(\d{2})_(\d{4}(?:morning|noon|afternoon))_(\d{4})_(\d)(?:_ex)?\.jpg")
    EXPECTED: ClassVar = "lines such as '0000/0000_000_01_0303morning_0015_0.jpg 0', cameras 01 to 15"
    CAMERAS: ClassVar = 15

    def __init__(
        self,
        root: str,
        split: str = "train",
        transforms: Sequence[dict[str, Any]] = (),
        val_identities: int = 0,
        cameras: Sequence[int] | None = None,
        share: float = 1.0,
        with_val: bool = False,
    ):
        self.with_val = with_val
        super().__init__(root, split, transforms, val_identities, cameras, share)

    @property
    def options(self) -> dict[str, Any]:
        return {"with_val": self.with_val}

    @property
    def title(self) -> str:
        _, version = self.locate(self.root)
        return f"MSMT17 {version}{' train+val' if self.with_val else ''}"

    @classmethod
    def candidates(cls, root: Path) -> list[tuple[Path, str]]:
        """Every (folder, version) at or right under ``root``."""
        found = []
        for version, (usual, folders) in VERSIONS.items():
            for place in (root, root / usual, root / "msmt17" / usual):
                if (place / "list_train.txt").is_file() and (place / folders["train"]).is_dir():
                    found.append((place, version))
        return found

    @classmethod
    def locate(cls, root: Path) -> tuple[Path, str]:
        """The folder and its version, ``V1`` or ``V2``."""
        found = cls.candidates(root)
        if not found:
            raise UserError(
                f"MSMT17 expects list_train.txt beside 'train' (V1) or 'mask_train_v2' (V2) in '{root}' or in its "
                "sub-folder MSMT17_V1 or MSMT17_V2: point `root` there"
            )
        if len(found) > 1:
            places = " and ".join(f"{version} ('{place}')" for place, version in found)
            raise UserError(f"MSMT17 finds {places}, whose results cannot be compared: point `root` to one of them")
        return found[0]

    @classmethod
    def parse(cls, name: str) -> tuple[int, int] | None:
        """The folder's own person number (from 0) and camid (from 0) of a base name, or None."""
        match = cls.NAME.fullmatch(name)
        if match is None or not 1 <= int(match[3]) <= cls.CAMERAS:
            return None
        return int(match[1]), int(match[3]) - 1

    @classmethod
    def list_part(cls, root: Path, part: str, with_val: bool = False) -> Listing:
        folder, version = cls.locate(root)
        training = ["list_train.txt", *(["list_val.txt"] if with_val else [])]
        lists = {"train": training, "query": ["list_query.txt"], "gallery": ["list_gallery.txt"]}[part]
        images = folder / VERSIONS[version][1]["train" if part == "train" else "test"]
        offset = 1 if part == "train" else 1 + cls.training_persons(folder)
        records, unparsed, absent = [], [], []
        for line in (line for name in lists for line in read_lines(folder / name)):
            file, _, number = line.rpartition(" ")
            path = images / file
            numbers = cls.parse(path.name)
            if numbers is None or not number.isdecimal():
                unparsed.append(images / line)
            elif not path.is_file():
                absent.append(path)
            else:  # the list is the authority for the person, the base name for the camera
                records.append(Record(path, int(number) + offset, numbers[1], is_query=part == "query"))
        return Listing(sorted(records), sorted(unparsed), sorted(absent), expected=cls.EXPECTED)

    @classmethod
    def training_persons(cls, folder: Path) -> int:
        """How many numbers the training folder uses: 1,041 whichever lists are trained on."""
        lists = [name for name in ("list_train.txt", "list_val.txt") if (folder / name).is_file()]
        numbers = [line.rpartition(" ")[2] for name in lists for line in read_lines(folder / name)]
        return 1 + max((int(number) for number in numbers if number.isdecimal()), default=-1)

    @classmethod
    def expected_counts(cls, root: Path, with_val: bool = False) -> dict[str, Counts]:
        counts = {"query": Counts(11_659, 3_060), "gallery": Counts(82_161, 3_060)}
        # of list_train alone no source that we have read states the count
        return {"train": Counts(32_621, 1_041), **counts} if with_val else counts

    @classmethod
    def variants(cls, root: Path) -> list[dict[str, Any]]:
        folder, _ = cls.locate(root)
        return [{"with_val": (folder / "list_val.txt").is_file()}]

    @classmethod
    def recognises(cls, root: Path) -> bool:
        return bool(cls.candidates(root))


def read_lines(path: Path) -> list[str]:
    """The lines of a list file that are not empty.

    Raises:
        UserError: there is no such file.
    """
    if not path.is_file():
        raise UserError(f"expected the list file '{path}', which does not exist: is the data set complete?")
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
