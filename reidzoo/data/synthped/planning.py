"""Who is photographed where: sizes, splits, cameras' visitors and file names, before anything is drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from reidzoo.base.labels import DISTRACTOR_PID, JUNK_PID
from reidzoo.data.synthped.domain import Domain, find_domain

TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
STRANGERS = 100_000
"""Numbers of people who are nobody's identity start here: company, unknown pedestrians."""
FRAME_STEP = 40


@dataclass(frozen=True)
class Size:
    """How much is rendered; ``cameras_seen`` and ``shots`` are inclusive ranges for an identity and a camera."""

    code: int
    train_ids: int
    test_ids: int
    cameras: int
    cameras_seen: tuple[int, int]
    shots: tuple[int, int]
    distractors: int
    junk: int


SIZES = {
    "tiny": Size(1, train_ids=12, test_ids=8, cameras=3, cameras_seen=(2, 3), shots=(3, 4), distractors=10, junk=6),
    "default": Size(
        2, train_ids=300, test_ids=150, cameras=6, cameras_seen=(3, 5), shots=(2, 3), distractors=500, junk=400
    ),
    "large": Size(
        3, train_ids=1400, test_ids=100, cameras=6, cameras_seen=(3, 4), shots=(2, 3), distractors=150, junk=50
    ),
}


@dataclass(frozen=True)
class Order:
    """One picture to be taken: ``pid`` as in the file name, ``subject`` whom it really shows."""

    index: int
    folder: str
    name: str
    pid: int
    subject: int
    camid: int


CAMERA, SCENE, PERSON, PICTURE, PLAN = range(5)
"""Topics of :meth:`World.random`."""


@dataclass(frozen=True)
class World:
    """Everything is a pure function of these three and of an order's index."""

    seed: int
    domain_name: str
    size: str

    @property
    def domain(self) -> Domain:
        return find_domain(self.domain_name)

    def random(self, topic: int, index: int) -> np.random.Generator:
        """The generator of one camera, scene, person or picture; no two share a stream."""
        return np.random.default_rng([self.seed, self.domain.code, SIZES[self.size].code, topic, index])


class _Frames:
    """Hands out file names; frame numbers grow within a camera, so no name comes twice."""

    def __init__(self, rng: np.random.Generator):
        self._rng = rng
        self._last: Counter[int] = Counter()

    def name(self, pid: int, camid: int, box: int) -> str:
        self._last[camid] += int(self._rng.integers(3, FRAME_STEP))
        frame = self._last[camid]
        person = "-1" if pid == JUNK_PID else f"{pid:04d}"
        return f"{person}_c{camid + 1}s{frame // 20_000 + 1}_{frame:06d}_{box:02d}.jpg"


def split_identities(world: World) -> tuple[list[int], list[int]]:
    """Training and test pids, disjoint, interleaved like Market-1501's, each sorted."""
    size = SIZES[world.size]
    pids = world.random(PLAN, 0).permutation(size.train_ids + size.test_ids) + 1
    return sorted(pids[: size.train_ids].tolist()), sorted(pids[size.train_ids :].tolist())


def plan(world: World) -> list[Order]:
    """Every picture of the benchmark in the order in which people walk through it.

    Each test identity has, in every camera that sees it, one query and at least one gallery image; it is seen by
    at least two cameras, so every query has a match in another camera.
    """
    size = SIZES[world.size]
    rng = world.random(PLAN, 1)
    frames = _Frames(rng)
    orders: list[Order] = []

    def take(folder: str, pid: int, subject: int, camid: int, box: int = 1) -> None:
        orders.append(Order(len(orders), folder, frames.name(pid, camid, box), pid, subject, camid))

    train, test = split_identities(world)
    for pid in sorted(train + test):
        seen_by = rng.integers(size.cameras_seen[0], size.cameras_seen[1] + 1)
        for camid in sorted(rng.permutation(size.cameras)[:seen_by].tolist()):
            shots = int(rng.integers(size.shots[0], size.shots[1] + 1))
            if pid in train:
                for _ in range(shots):
                    take(TRAIN, pid, pid, camid)
            else:
                take(QUERY, pid, pid, camid, box=0)
                for _ in range(shots):
                    take(GALLERY, pid, pid, camid)
    for number in range(size.distractors):
        take(GALLERY, DISTRACTOR_PID, STRANGERS + number, int(rng.integers(size.cameras)))
    for _ in range(size.junk):
        take(GALLERY, JUNK_PID, int(rng.choice(test)), int(rng.integers(size.cameras)))
    return orders
