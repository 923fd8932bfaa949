"""The first images that a GAN draws, always of the same noise, and what they are in figures."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from reidzoo.apis.epoch_pictures import Rows
from reidzoo.apis.generator_samples import GeneratorSamples, Measurements, grey_levels, require_finite, require_judged
from reidzoo.apis.sampling import REFUSAL, noise_of
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.synthped import SynthPed
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.registry import DATASETS
from reidzoo.zoo.metafiles import REID_WITH_SAMPLED, SAMPLING

COUNT, COLUMNS = 32, 8
SEED = 0
#: mean grey levels by which images of different noise differ at least (standard deviation)
LEAST_DIVERSITY = 1.0


class NoiseSamples(GeneratorSamples):
    """Images ``000000`` to ``000031`` of ``tools/sample.py`` with seed 0; see :class:`GeneratorSamples`."""

    kind = SamplingMethod
    refusal = REFUSAL
    images = "sampled images"
    task = SAMPLING
    learnt = REID_WITH_SAMPLED

    def __init__(self, cfg: Config):
        self.dataset = cfg.train_dataloader.dataset
        self.people = [] if issubclass(DATASETS.get(self.dataset.type), SynthPed) else [self.dataset.type]

    def drawn(self, method: SamplingMethod) -> list[Tensor]:
        return [method.sample(_noise(method))]

    def figures(self, method: SamplingMethod) -> list[dict[str, Any]]:
        """One entry: mean of each colour, and ``diversity``, the standard deviation over images, mean over values."""
        with torch.no_grad():
            require_finite(method, method(_noise(method)))
        images = self.drawn(method)[0].double()
        diversity = images.std(0, correction=0).mean().item()
        if diversity < LEAST_DIVERSITY:
            raise UserError(
                f"{type(method).__name__} draws one image whatever the noise: {COUNT} images differ by "
                f"{diversity:.2f} of 255 grey levels (standard deviation), expected at least {LEAST_DIVERSITY}: train "
                "it again or for longer"
            )
        metrics = grey_levels(images, diversity=diversity)
        return [{"data": f"the first {COUNT} images of seed {SEED}", "metrics": metrics}]

    def rows(self, method: SamplingMethod) -> Rows:
        images = self.drawn(method)[0].permute(0, 2, 3, 1).numpy()
        return [tuple(images[start : start + COLUMNS]) for start in range(0, COUNT, COLUMNS)]

    def require_measured(self, config: str, measured: Measurements, where: str) -> None:
        judge = f"draw some, then judge them with tools/evaluate_images.py {self.dataset.root} FOLDER"
        require_judged(config, measured, where, judge)


def _noise(method: SamplingMethod) -> Tensor:
    return torch.cat([noise_of(method, SEED, number) for number in range(COUNT)])
