"""The identity of one draw of one image: all its randomness follows from it.

MMEngine seeds each worker with the same number at every epoch, so the same augmentations come back, and
they change with the number of workers. Here the sampler hands out :class:`Draw` rows instead of plain
indices, and augmentation is a function of the row alone: epochs differ, workers do not matter, and a
resumed run draws what the uninterrupted one would have drawn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Draw(NamedTuple):
    """Which image, and which seed, epoch and repetition within the epoch it is drawn for."""

    index: int
    seed: int = 0
    epoch: int = 0
    repeat: int = 0

    def generator(self) -> np.random.Generator:
        """A generator that depends on all four numbers and on nothing else."""
        return np.random.default_rng([self.seed, self.epoch, self.index, self.repeat])
