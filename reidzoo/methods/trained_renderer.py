"""A method that an earlier stage trained to render persons, and that draws what a re-ID method learns from."""

from __future__ import annotations

import logging
from typing import Any

import torch
from mmengine.logging import print_log

from reidzoo.base.errors import UserError
from reidzoo.base.weights import load_weights
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.methods.trained import read_trained
from reidzoo.registry import METHODS


class TrainedRenderer:
    """A frozen :class:`RenderingMethod`, of which only what draws is built and loaded.

    As :class:`reidzoo.methods.trained.TrainedMethod` it is no module, and reads its file at the first use.

    Args:
        config: from shelf METHODS; what the method learns from may be left out (``RenderingMethod.only_drawing``).
        weights: checkpoint of a training run, published weights, or their address; what the renderer does not have,
            such as a discriminator, is passed over. None for a renderer without parameters; another draws at random
            then, for ``--smoke``, and the log says so.

    Raises:
        UserError: a method of another kind.
    """

    def __init__(self, config: dict[str, Any], weights: str | None):
        if not isinstance(config, dict) or "type" not in config:
            raise UserError(
                f"the renderer is the config of a method that renders, dict(type=NAME, ...), got {config!r}"
            )
        self.kind = METHODS.get(config["type"])
        if not issubclass(self.kind, RenderingMethod):
            raise UserError(
                f"the renderer is a method that renders persons, such as CRGAN, got {self.kind.__name__}: name another"
            )
        self.config, self.weights = config, weights
        self._method: RenderingMethod | None = None

    def load(self) -> RenderingMethod:
        """The method with its weights, in test mode, read once.

        Raises:
            UserError: the file is absent or of another network.
        """
        if self._method is None:
            content = None if self.weights is None else read_trained(self.weights, "renderer")
            with torch.random.fork_rng(devices=[]):  # a step draws the same numbers whether it has to load or not
                method = METHODS.build({**self.config, **self.kind.only_drawing})
            if content is not None:
                self._take(method, content["state_dict"])
            elif method.state_dict():
                print_log(
                    "the renderer has no weights and draws at random: for smoke runs only", "current", logging.WARNING
                )
            self._method = method.eval().requires_grad_(False)
        return self._method

    def _take(self, method: RenderingMethod, state: dict[str, torch.Tensor]) -> None:
        own = {name.split(".")[0] for name in method.state_dict()}
        beside = {name.split(".")[0] for name in state} - own
        remedy = "name a checkpoint of the renderer's config"
        ignore = tuple(f"{part}." for part in sorted(beside)) if own else ()
        report = load_weights(method, state, source=str(self.weights), ignore=ignore, remedy=remedy)
        print_log(f"the renderer is {report}", "current")
