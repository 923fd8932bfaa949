"""Several processes for methods that say themselves what a training step is."""

from __future__ import annotations

from typing import Any

from mmengine.model import MMDistributedDataParallel, MMSeparateDistributedDataParallel, is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.registry import MODEL_WRAPPERS
from torch import Tensor, nn


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


@MODEL_WRAPPERS.register_module()
class SeparateDistributedDataParallel(MMSeparateDistributedDataParallel):
    """Wraps each network of a method by itself, and keeps the names that weights have on a single process.

    For methods with several optimisers, which get it without being asked: one wrapper around all networks would wait
    for the gradients of those whose turn it is not. MMEngine's own version of it saves ``generator.module.weight``,
    which no single process could load.

    Args:
        module: the method; its networks are direct attributes, and it calls them through ``forward`` only.
        device_ids: as in torch's wrapper; None on CPUs.
        broadcast_buffers: as in torch's wrapper.
        find_unused_parameters: as in torch's wrapper.
    """

    def __init__(
        self,
        module: nn.Module,
        device_ids: list[int] | None = None,
        broadcast_buffers: bool = False,
        find_unused_parameters: bool = False,
    ):
        super().__init__(module, broadcast_buffers, find_unused_parameters, device_ids=device_ids)
        for network in module.children():
            if is_model_wrapper(network):
                network.register_state_dict_post_hook(_drop_wrapper_from_names)
                network.register_load_state_dict_pre_hook(_add_wrapper_to_names)


def _drop_wrapper_from_names(network: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
    _rename(state, f"{prefix}module.", prefix)


def _add_wrapper_to_names(network: nn.Module, state: dict[str, Any], prefix: str, *others: Any) -> None:
    _rename(state, prefix, f"{prefix}module.")


def _rename(state: dict[str, Any], old: str, new: str) -> None:
    """Other names for what starts with ``old``, in place and in the same order."""
    renamed = {new + key.removeprefix(old) if key.startswith(old) else key: value for key, value in state.items()}
    state.clear()
    state.update(renamed)
