"""A few persons, always the same ones, in a few contexts, and what they look like in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.epoch_pictures import Rows
from reidzoo.apis.generator_samples import GeneratorSamples, Measurements, names_of
from reidzoo.apis.rendering import REFUSAL, renderable
from reidzoo.apis.rendering_grids import rendered_rows
from reidzoo.apis.rendering_pictures import shown_in
from reidzoo.apis.results import IMAGES
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.synthped import SynthPed
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.zoo.metafiles import REID_ON_RENDERED, RENDERING

COUNT = 6
#: mean grey levels by which another person, or another context, changes what is drawn at least
LEAST_CHANGE = 0.5


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

    def __init__(self, cfg: Config):
        source, target = (renderable(cfg, domain) for domain in ("source", "target"))
        self.names = [dataset.metainfo["name"] for dataset in (source, target)]
        self.people = [
            name
            for name, dataset in zip(self.names, (source, target), strict=True)
            if not isinstance(dataset, SynthPed)
        ]
        self.shown = shown_in(source, target, COUNT, COUNT)

    def drawn(self, method: RenderingMethod) -> list[Tensor]:
        _, *rows = self.rows(method)
        return [torch.stack([torch.from_numpy(image) for image in row[1:]]).permute(0, 3, 1, 2) for row in rows]

    def figures(self, method: RenderingMethod) -> list[dict[str, Any]]:
        """One entry: mean of each colour; mean absolute differences, ``person_error`` to the source image where its
        person is and ``context_error`` to the target image elsewhere, ``person_change`` between what two persons look
        like in one context and ``context_change`` between two contexts of one person."""
        name, given = type(method).__name__, self.shown._asdict()
        count = min(map(len, self.shown))
        with torch.no_grad():
            first = method.data_preprocessor({key: value[:count] for key, value in given.items()})
            finite = torch.isfinite(method.render_normalised(**first))
        if not finite.all():
            raise UserError(f"{name} draws what is not finite: its training has failed")
        drawn = torch.stack(self.drawn(method)).double()  # persons x contexts x 3 x H x W
        changes = {"person": _change(drawn, 0), "context": _change(drawn, 1)}
        for of, change in changes.items():
            if change < LEAST_CHANGE:
                raise UserError(
                    f"{name} draws one image whatever the {of}: another one changes it by {change:.2f} of 255 grey "
                    f"levels on average, expected at least {LEAST_CHANGE}: train it for longer"
                )
        mask = (self.shown.source_masks.double() / 255)[:, None].expand_as(drawn)
        red, green, blue = drawn.mean((0, 1, 3, 4)).tolist()
        figures = {"mean_red": red, "mean_green": green, "mean_blue": blue}
        figures["person_error"] = _mean((drawn - self.shown.source_images[:, None]).abs(), mask)
        figures["context_error"] = _mean((drawn - self.shown.target_images[None]).abs(), 1 - mask)
        figures |= {f"{of}_change": change for of, change in changes.items()}
        metrics = {key: round(value, 4) for key, value in figures.items()}
        persons, contexts = drawn.shape[:2]
        data = f"{persons} persons of {self.names[0]} in {contexts} contexts of {self.names[1]}"
        return [{"data": data, "metrics": metrics}]

    def rows(self, method: RenderingMethod) -> Rows:
        return rendered_rows(method, *self.shown)

    def require_measured(self, config: str, measured: Measurements, where: str) -> None:
        if not measured.judged:
            raise UserError(
                f"no row on images is of exactly these weights of '{config}' and of {where}, so nobody knows how good "
                f"they are: judge them with tools/evaluate_contexts.py {config} CHECKPOINT --out "
                f"model_zoo/results/{Path(config).stem}{IMAGES}.seed<N>.json"
            )

    def unneeded(self, method: RenderingMethod) -> list[str]:
        return names_of(method, "discriminator")


def _change(drawn: Tensor, axis: int) -> float:
    """Mean absolute difference between neighbours along ``axis``; 0 where there are none."""
    return drawn.diff(dim=axis).abs().mean().item() if drawn.shape[axis] > 1 else 0.0


def _mean(values: Tensor, weights: Tensor) -> float:
    """The weighted mean; 0 where nothing has a weight."""
    return (values * weights).sum().div(weights.sum().clamp(min=1)).item()
