"""Two images of one person in two poses: what a network that draws people in new poses is trained and tested on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from mmengine.logging import print_log
from torch.utils.data import Dataset

from reidzoo.base.errors import UserError
from reidzoo.base.labels import DISTRACTOR_PID, JUNK_PID
from reidzoo.base.skeletons import JOINTS, MISSING, TORSO
from reidzoo.data.datasets.composing import build_reader, require_one_size
from reidzoo.data.draw import Draw
from reidzoo.data.poses.annotations import read_annotations
from reidzoo.data.poses.load_pose import LoadPose
from reidzoo.data.poses.pairs import has_torso, read_pairs
from reidzoo.registry import DATASETS


@DATASETS.register
class PosePairs(Dataset):
    """An image and another one of the same person with their poses (Ma et al., PG2, NIPS 2017).

    An image is valid when both its shoulders and both its hips are visible (Siarohin et al., CVPR 2018) and another
    valid image shows the same person; junk and distractors are nobody. An epoch has one item for each valid image, the
    source; all ordered pairs of an identity can come, because the target is drawn anew each time. From the generator of
    a :class:`Draw` three are spawned, as in :class:`reidzoo.data.datasets.unpaired.UnpairedImages`: which target, how
    the source is augmented, how the target is.

    Args:
        dataset: config of a :class:`ReIDDataset`, transforms included; they move the points along.
        annotations: file of poses (:mod:`reidzoo.data.poses.annotations`), relative to the root of ``dataset``.
        pairs: file of pairs of file names (:mod:`reidzoo.data.poses.pairs`), relative to the root of ``dataset``, or
            the pairs themselves, (source, target): the set then has these, in their order, in place of drawn ones. None
            draws.
        min_joints: visible points, 4 to 18, that an image needs to be valid; the torso is 4.

    Items are dicts of tensors: ``source_images`` and ``target_images`` uint8 3 x H x W (RGB), ``source_points`` and
    ``target_points`` float32 18 x 2, (y, x) in pixels of these images, -1 in both where missing; ``source_pids`` int64
    (a label 0..num_pids-1 in ``train``), ``source_camids`` and ``target_camids`` int64 (from 0), ``indices`` int64 (the
    item's number); with the transform ``LoadMask`` also ``target_masks`` uint8 1 x H x W (255 person, 0 rest).

    Raises:
        UserError: the annotations miss images, have no point at all or are those of images of another size; names of
            images are not unique; no pair is valid; ``pairs`` names images that are not valid.
    """

    smoke: ClassVar = {"annotations": "keypoints-train.csv", "pairs": None}  # of SynthPed

    def __init__(
        self,
        dataset: dict[str, Any],
        annotations: str,
        pairs: str | Sequence[tuple[str, str]] | None = None,
        min_joints: int = len(TORSO),
    ):
        if not len(TORSO) <= min_joints <= len(JOINTS):
            raise UserError(f"min_joints lies between {len(TORSO)} (the torso) and {len(JOINTS)}, got {min_joints}")
        self.dataset = build_reader("PosePairs", "images", dataset)
        self.min_joints = min_joints
        self.annotations = self.dataset.root / annotations
        #: 18 x 2 int64 by file name, of every image that the file of annotations names
        self.poses = read_annotations(self.annotations)
        rows = self._rows_by_name()
        #: the row of each item's source in the data set's table, and the rows from which its target is drawn
        self.items = self._drawn(rows) if pairs is None else self._listed(rows, pairs)
        self.dataset.transforms = [LoadPose(self.poses), *self.dataset.transforms]

    @property
    def metainfo(self) -> dict[str, Any]:
        """``name``, ``num_pids`` and ``num_cams`` of the data set."""
        info = self.dataset.metainfo
        return {"name": f"pairs of {info['name']}", "num_pids": info["num_pids"], "num_cams": info["num_cams"]}

    @property
    def num_images(self) -> int:
        """Images of the data set's table, valid or not."""
        return self.dataset.num_images

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        partner_rng, source_rng, target_rng = draw.generator().spawn(3)
        row, partners = self.items[draw.index]
        source = self.dataset.sample(row, source_rng)
        target = self.dataset.sample(partners[int(partner_rng.integers(len(partners)))], target_rng)
        require_one_size("PosePairs", source=source["images"], target=target["images"])
        source.pop("masks", None)  # losses and scores look at where the person shall be
        del target["pids"]  # the source's
        item = {f"source_{key}": value for key, value in source.items()}
        item |= {f"target_{key}": value for key, value in target.items()}
        return {**item, "indices": torch.tensor(draw.index)}

    def undecodable(self) -> list[Path]:
        """Every file of the table that does not decode; reads them all, so it is called after a failure only."""
        return self.dataset.undecodable()

    def _rows_by_name(self) -> dict[str, int]:
        """The row of each image of a person; images of nobody have no pose to learn from."""
        names = [record.path.name for record in self.dataset.records]
        twice = [name for name, number in Counter(names).items() if number > 1]
        if twice:
            raise UserError(
                f"PosePairs finds poses by file name, and {len(twice):,} name(s) stand for several images of "
                f"'{self.dataset.root}', first '{twice[0]}': rename them"
            )
        nobody = {JUNK_PID, DISTRACTOR_PID}
        return {name: row for row, name in enumerate(names) if self.dataset.records[row].pid not in nobody}

    def _drawn(self, rows: dict[str, int]) -> list[tuple[int, list[int]]]:
        """Each valid image with all others of its person."""
        self._refuse_missing(list(rows))
        without_torso = [name for name in rows if not has_torso(self.poses[name])]
        too_few = [name for name in rows if has_torso(self.poses[name]) and not self._is_valid(name)]
        persons: dict[int, list[int]] = defaultdict(list)
        for name, row in rows.items():
            if self._is_valid(name):
                persons[self.dataset.records[row].pid].append(row)
        items = sorted(
            (row, [other for other in shots if other != row])
            for shots in persons.values()
            if len(shots) > 1
            for row in shots
        )
        alone = sum(len(shots) == 1 for shots in persons.values())
        left_out = (
            f"{len(without_torso):,} whose shoulders and hips are not all visible, {len(too_few):,} others with fewer "
            f"than {self.min_joints} visible points, {alone:,} without another such image of their person"
        )
        if not items:
            raise UserError(
                f"PosePairs finds no two images of one person among {len(rows):,} with poses in '{self.annotations}', "
                f"it leaves out {left_out}: find better poses"
            )
        if len(items) < len(rows):
            print_log(f"PosePairs: {len(items):,} of {len(rows):,} images, without {left_out}", logger="current")
        return items

    def _listed(self, rows: dict[str, int], given: str | Sequence[tuple[str, str]]) -> list[tuple[int, list[int]]]:
        """The pairs of a file, or those given."""
        path = self.dataset.root / given if isinstance(given, str) else None
        pairs = given if path is None else read_pairs(path)
        where = "the list of pairs" if path is None else f"'{path}'"
        names = list(dict.fromkeys(name for pair in pairs for name in pair))
        unknown = [name for name in names if name not in rows]
        if unknown:
            raise UserError(
                f"{where} names {len(names):,} images, of which {_some(unknown)} are no images of persons in "
                f"the split '{self.dataset.split}' of '{self.dataset.root}': give the pairs of this split"
            )
        self._refuse_missing(names)
        bad = [name for name in names if not self._is_valid(name)]
        if bad:
            raise UserError(
                f"{where} names {_some(bad)}, without {self.min_joints} visible points, both shoulders and hips among "
                f"them, in '{self.annotations}': leave such pairs out"
            )
        return [(rows[source], [rows[target]]) for source, target in pairs]

    def _is_valid(self, name: str) -> bool:
        pose = self.poses[name]
        return has_torso(pose) and int((pose != MISSING).all(axis=1).sum()) >= self.min_joints

    def _refuse_missing(self, names: Sequence[str]) -> None:
        absent = [name for name in names if name not in self.poses]
        if absent:
            raise UserError(
                f"'{self.annotations}' has no pose of {_some(absent)} of the {len(names):,} images: find the poses of "
                "these, too (an image without a person has -1 in all places)"
            )
        if all((self.poses[name] == MISSING).all() for name in names):
            raise UserError(
                f"'{self.annotations}' has no visible point in any of the {len(names):,} images: the pose estimator "
                "found nobody, give it larger images or take another"
            )


def _some(names: Sequence[str], shown: int = 3) -> str:
    """The number of the names, and the first of them."""
    listed = ", ".join(f"'{name}'" for name in names[:shown])
    return f"{len(names):,} ({listed}{', ...' if len(names) > shown else ''})"
