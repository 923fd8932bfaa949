"""What publishing asks of a kind of generator: a few images, always the same ones, in figures and as a picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from reidzoo.apis.epoch_pictures import Rows
from reidzoo.apis.results import IMAGES
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.synthped import SynthPed

#: mean grey levels by which what a method is given changes what it draws at least
LEAST_CHANGE = 0.5
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
        judges: what the method's ``optimized()`` calls that which draws nothing; the published file is without it.
    """

    kind: type[BaseModel]
    refusal: str
    images: str
    task: str
    learnt: str
    column_titles: Sequence[str] = ()
    people: Sequence[str]
    judges: Sequence[str] = ()

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
        groups = method.optimized()
        members = [member for judge in self.judges for member in groups.get(judge, ())]
        return [f"{name}." for name, child in method.named_children() if any(child is member for member in members)]

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


def people_of(*datasets: ReIDDataset) -> list[str]:
    """Names of those of the data sets whose persons are real ones."""
    return [dataset.metainfo["name"] for dataset in datasets if not isinstance(dataset, SynthPed)]


def require_finite(method: BaseModel, drawn: Tensor, where: str = "") -> None:
    """Refuse a method that draws no numbers.

    Args:
        method: named in the error.
        drawn: before it is brought to bytes.
        where: of the error, such as " in the direction s2t".

    Raises:
        UserError: a value is not finite.
    """
    if not drawn.isfinite().all():
        raise UserError(f"{type(method).__name__} draws what is not finite{where}: its training has failed")


def require_change(method: BaseModel, of: str, change: float) -> None:
    """Refuse a method that draws one image, whatever it is given.

    Args:
        method: named in the error.
        of: what was changed, such as "pose".
        change: mean absolute difference that this made, in grey levels.

    Raises:
        UserError: a smaller change.
    """
    if change < LEAST_CHANGE:
        raise UserError(
            f"{type(method).__name__} draws one image whatever the {of}: another {of} changes it by {change:.2f} of "
            f"255 grey levels on average, expected at least {LEAST_CHANGE}: train it for longer"
        )


def change_along(drawn: Tensor, axis: int) -> float:
    """Mean absolute difference between neighbours along ``axis``; 0 where there are none."""
    return drawn.diff(dim=axis).abs().mean().item() if drawn.shape[axis] > 1 else 0.0


def require_judged(config: str, measured: Measurements, where: str, command: str) -> None:
    """Refuse a generator without a row on its images; arguments as of :meth:`GeneratorSamples.require_measured`.

    Args:
        config: its config file.
        measured: what is known.
        where: what the rows were looked for, in words.
        command: that judges them, without its ``--out``.

    Raises:
        UserError: rows are missing.
    """
    if not measured.judged:
        raise UserError(
            f"no row on images is of exactly these weights of '{config}' and of {where}, so nobody knows how good they "
            f"are: {command} --out model_zoo/results/{Path(config).stem}{IMAGES}.seed<N>.json"
        )


def grey_levels(images: Tensor, **figures: float) -> dict[str, float]:
    """Mean grey level of each colour of ``images`` (B x 3 x H x W), and what else there is to tell of them."""
    red, green, blue = images.double().mean((0, 2, 3)).tolist()
    figures = {"mean_red": red, "mean_green": green, "mean_blue": blue, **figures}
    return {name: round(value, 4) for name, value in figures.items()}
