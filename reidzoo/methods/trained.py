"""A re-ID method that was trained before and lends a generative method its judgement of who is on an image."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor

from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError
from reidzoo.base.weights import load_weights, read_checkpoint
from reidzoo.methods.base import BackboneWithHead
from reidzoo.methods.batch_norms import batch_statistics, normalised_apart
from reidzoo.methods.preprocessor import ImagePreprocessor
from reidzoo.registry import METHODS


class TrainedMethod:
    """The frozen classifier of a method that an earlier stage trained, such as the teacher of DG-Net.

    It is no module, so that it belongs to no state dict, no optimiser and no mode of the method that asks it. The file
    is read at the first use, or by :meth:`load`: a method whose weights are all there is tested without it.

    Args:
        config: from shelf METHODS, of a method of one backbone and one head with a classifier; ``num_pids`` is filled
            in. Weights that its backbone would start from are not read.
        weights: checkpoint of a training run, published weights, or their address; None leaves the network random, for
            ``--smoke``, and says so in the log.
        num_pids: K, of the training set of the method that asks.
        role: what errors and the log call it, for example "teacher".
        by_batch: batch norms normalise by the statistics of the batch, as in DG-Net's release, not by the stored ones.
        preprocessor: what normalised the images that it will be given; None where that is as it was trained.

    Raises:
        UserError: a method of another kind, or for another number of identities.
    """

    def __init__(
        self,
        config: dict[str, Any],
        weights: str | None,
        num_pids: int,
        role: str,
        by_batch: bool = False,
        preprocessor: ImagePreprocessor | None = None,
    ):
        if not isinstance(config, dict) or "type" not in config:
            raise UserError(f"the {role} is the config of a re-ID method, dict(type=NAME, ...), got {config!r}")
        kind = METHODS.get(config["type"])
        if not issubclass(kind, BackboneWithHead):
            raise UserError(
                f"the {role} is a method of one backbone and one head, such as IDE, got {kind.__name__}: name another"
            )
        self.config, self.weights, self.num_pids, self.role = config, weights, num_pids, role
        self.by_batch, self.preprocessor = by_batch, preprocessor
        self._check_identities(config.get("num_pids", num_pids), "its config")
        self._method: BackboneWithHead | None = None

    def __call__(self, images: Tensor, batches: int = 1) -> Tensor:
        """Logits B x K of images B x 3 x H x W, on their device; gradients reach the images, and no parameter.

        ``batches``: the rows are so many equal batches; with ``by_batch`` each is normalised by itself.

        Raises:
            UserError: see :meth:`load`; or the method's head classifies nobody.
        """
        method = self.load().to(images.device)
        pixels, own = self.preprocessor, method.data_preprocessor
        if pixels is not None and not (torch.equal(pixels.mean, own.mean) and torch.equal(pixels.std, own.std)):
            images = (images * pixels.std + pixels.mean - own.mean) / own.std
        with ExitStack() as ways:
            if self.by_batch:
                ways.enter_context(batch_statistics(method))
                ways.enter_context(normalised_apart(method, batches=batches))
            logits = method.head(method.backbone(images)).logits
        if logits is None:
            raise UserError(f"the {self.role}'s {type(method.head).__name__} has no classifier: name a method with one")
        return logits

    def load(self) -> BackboneWithHead:
        """The method with its weights, read once.

        Raises:
            UserError: the file is absent, of another network, or for another number of identities.
        """
        if self._method is None:
            content = None if self.weights is None else self._content()
            backbone = {**self.config["backbone"]}
            if "weights" in backbone:
                backbone["weights"] = None
            with torch.random.fork_rng(devices=[]):  # a step draws the same numbers whether it has to load or not
                method = METHODS.build({**self.config, "backbone": backbone, "num_pids": self.num_pids})
            if content is None:
                print_log(
                    f"the {self.role} has no weights and judges at random: for smoke runs only",
                    "current",
                    logging.WARNING,
                )
            else:
                remedy = f"name a checkpoint of the {self.role}'s config"
                report = load_weights(method, content["state_dict"], source=str(self.weights), remedy=remedy)
                print_log(f"the {self.role} is {report}", "current")
            self._method = method.train(self.by_batch).requires_grad_(False)
        return self._method

    def _content(self) -> dict[str, Any]:
        content = read_trained(self.weights, self.role)
        trained_on = (content.get("meta", {}).get("dataset_meta") or {}).get("num_pids", self.num_pids)
        self._check_identities(trained_on, f"'{self.weights}'")
        return content

    def _check_identities(self, num_pids: int, where: str) -> None:
        if num_pids != self.num_pids:
            raise UserError(
                f"the {self.role} tells {num_pids} identities apart ({where}), and the training set has "
                f"{self.num_pids}: train it on the same identities"
            )


def read_trained(weights: str, role: str) -> dict[str, Any]:
    """What :func:`reidzoo.base.weights.read_checkpoint` reads of weights that an earlier stage was to leave.

    Raises:
        UserError: they are not there (``role`` is what the sentence calls their network), or are no weights.
    """
    path = local_file(weights)
    if not path.is_file():
        raise UserError(
            f"the {role}'s weights '{weights}' are not there: train {_stage_of(path)} first, "
            "by naming it before this config in tools/run_stages.py, or name other weights"
        )
    return read_checkpoint(path)


def _stage_of(path: Path) -> str:
    """The config that leaves a checkpoint there: ``work_dirs/STEM/seedN/epoch_N.pth``."""
    return f"'{path.parent.parent.name}'" if path.parent.name.startswith("seed") else "that stage"
