"""Several processes for methods that say themselves what a training step is."""

from __future__ import annotations

from typing import Any

from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmengine.registry import MODEL_WRAPPERS
from torch import Tensor


@MODEL_WRAPPERS.register_module()
class OwnStepDistributedDataParallel(MMDistributedDataParallel):
    """Calls the method's own ``train_step``, and only its forward pass through torch's exchange of gradients.

    ``MMDistributedDataParallel`` replaces the step by its own one, silently: what a method does between forward pass,
    backward pass and update would happen on a single process only. For methods with one optimiser that run each of
    their parameters in one forward pass a step. Name it in the config: ``model_wrapper_cfg=dict(type=...)``.
    """

    def train_step(self, data: dict[str, Any], optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
        """One step of the method; its losses are formed by this wrapper's ``forward``."""
        self.module._run_forward = self._run_forward  # what BaseModel's steps call for their losses
        try:
            return self.module.train_step(data, optim_wrapper)
        finally:
            del self.module._run_forward
