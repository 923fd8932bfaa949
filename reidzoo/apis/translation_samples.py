"""A few training images, always the same ones, and what a translation makes of them in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.epoch_pictures import Rows
from reidzoo.apis.generator_samples import (
    GeneratorSamples,
    Measurements,
    grey_levels,
    people_of,
    require_finite,
    spread_over,
)
from reidzoo.apis.trained_data import domains, resizing
from reidzoo.apis.translation_grids import COLUMNS, translated_rows
from reidzoo.apis.translator import REFUSAL
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.methods.translation import DIRECTIONS, TranslationMethod
from reidzoo.registry import DATASETS
from reidzoo.zoo.metafiles import REID_ON_TRANSLATED, TRANSLATION

COUNT = 6
#: mean grey levels by which a translation changes an image at least
LEAST_CHANGE = 1.0


@dataclass(frozen=True)
class Samples:
    """Images of one domain.

    Attributes:
        name: of the data set.
        images: N x 3 x H x W uint8 RGB, of the size that the networks were trained on, changed in no other way.
        people: names of data sets whose persons they show; empty where these were rendered.
    """

    name: str
    images: Tensor
    people: list[str]


class TranslationSamples(GeneratorSamples):
    """Training images of both domains, translated and back; see :class:`GeneratorSamples`."""

    kind = TranslationMethod
    refusal = REFUSAL
    images = "translated images"
    task = TRANSLATION
    learnt = REID_ON_TRANSLATED
    column_titles = COLUMNS

    def __init__(self, cfg: Config):
        self.samples = samples_of(cfg)
        self.people = [name for each in self.samples.values() for name in each.people]

    def drawn(self, method: TranslationMethod) -> list[Tensor]:
        return [drawn(method, each.images, direction) for direction, each in self.samples.items()]

    def figures(self, method: TranslationMethod) -> list[dict[str, Any]]:
        return figures_of(method, self.samples)

    def rows(self, method: TranslationMethod) -> Rows:
        return translated_rows(method, *(each.images for each in self.samples.values()))

    def require_measured(self, config: str, measured: Measurements, where: str) -> None:
        if not measured.recipes:
            raise UserError(
                f"no row is of {where} with stages that end with '{config}' and a re-ID config, so nobody knows what "
                "it is good for: fill a table that has it with tools/run_table.py"
            )


def samples_of(cfg: Config, count: int = COUNT) -> dict[str, Samples]:
    """For each direction training images of the domain that it starts from, spread evenly over its identities.

    Args:
        cfg: of a translation.
        count: of identities, one image each, at most.

    Raises:
        UserError: the data cannot be read, or the config has no source and target.
    """
    return {direction: _samples(domains(cfg, direction)[0], count) for direction in DIRECTIONS}


def drawn(method: TranslationMethod, images: Tensor, direction: str, *, there_and_back: bool = False) -> Tensor:
    """``images`` translated, or also translated back, B x 3 x H x W uint8; the same numbers for a stochastic method."""
    draw = method.reconstruct if there_and_back else method.translate
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return draw(images, direction)


def figures_of(method: TranslationMethod, samples: dict[str, Samples]) -> list[dict[str, Any]]:
    """What ``method`` (on the CPU) makes of the samples, one entry a direction, as grey levels of 0 to 255.

    Returns:
        ``{data, metrics}``: which images in which direction, and ``mean_red``, ``mean_green``, ``mean_blue`` of the
        translated images, ``change`` (mean absolute difference between an image and its translation) and
        ``cycle_error`` (the same between an image and its reconstruction).

    Raises:
        UserError: it draws what is not finite, or what hardly differs from the source.
    """
    return [
        {
            "data": f"{each.name}, {len(each.images)} images, {direction}",
            "metrics": _figures(method, each.images, direction),
        }
        for direction, each in samples.items()
    ]


def _samples(side: dict[str, Any], count: int) -> Samples:
    content = {**side, "split": "train", "transforms": resizing(side.get("transforms", ()))}
    dataset: ReIDDataset = DATASETS.build(content)
    rows = spread_over([record.pid for record in dataset.records], count)
    images = [dataset.sample(row, np.random.default_rng(0))["images"] for row in rows]
    return Samples(dataset.metainfo["name"], torch.stack(images), people_of(dataset))


def _figures(method: TranslationMethod, images: Tensor, direction: str) -> dict[str, float]:
    with torch.no_grad():
        drawn_raw = method(method.data_preprocessor({"images": images})["images"], direction)
        require_finite(method, drawn_raw, f" in the direction {direction}")
    translated = drawn(method, images, direction).double()
    back = drawn(method, images, direction, there_and_back=True).double()
    change = (translated - images).abs().mean().item()
    if change < LEAST_CHANGE:
        raise UserError(
            f"{type(method).__name__} translates nothing in the direction {direction}: images change by "
            f"{change:.2f} of 255 grey levels on average, expected at least {LEAST_CHANGE}: train it for longer"
        )
    return grey_levels(translated, change=change, cycle_error=(back - images).abs().mean().item())
