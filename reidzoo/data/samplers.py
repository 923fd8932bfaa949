"""Which images make an epoch, in which order, on which process.

Every sampler computes the whole epoch's order from (seed, epoch) alike on all processes and then takes
its own share, so the shares never overlap and all processes run the same number of steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.draw import Draw
from reidzoo.registry import SAMPLERS


class EpochSampler(Sampler):
    """Base of the training samplers: keeps seed and epoch, deals the epoch's draws to the processes.

    Args:
        dataset: a :class:`ReIDDataset`; given by the Runner.
        seed: of the order and of the augmentation; given by the Runner. None asks for one that all processes share.
    """

    def __init__(self, dataset: ReIDDataset, seed: int | None = None):
        self.dataset = dataset
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        self.rank, self.world_size = get_dist_info()

    def set_epoch(self, epoch: int) -> None:
        """Called by the Runner before each epoch."""
        self.epoch = epoch

    def order(self, rng: np.random.Generator) -> list[Draw]:
        """The epoch's draws for all processes together."""
        raise UserError(f"{type(self).__name__} does not say its order: implement order(rng)")

    def __iter__(self) -> Iterator[Draw]:
        draws = self.order(np.random.default_rng([self.seed, self.epoch]))
        return iter(draws[self.rank :: self.world_size])

    def draw(self, index: int, repeat: int = 0) -> Draw:
        """The draw of one image in the current epoch."""
        return Draw(int(index), self.seed, self.epoch, repeat)


@SAMPLERS.register
class ShuffleSampler(EpochSampler):
    """Every image once an epoch, in a new order; the last few are dropped when processes would differ in number.

    Args:
        dataset: the training data set, given by the Runner.
        seed: given by the Runner.
    """

    def order(self, rng: np.random.Generator) -> list[Draw]:
        return [self.draw(index) for index in rng.permutation(len(self.dataset))[: len(self) * self.world_size]]

    def __len__(self) -> int:
        return len(self.dataset) // self.world_size


@SAMPLERS.register
class IdentitySampler(EpochSampler):
    """P x K batches: P identities with K images each (Hermans et al., arXiv:1703.07737, section 2).

    The batch size of the loader must be P x K. Identities go round in a new order each epoch; an identity
    with fewer than K images is drawn with repetition (each repetition augmented anew). An epoch has as many
    batches as the images of the set fill. With several processes each batch of every process is P x K of its
    own identities.

    Args:
        dataset: the training data set, given by the Runner.
        images_per_pid: K.
        pids_per_batch: P on each process.
        seed: given by the Runner.

    Raises:
        UserError: an identity with a single image (it has no positive), or fewer identities than all
            processes together ask for.
    """

    smoke: ClassVar = {"images_per_pid": 2, "pids_per_batch": 2}

    def __init__(
        self, dataset: ReIDDataset, images_per_pid: int = 4, pids_per_batch: int = 16, seed: int | None = None
    ):
        super().__init__(dataset, seed)
        self.images_per_pid, self.pids_per_batch = images_per_pid, pids_per_batch
        self.images: dict[int, list[int]] = {}
        for index, record in enumerate(dataset.records):
            self.images.setdefault(record.pid, []).append(index)
        single = sorted(pid for pid, images in self.images.items() if len(images) < 2)
        if single and images_per_pid > 1:
            raise UserError(
                f"{len(single)} identities have one image only and therefore no positive (first: "
                f"{', '.join(map(str, single[:5]))}): remove them or use ShuffleSampler"
            )
        wanted = pids_per_batch * self.world_size
        if len(self.images) < wanted:
            raise UserError(
                f"P x K = {pids_per_batch} x {images_per_pid} on {self.world_size} process(es) needs {wanted} "
                f"identities, the data set has {len(self.images)}: lower train_dataloader.batch_size, which is P x K, "
                "and pids_per_batch where the config sets it"
            )

    def __len__(self) -> int:
        batch = self.pids_per_batch * self.images_per_pid
        return max(len(self.dataset) // (batch * self.world_size), 1) * batch

    def order(self, rng: np.random.Generator) -> list[Draw]:
        """All processes' draws, dealt so that ``draws[rank::world_size]`` is a sequence of whole P x K batches."""
        batches_per_process = len(self) // (self.pids_per_batch * self.images_per_pid)
        pids = sorted(self.images)
        queue: list[int] = []
        drawn = dict.fromkeys(pids, 0)
        shares: list[list[Draw]] = [[] for _ in range(self.world_size)]
        for _ in range(batches_per_process):
            wanted = self.pids_per_batch * self.world_size
            if len(queue) < wanted:  # identities left over come first, so none is starved; none twice in one batch
                rest = [pid for pid in rng.permutation(pids).tolist() if pid not in queue]
                queue += rest
            chosen, queue = queue[:wanted], queue[wanted:]
            for position, pid in enumerate(chosen):
                shares[position // self.pids_per_batch] += self._images_of(pid, drawn[pid], rng)
                drawn[pid] += 1
        return [draw for row in zip(*shares, strict=True) for draw in row]

    def _images_of(self, pid: int, turn: int, rng: np.random.Generator) -> list[Draw]:
        images = rng.permutation(self.images[pid]).tolist()
        K = self.images_per_pid
        return [self.draw(images[k % len(images)], turn * K + k // len(images)) for k in range(K)]
