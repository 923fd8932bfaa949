"""Batches of tracklets from all cameras in turn: Li, Zhu & Gong, TAUDL, ECCV 2018."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import ClassVar

import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.tracklets import Tracklets
from reidzoo.data.draw import Draw
from reidzoo.data.samplers import EpochSampler
from reidzoo.registry import SAMPLERS


@SAMPLERS.register
class TrackletSampler(EpochSampler):
    """Groups of images of one tracklet, one camera after the other (the sampler of TAUDL's released code).

    A round has one tracklet of every camera; an epoch has as many rounds as the camera with the *fewest* tracklets has,
    so that no tracklet comes twice in it, and of other cameras a random part comes. The rounds follow each other
    without a gap and are cut into batches; what fills no batch of all processes is dropped. A tracklet with fewer
    images than a group asks for is drawn with repetition, each repetition augmented anew. An epoch is cut to the
    loader's ``num_batch_per_epoch`` batches, if these are fewer.

    Args:
        dataset: a :class:`Tracklets`, given by the Runner.
        images_per_tracklet: images of a group; 4 in the released code's default.
        batch_size: of each process, a multiple of it; the tools fill in that of the loader.
        seed: given by the Runner.

    Raises:
        UserError: another data set, a batch that is no multiple of the group or has fewer than two groups, or fewer
            tracklets than a step of all processes needs.
    """

    smoke: ClassVar = {"images_per_tracklet": 2, "batch_size": 8}

    def __init__(self, dataset: Tracklets, images_per_tracklet: int = 4, batch_size: int = 64, seed: int | None = None):
        super().__init__(dataset, seed)
        if not hasattr(dataset, "tracklets_per_camera"):  # the Runner may have wrapped it
            raise UserError(
                f"TrackletSampler deals tracklets, got {type(dataset).__name__}: put the data set into Tracklets"
            )
        if images_per_tracklet < 1 or batch_size % images_per_tracklet or batch_size < 2 * images_per_tracklet:
            raise UserError(
                f"a batch is two tracklets or more with images_per_tracklet images each, got "
                f"images_per_tracklet={images_per_tracklet} and a batch of {batch_size}: make "
                "train_dataloader.batch_size a multiple of it"
            )
        self.images_per_tracklet, self.batch_size = images_per_tracklet, batch_size
        if self.steps == 0:
            tracklets = min(dataset.tracklets_per_camera) * len(dataset.tracklets_per_camera)
            raise UserError(
                f"a step of {self.world_size} process(es) with {self.groups} tracklets each needs "
                f"{self.groups * self.world_size}, an epoch of all cameras alike has {tracklets}: lower "
                "train_dataloader.batch_size"
            )

    @property
    def groups(self) -> int:
        """Tracklets in a batch of one process."""
        return self.batch_size // self.images_per_tracklet

    @property
    def steps(self) -> int:
        """How many batches each process has in an epoch."""
        cameras = self.dataset.tracklets_per_camera
        steps = min(cameras) * len(cameras) // (self.groups * self.world_size)
        if len(self.dataset) != self.dataset.num_images:  # cut by the Runner to num_batch_per_epoch batches
            steps = min(steps, len(self.dataset) // (self.batch_size * self.world_size))
        return steps

    def __len__(self) -> int:
        return self.steps * self.batch_size

    def order(self, rng: np.random.Generator) -> list[Draw]:
        """All processes' draws, dealt so that ``draws[rank::world_size]`` is a sequence of whole batches."""
        cameras = self.dataset.tracklets_per_camera
        bounds = pairwise(accumulate(cameras, initial=0))
        shuffled = [start + rng.permutation(end - start)[: min(cameras)] for start, end in bounds]
        stream = np.stack(shuffled, axis=1).ravel().tolist()  # round by round, camera by camera
        shares: list[list[Draw]] = [[] for _ in range(self.world_size)]
        for position in range(self.steps * self.groups * self.world_size):
            share = shares[position // self.groups % self.world_size]
            share += self._images_of(stream[position], rng)
        return [draw for row in zip(*shares, strict=True) for draw in row]

    def _images_of(self, tracklet: int, rng: np.random.Generator) -> list[Draw]:
        images = rng.permutation(self.dataset.rows[tracklet]).tolist()
        return [self.draw(images[k % len(images)], k // len(images)) for k in range(self.images_per_tracklet)]
