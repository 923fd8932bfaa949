"""A few training images, always the same ones, in the structures of others, and what they look like in figures."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.drawing import read_rows
from reidzoo.apis.epoch_pictures import Rows
from reidzoo.apis.generator_samples import (
    GeneratorSamples,
    Measurements,
    change_along,
    grey_levels,
    people_of,
    require_change,
    require_finite,
    spread_over,
)
from reidzoo.apis.swap_grids import swap_all, swapped_rows
from reidzoo.apis.swapping import REFUSAL, swappable
from reidzoo.apis.trained_data import swap_images
from reidzoo.base.errors import UserError
from reidzoo.methods.swapping import SwapMethod
from reidzoo.zoo.metafiles import REID_WITH_SWAPPED, SWAPPING

COUNT = 6


class SwapSamples(GeneratorSamples):
    """Training images of different persons, half of them in the structures of the other half; see the base.

    Images have the size that the networks were trained on and are changed in no other way. The published file is
    without the discriminator, which draws nothing; the re-ID network that gives the appearance is in it.

    Raises:
        UserError: the data cannot be read.
    """

    kind = SwapMethod
    refusal = REFUSAL
    images = "swapped images"
    task = SWAPPING
    learnt = REID_WITH_SWAPPED
    judges = ("discriminator",)

    def __init__(self, cfg: Config):
        dataset = swappable(cfg, swap_images(cfg)["root"])
        self.name = dataset.metainfo["name"]
        self.people = people_of(dataset)
        rows = spread_over([record.pid for record in dataset.records], 2 * COUNT)
        self.appearance, self.structure = read_rows(dataset, rows[::2]), read_rows(dataset, rows[1::2] or rows)

    def drawn(self, method: SwapMethod) -> list[Tensor]:
        swapped = torch.from_numpy(swap_all(method, self.appearance, self.structure))
        return [row.permute(0, 3, 1, 2) for row in swapped]

    def figures(self, method: SwapMethod) -> list[dict[str, Any]]:
        """One entry: mean of each colour; mean absolute differences, ``appearance_change`` between what two persons
        wear in one structure, ``structure_change`` between two structures of one appearance, and ``self_error``
        between an image and itself drawn again."""
        with torch.no_grad():
            images = method.data_preprocessor({"images": self.structure})["images"]
            require_finite(method, method.draw(images, images))
        drawn = torch.stack(self.drawn(method)).double()  # appearances x structures x 3 x H x W
        changes = {"appearance": change_along(drawn, 0), "structure": change_along(drawn, 1)}
        for of, change in changes.items():
            require_change(method, of, change)
        again = method.swap(self.structure, self.structure).double()
        metrics = grey_levels(
            drawn.flatten(0, 1),
            **{f"{of}_change": change for of, change in changes.items()},
            self_error=(again - self.structure).abs().mean().item(),
        )
        counts = f"{len(self.appearance)} appearances in {len(self.structure)} structures"
        return [{"data": f"{self.name}, {counts}", "metrics": metrics}]

    def rows(self, method: SwapMethod) -> Rows:
        return swapped_rows(method, self.appearance, self.structure)

    def require_measured(self, config: str, measured: Measurements, where: str) -> None:
        if not measured.tested:
            raise UserError(
                f"no row is of a test of exactly these weights of '{config}' and of {where}, so nobody knows how good "
                "they are: test them with tools/test.py --json, or fill a table that has it with tools/run_table.py"
            )
