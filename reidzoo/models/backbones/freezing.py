"""Keeping parts of a backbone as they were loaded, in one way for all backbones.

Two switches, as the baselines of the literature have them (SPGAN's Caffe networks: conv1 and res2 fixed, every batch
norm on ImageNet's statistics):

* ``frozen_stages``: the first so many stages, the stem being the first; 0 freezes nothing. A frozen stage is a fixed
  function: no gradient reaches its parameters, its batch norms keep and use their statistics, nothing is dropped in it.
* ``freeze_bn``: "statistics": all batch norms normalise with their stored statistics, scale and shift still learn;
  "affine": scale and shift are fixed as well; None: neither.

Learning rates are no matter of the backbone: ``optim_wrapper.paramwise_cfg.custom_keys`` of the config sets them, for
example ``{"backbone": dict(lr_mult=0.1)}`` gives new layers ten times the rate of what was pretrained.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from reidzoo.base.errors import UserError

FREEZE_BN = ("statistics", "affine")


class FreezableBackbone(nn.Module):
    """A backbone whose first stages and batch norms can be fixed; see the module for the two switches.

    A subclass lists its parameters by stage (:meth:`stages`) and calls :meth:`freeze` when its weights are loaded.
    """

    frozen_stages: int = 0
    freeze_bn: str | None = None

    def stages(self) -> list[list[nn.Parameter]]:
        """Parameters of each stage that can be frozen, from the input on, the stem first."""
        raise NotImplementedError

    def freeze(self, frozen_stages: int, freeze_bn: str | None) -> None:
        """Fix the first ``frozen_stages`` stages, and the batch norms as ``freeze_bn`` says, until the object's end.

        Raises:
            UserError: more stages than there are, another word for ``freeze_bn``, or no batch norm to freeze.
        """
        name, stages = type(self).__name__, self.stages()
        if type(frozen_stages) is not int or not 0 <= frozen_stages <= len(stages):
            raise UserError(
                f"{name} can freeze 0 to {len(stages)} stages, the stem first, got frozen_stages={frozen_stages!r}: "
                "choose a number in this range"
            )
        if freeze_bn is not None and freeze_bn not in FREEZE_BN:
            raise UserError(f"freeze_bn of {name} is 'statistics', 'affine' or None, got {freeze_bn!r}: choose one")
        norms = [module for module in self.modules() if isinstance(module, BatchNorm)]
        if freeze_bn is not None and not norms:
            raise UserError(f"this {name} has no batch norm, and freeze_bn={freeze_bn!r} asks to freeze it: remove it")
        self.frozen_stages, self.freeze_bn = frozen_stages, freeze_bn
        _stop(parameter for stage in stages[:frozen_stages] for parameter in stage)
        if freeze_bn == "affine":
            _stop(parameter for norm in norms for parameter in norm.parameters())

    def train(self, mode: bool = True) -> FreezableBackbone:
        """As in torch, but what is frozen stays in evaluation mode."""
        super().train(mode)
        # Found anew each time: converting to SyncBatchNorm replaces modules and keeps their parameters.
        for module in self.modules():
            norm = self.freeze_bn is not None and isinstance(module, BatchNorm)
            if norm or (self.frozen_stages and _is_fixed(module)):
                for part in module.modules():  # not eval(), which would come back here when the whole is fixed
                    part.training = False
        return self


def parameters_of(*modules: nn.Module) -> list[nn.Parameter]:
    """The parameters of several modules in one list: what :meth:`FreezableBackbone.stages` is made of."""
    return [parameter for module in modules for parameter in module.parameters()]


def _stop(parameters: Iterable[nn.Parameter]) -> None:
    for parameter in parameters:
        parameter.requires_grad_(False)


def _is_fixed(module: nn.Module) -> bool:
    """Whether a module has parameters and none of them learns."""
    learns = [parameter.requires_grad for parameter in module.parameters()]
    return bool(learns) and not any(learns)
