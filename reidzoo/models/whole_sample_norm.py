"""The normalisation that Deformable GAN's authors trained with, beside the one that it is called after."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError, nearest
from reidzoo.base.precision import at_least_float32
from reidzoo.models.instance_norm import InstanceNorm

EPS = 1e-3
#: below it a variance is that of a constant map, at which a root has no slope
_LEAST_VARIANCE = 1e-12


class WholeSampleNorm(nn.Module):
    """All channels of an image together to mean 0 and deviation 1, then one scale and one shift for all of them.

    What keras-contrib's InstanceNormalization does unless told otherwise, and hence Deformable GAN's released code
    (Siarohin et al., CVPR 2018): (x - mean) / (std + 1e-3). B x C x h x w in and out, the same in training and in eval
    mode; computed in float32 at least.
    """

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """B x C x h x w, normalised over C, h and w."""
        last = x.is_contiguous(memory_format=torch.channels_last)
        ordered = x.permute(0, 2, 3, 1) if last else x
        rows = at_least_float32(
            ordered.flatten(1)
        )  # as they lie in memory: half the time of torch.var_mean over C, h, w
        rows = rows - rows.mean(dim=1, keepdim=True)
        variance = rows.square().mean(dim=1, keepdim=True)
        scale = self.weight / (variance.clamp(min=_LEAST_VARIANCE).sqrt() + EPS)
        normed = torch.addcmul(self.bias, rows, scale).to(x.dtype).view(ordered.shape)
        return normed.permute(0, 3, 1, 2) if last else normed


#: what ``norm`` of a network of Deformable GAN may be: as released, as called
NORMS = {"sample": WholeSampleNorm, "instance": InstanceNorm}


def checked_norm(network: nn.Module, norm: str) -> type[nn.Module]:
    """The class of a normalisation by its name.

    Raises:
        UserError: another name than those of :data:`NORMS`.
    """
    if norm not in NORMS:
        raise UserError(f"{type(network).__name__} has no norm '{norm}', {nearest(norm, NORMS)}")
    return NORMS[norm]
