"""What publishing asks of a kind of generator: a few images, always the same ones, in figures and as a picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from reidzoo.apis.epoch_pictures import Rows

#: of results, rows as they were read
Measured = list[list[dict[str, Any]]]


class Measurements(NamedTuple):
    """Rows of results that say how good a generator is, of each kind first that of exactly its weights.

    Attributes:
        judged: on its images.
        recipes: of re-ID networks that learnt from them.
        tested: of tests of the generator itself, where it is a re-ID method that draws.
    """

    judged: Measured
    recipes: Measured
    tested: Measured


class GeneratorSamples(ABC):
    """Base of what is known of a kind of generator; an object has the inputs that one config's generators are shown by.

    Args:
        cfg: of a method of this kind.

    Attributes:
        kind: what the method has to be.
        refusal: what an error says after the name of a method of another kind.
        images: what messages call that which it draws.
        task: of the results that :meth:`figures` gives (:mod:`reidzoo.zoo.metafiles`).
        learnt: task of the results of re-ID networks that learnt from its images.
        column_titles: of the picture.
        people: data sets whose persons a picture would show; empty where all of them were rendered.
    """

    kind: type[BaseModel]
    refusal: str
    images: str
    task: str
    learnt: str
    column_titles: Sequence[str] = ()
    people: Sequence[str]

    @abstractmethod
    def __init__(self, cfg: Config): ...

    @abstractmethod
    def drawn(self, method: BaseModel) -> list[Tensor]:
        """What ``method`` draws, batches B x 3 x H x W uint8 RGB; the same numbers whenever it is called."""

    @abstractmethod
    def figures(self, method: BaseModel) -> list[dict[str, Any]]:
        """``{data, metrics}`` of what ``method`` (on the CPU) draws, as grey levels of 0 to 255.

        Raises:
            UserError: it draws what is of no use.
        """

    @abstractmethod
    def rows(self, method: BaseModel) -> Rows:
        """The picture's rows of H x W x 3 uint8 images."""

    @abstractmethod
    def require_measured(self, config: str, measured: Measurements, where: str) -> None:
        """Refuse a generator of which nobody knows how good it is.

        Args:
            config: its config file.
            measured: what is known (:func:`reidzoo.apis.publishing_measurements.measurements`).
            where: what the rows were looked for, in words: ``seed 0 in 'model_zoo/results'``.

        Raises:
            UserError: rows are missing; names the command that makes them.
        """

    def unneeded(self, method: BaseModel) -> list[str]:
        """How the names of weights begin that drawing does not need, so that the published file is without them."""
        return []

    def difference(self, one: BaseModel, other: BaseModel) -> int:
        """The largest difference between any two values that both draw, in grey levels."""
        pairs = zip(self.drawn(one), self.drawn(other), strict=True)
        return max(int((left.int() - right.int()).abs().max()) for left, right in pairs)


def spread_over(pids: Sequence[int], count: int) -> list[int]:
    """Rows of different identities, spread evenly over these; not the first of each, which are of the first cameras.

    Args:
        pids: the identity of each row.
        count: of identities, one row each, at most.
    """
    rows: dict[int, list[int]] = {}
    for row, pid in enumerate(pids):
        rows.setdefault(pid, []).append(row)
    known = sorted(rows)
    chosen = np.unique(np.linspace(0, len(known) - 1, count).round().astype(int))
    return [rows[known[place]][turn % len(rows[known[place]])] for turn, place in enumerate(chosen)]


def names_of(method: BaseModel, group: str) -> list[str]:
    """How the names of the weights begin that ``method`` updates as ``group``; empty where it has no such group."""
    members = method.optimized().get(group, [])
    return [f"{name}." for name, child in method.named_children() if any(child is member for member in members)]
