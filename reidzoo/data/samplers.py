"""Which images make an epoch, in which order, on which process.

Every sampler computes the whole epoch's order from (seed, epoch) alike on all processes and then takes
its own share, so the shares never overlap and all processes run the same number of steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from reidzoo.base.errors import UserError
from reidzoo.base.labels import UNLABELLED_PID
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.real_and_generated import RealAndGenerated
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
        UserError: an identity with a single image (it has no positive), fewer identities than all
            processes together ask for, a data set without a table of identities, or with images that show nobody.
    """

    smoke: ClassVar = {"images_per_pid": 2, "pids_per_batch": 2}

    def __init__(
        self, dataset: ReIDDataset, images_per_pid: int = 4, pids_per_batch: int = 16, seed: int | None = None
    ):
        super().__init__(dataset, seed)
        self.images_per_pid, self.pids_per_batch = images_per_pid, pids_per_batch
        self.images: dict[int, list[int]] = {}
        if not hasattr(dataset, "records"):
            raise UserError(
                f"IdentitySampler deals identities, {type(dataset).__name__} is no table of them: use ShuffleSampler"
            )
        for index, record in enumerate(dataset.records):
            self.images.setdefault(record.pid, []).append(index)
        if UNLABELLED_PID in self.images:
            raise UserError(
                f"IdentitySampler deals identities, and {len(self.images[UNLABELLED_PID]):,} generated images of the "
                "data set show nobody: use RealFakeSampler or ShuffleSampler"
            )
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


@SAMPLERS.register
class RealFakeSampler(EpochSampler):
    """Batches of so many real images, then so many generated ones (Zhong et al., CamStyle, CVPR 2018: 3 to 1).

    Of a batch, ``round(batch_size * fake / (real + fake))`` images are generated (a half goes to the even number), the
    others real. An epoch is one pass over the real images, in a new order, without those that fill no batch of all
    processes; or as many batches as the loader's ``num_batch_per_epoch``, if these are fewer. The generated ones are a
    stream of their own that never ends: it goes on where the epoch before stopped, and when all have been dealt they
    are shuffled anew. With several processes no image is dealt to two of them in one pass.

    Args:
        dataset: a :class:`RealAndGenerated`, given by the Runner.
        real_fake: the ratio of real to generated images, two whole numbers.
        batch_size: of each process; the tools fill in that of the loader.
        seed: given by the Runner.

    Raises:
        UserError: another data set, a ratio that leaves a batch without one kind, or fewer real images than a step of
            all processes needs.
    """

    smoke: ClassVar = {"real_fake": (1, 1), "batch_size": 4}  # two of each kind: batch normalisation needs two

    def __init__(
        self,
        dataset: RealAndGenerated,
        real_fake: Sequence[int] = (3, 1),
        batch_size: int = 64,
        seed: int | None = None,
    ):
        super().__init__(dataset, seed)
        if not (hasattr(dataset, "real") and hasattr(dataset, "generated")):  # the Runner may have wrapped it
            raise UserError(f"RealFakeSampler deals the images of RealAndGenerated, got {type(dataset).__name__}")
        if (
            not isinstance(real_fake, list | tuple)
            or len(real_fake) != 2
            or any(type(share) is not int or share < 1 for share in real_fake)
        ):
            raise UserError(
                f"real_fake is a ratio of two whole numbers of at least 1, such as (3, 1), got {real_fake!r}"
            )
        real, fake = real_fake
        self.batch_size = batch_size
        self.fakes = round(batch_size * fake / (real + fake))
        self.reals = batch_size - self.fakes
        if not 0 < self.fakes < batch_size:
            raise UserError(
                f"real_fake={tuple(real_fake)} makes {self.reals} real and {self.fakes} generated images of a batch of "
                f"{batch_size}: raise train_dataloader.batch_size, or set a ratio that leaves some of both"
            )
        if self.steps == 0:
            raise UserError(
                f"a step of {self.world_size} process(es) with {self.reals} real images each needs "
                f"{self.reals * self.world_size}, the data set has {len(dataset.real)}: lower "
                "train_dataloader.batch_size"
            )

    @property
    def steps(self) -> int:
        """How many batches each process has in an epoch."""
        real, generated = len(self.dataset.real), len(self.dataset.generated)
        steps = real // (self.reals * self.world_size)
        if len(self.dataset) < real + generated:  # cut by the Runner to num_batch_per_epoch batches
            steps = min(steps, len(self.dataset) // (self.batch_size * self.world_size))
        return steps

    def __len__(self) -> int:
        return self.steps * self.batch_size

    def order(self, rng: np.random.Generator) -> list[Draw]:
        """All processes' draws, dealt so that ``draws[rank::world_size]`` is a sequence of whole batches."""
        reals = [self.draw(index) for index in rng.permutation(len(self.dataset.real))]
        fakes = self._stream(self.steps * self.fakes * self.world_size)
        shares: list[list[Draw]] = [[] for _ in range(self.world_size)]
        for turn in range(self.steps * self.world_size):
            share = shares[turn % self.world_size]
            share += reals[turn * self.reals : (turn + 1) * self.reals]
            share += fakes[turn * self.fakes : (turn + 1) * self.fakes]
        return [draw for row in zip(*shares, strict=True) for draw in row]

    def _stream(self, length: int) -> list[Draw]:
        """The current epoch's piece of the endless stream of generated images; a function of seed and epoch alone."""
        first, total = len(self.dataset.real), len(self.dataset.generated)
        draws: list[Draw] = []
        position = self.epoch * length
        while len(draws) < length:
            turn, start = divmod(position, total)
            own = np.random.SeedSequence([self.seed, turn], spawn_key=(1,))  # not the chance that orders the real ones
            piece = np.random.default_rng(own).permutation(total)[start : start + length - len(draws)]
            draws += [self.draw(first + index, turn) for index in piece]
            position += len(piece)
        return draws
