"""A few persons, always the same ones, in a few contexts, and what they look like in figures."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.epoch_pictures import Rows
from reidzoo.apis.generator_samples import (
    GeneratorSamples,
    Measurements,
    change_along,
    grey_levels,
    people_of,
    require_change,
    require_finite,
    require_judged,
)
from reidzoo.apis.rendering import REFUSAL, renderable
from reidzoo.apis.rendering_grids import rendered_rows
from reidzoo.apis.rendering_pictures import shown_in
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.zoo.metafiles import REID_ON_RENDERED, RENDERING

COUNT = 6


class RenderingSamples(GeneratorSamples):
    """Training images of different persons of the source, in the contexts of images of the target; see the base.

    Images have the size that the networks were trained on and are changed in no other way. The published file is
    without the discriminator, which draws nothing.

    Raises:
        UserError: the data or the masks cannot be read.
    """

    kind = RenderingMethod
    refusal = REFUSAL
    images = "rendered images"
    task = RENDERING
    learnt = REID_ON_RENDERED
    judges = ("discriminator",)

    def __init__(self, cfg: Config):
        source, target = (renderable(cfg, domain) for domain in ("source", "target"))
        self.names = [dataset.metainfo["name"] for dataset in (source, target)]
        self.people = people_of(source, target)
        self.shown = shown_in(source, target, COUNT, COUNT)

    def drawn(self, method: RenderingMethod) -> list[Tensor]:
        _, *rows = self.rows(method)
        return [torch.stack([torch.from_numpy(image) for image in row[1:]]).permute(0, 3, 1, 2) for row in rows]

    def figures(self, method: RenderingMethod) -> list[dict[str, Any]]:
        """One entry: mean of each colour; mean absolute differences, ``person_error`` to the source image where its
        person is and ``context_error`` to the target image elsewhere, ``person_change`` between what two persons look
        like in one context and ``context_change`` between two contexts of one person."""
        given, count = self.shown._asdict(), min(map(len, self.shown))
        with torch.no_grad():
            first = method.data_preprocessor({key: value[:count] for key, value in given.items()})
            require_finite(method, method.render_normalised(**first))
        drawn = torch.stack(self.drawn(method)).double()  # persons x contexts x 3 x H x W
        changes = {"person": change_along(drawn, 0), "context": change_along(drawn, 1)}
        for of, change in changes.items():
            require_change(method, of, change)
        mask = (self.shown.source_masks.double() / 255)[:, None].expand_as(drawn)
        metrics = grey_levels(
            drawn.flatten(0, 1),
            person_error=_mean((drawn - self.shown.source_images[:, None]).abs(), mask),
            context_error=_mean((drawn - self.shown.target_images[None]).abs(), 1 - mask),
            **{f"{of}_change": change for of, change in changes.items()},
        )
        persons, contexts = drawn.shape[:2]
        data = f"{persons} persons of {self.names[0]} in {contexts} contexts of {self.names[1]}"
        return [{"data": data, "metrics": metrics}]

    def rows(self, method: RenderingMethod) -> Rows:
        return rendered_rows(method, *self.shown)

    def require_measured(self, config: str, measured: Measurements, where: str) -> None:
        require_judged(config, measured, where, f"judge them with tools/evaluate_contexts.py {config} CHECKPOINT")


def _mean(values: Tensor, weights: Tensor) -> float:
    """The weighted mean; 0 where nothing has a weight."""
    return (values * weights).sum().div(weights.sum().clamp(min=1)).item()
