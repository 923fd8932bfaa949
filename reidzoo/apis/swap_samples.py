"""A few training images, always the same ones, in the structures of others, and what they look like in figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.drawing import read_rows
from reidzoo.apis.epoch_pictures import Rows
from reidzoo.apis.generator_samples import GeneratorSamples, Measurements, names_of, spread_over
from reidzoo.apis.swap_grids import swap_all, swapped_rows
from reidzoo.apis.swapping import REFUSAL, swappable
from reidzoo.apis.trained_data import swap_images
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.synthped import SynthPed
from reidzoo.methods.swapping import SwapMethod
from reidzoo.zoo.metafiles import REID_WITH_SWAPPED, SWAPPING

COUNT = 6
#: mean grey levels by which another appearance, or another structure, changes what is drawn at least
LEAST_CHANGE = 0.5


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

    def __init__(self, cfg: Config):
        dataset = swappable(cfg, swap_images(cfg)["root"])
        self.name = dataset.metainfo["name"]
        self.people = [] if isinstance(dataset, SynthPed) else [self.name]
        rows = spread_over([record.pid for record in dataset.records], 2 * COUNT)
        self.appearance, self.structure = read_rows(dataset, rows[::2]), read_rows(dataset, rows[1::2] or rows)

    def drawn(self, method: SwapMethod) -> list[Tensor]:
        swapped = torch.from_numpy(swap_all(method, self.appearance, self.structure))
        return [row.permute(0, 3, 1, 2) for row in swapped]

    def figures(self, method: SwapMethod) -> list[dict[str, Any]]:
        """One entry: mean of each colour; mean absolute differences, ``appearance_change`` between what two persons
        wear in one structure, ``structure_change`` between two structures of one appearance, and ``self_error``
        between an image and itself drawn again."""
        name = type(method).__name__
        with torch.no_grad():
            images = method.data_preprocessor({"images": self.structure})["images"]
            finite = torch.isfinite(method.draw(images, images))
        if not finite.all():
            raise UserError(f"{name} draws what is not finite: its training has failed")
        swapped = swap_all(method, self.appearance, self.structure).astype(np.float64)
        changes = {"appearance": _difference(swapped, 0), "structure": _difference(swapped, 1)}
        for of, change in changes.items():
            if change < LEAST_CHANGE:
                raise UserError(
                    f"{name} draws one image whatever the {of}: another one changes it by {change:.2f} of 255 grey "
                    f"levels on average, expected at least {LEAST_CHANGE}: train it for longer"
                )
        again = method.swap(self.structure, self.structure).double()
        red, green, blue = swapped.mean((0, 1, 2, 3)).tolist()
        figures = {"mean_red": red, "mean_green": green, "mean_blue": blue}
        figures |= {f"{of}_change": change for of, change in changes.items()}
        figures["self_error"] = (again - self.structure).abs().mean().item()
        metrics = {key: round(value, 4) for key, value in figures.items()}
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

    def unneeded(self, method: SwapMethod) -> list[str]:
        return names_of(method, "discriminator")


def _difference(swapped: np.ndarray, axis: int) -> float:
    """Mean absolute difference between neighbours along ``axis``; 0 where there are none."""
    return float(np.abs(np.diff(swapped, axis=axis)).mean()) if swapped.shape[axis] > 1 else 0.0
