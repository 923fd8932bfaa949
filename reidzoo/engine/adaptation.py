"""Testing after the batch norms have seen the target domain: Li, Wang, Shi, Liu & Hou, "Revisiting Batch Normalization
For Practical Domain Adaptation", arXiv:1603.04779 (AdaBN)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.runner import TestLoop, autocast
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from reidzoo.base.errors import UserError
from reidzoo.registry import LOOPS


@LOOPS.register
class AdaptedTestLoop(TestLoop):
    """MMEngine's test loop, before which every batch norm gets the statistics of another set of images.

    Mean and variance of each norm become the average, over the images of ``adaptation_dataloader``, of what their
    batches show; no weight changes and no label is read. While they are collected, every batch is normalised by its own
    statistics. On SynthPed it does not matter whether batches have 32, 128 or 1,024 images, nor whether they are mixed
    or sorted by identity (mAP differs by 0.05). A norm that the test feature does not pass through keeps what it has.

    Args:
        runner: given by the Runner.
        dataloader: given by the Runner.
        evaluator: given by the Runner.
        adaptation_dataloader: config of a loader of the target's training images, with the transforms of the test.
        fp16: test in half precision.

    Raises:
        UserError: no loader, a method without batch norms, a data set of split ``test``, or a batch of a single image.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        evaluator: Any,
        adaptation_dataloader: dict[str, Any] | None = None,
        fp16: bool = False,
    ):
        super().__init__(runner, dataloader, evaluator, fp16)
        if adaptation_dataloader is None:
            raise UserError(
                "AdaptedTestLoop adapts to training images of the target, and test_cfg has no adaptation_dataloader: "
                "give it one, such as test_dataloader with split='train'"
            )
        self.adaptation_dataloader = runner.build_dataloader(adaptation_dataloader, seed=0)  # alike in every test
        dataset = self.adaptation_dataloader.dataset
        if getattr(dataset, "split", None) == "test":
            raise UserError(
                "AdaptedTestLoop adapts to training images, and adaptation_dataloader.dataset has split='test': "
                "write split='train', because what is tested must not be known before"
            )

    def run(self) -> dict[str, float]:
        """Adapt, then test; the metrics."""
        model = self.runner.model.eval()
        with torch.no_grad(), autocast(enabled=self.fp16):
            norms, images = adapt_batch_norms(model, self.adaptation_dataloader, model.test_step)
        self.runner.logger.info(f"{norms} batch norms have the statistics of {images:,} images")
        return super().run()


def adapt_batch_norms(model: nn.Module, batches: Iterable[dict[str, Any]], step: Any) -> tuple[int, int]:
    """Set the running statistics of all batch norms in ``model`` to their average over the images of ``batches``.

    Args:
        model: in evaluation mode; only its batch norms leave it, and only meanwhile.
        batches: dicts with ``images`` B x 3 x H x W; sizes may differ, every image counts alike.
        step: what sends one batch through the model.

    Returns:
        The number of batch norms, and of images.

    Raises:
        UserError: no batch norm, or a batch of a single image.
    """
    norms = [module for module in model.modules() if isinstance(module, BatchNorm) and module.running_mean is not None]
    if not norms:
        raise UserError(
            f"AdaptedTestLoop sets the statistics of batch norms, and {type(model).__name__} has none: "
            "test it with TestLoop"
        )
    momenta = [norm.momentum for norm in norms]
    seen = 0
    for batch in batches:
        size = len(batch["images"])
        if size < 2:
            raise UserError(
                "AdaptedTestLoop got a batch of a single image, which has no variance: choose another batch_size of "
                "adaptation_dataloader, or drop_last=True"
            )
        seen += size
        for norm in norms:
            norm.training, norm.momentum = True, size / seen  # the average over images: 1 for the first batch
        step(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.training, norm.momentum = False, momentum
        for statistic in (norm.running_mean, norm.running_var):
            all_reduce(statistic, "mean")  # each process has seen its share of the images
    return len(norms), seen
