"""Loops of our own: training whose chance is a function of seed, process and step; testing with the mirror image."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmengine.runner import EpochBasedTrainLoop, TestLoop, autocast

from reidzoo.base.errors import UserError
from reidzoo.registry import LOOPS


def step_seed(seed: int, rank: int, step: int) -> int:
    """The seed of everything random inside one training step of one process (dropout, drawn noise)."""
    return int(np.random.SeedSequence([seed, rank, step]).generate_state(1, np.uint64)[0] >> 1)


@LOOPS.register
class SeededEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch loop, with torch's generators set anew before every step.

    Args:
        runner: given by the Runner.
        dataloader: given by the Runner.
        max_epochs: epochs to train.
        val_begin: first epoch that is validated.
        val_interval: epochs between two validations.

    A stored generator state would cover one process only, and a validation between two epochs would move it. As a
    function of (seed, rank, step) the state needs no storing: an interrupted and resumed run draws exactly what the
    uninterrupted one draws, on every process, from any checkpoint.

    Raises:
        UserError: an epoch would have no step, or there is no epoch.
    """

    def __init__(self, runner: Any, dataloader: Any, max_epochs: int, val_begin: int = 1, val_interval: int = 1):
        super().__init__(runner, dataloader, max_epochs, val_begin, val_interval)
        if self.max_iters < 1:
            raise UserError(
                f"{max_epochs} epoch(s) of {len(self.dataloader)} step(s) train nothing: the set has "
                f"{len(self.dataloader.dataset):,} images, a batch {self.dataloader.batch_size}; "
                + ("raise train_cfg.max_epochs" if len(self.dataloader) else "lower train_dataloader.batch_size")
            )

    def run_iter(self, idx: int, data_batch: Any) -> None:
        torch.manual_seed(step_seed(self.runner.seed, self.runner.rank, self._iter))
        super().run_iter(idx, data_batch)


@LOOPS.register
class FlipTestLoop(TestLoop):
    """MMEngine's test loop on every image and its mirror image: the evaluator gets the sum of the two features.

    The sum is the test feature of the ResNet-50 baselines of LSRO (Zheng et al., ICCV 2017, released code) and of
    many after it; after normalising to length 1 it equals the mean. It asks of a method only that ``predict`` returns
    B x D, so any config can be tested with ``--cfg-options test_cfg.type=FlipTestLoop``, at twice the time.

    Args:
        runner: given by the Runner.
        dataloader: given by the Runner; ``images`` of a batch is B x 3 x H x W.
        evaluator: given by the Runner.
        fp16: test in half precision.
    """

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: dict[str, Any]) -> None:
        self.runner.call_hook("before_test_iter", batch_idx=idx, data_batch=data_batch)
        mirrored = {**data_batch, "images": data_batch["images"].flip(-1)}
        with autocast(enabled=self.fp16):
            features = self.runner.model.test_step(data_batch) + self.runner.model.test_step(mirrored)
        self.evaluator.process(data_samples=features, data_batch=data_batch)
        self.runner.call_hook("after_test_iter", batch_idx=idx, data_batch=data_batch, outputs=features)
