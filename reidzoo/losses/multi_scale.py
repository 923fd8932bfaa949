"""A game of generator and discriminator on several maps of scores at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.registry import LOSSES


@LOSSES.register
class MultiScaleGANLoss(nn.Module):
    """``factor`` times the sum over scales of an adversarial loss: Wang et al., pix2pixHD, CVPR 2018, equation 2.

    Each scale weighs the same, however few scores it has. By default as DG-Net (Zheng et al., CVPR 2019) released it:
    least squares, twice. D's share then is ``mean (s_real - 1)^2 + mean s_fake^2`` and G's ``2 mean (s_fake - 1)^2`` on
    each scale: of three scales 3 and 6 where D answers 0 to everything.

    Args:
        game: config from shelf LOSSES of the loss on one map; by default LeastSquaresGANLoss.
        factor: see above, above 0.

    Raises:
        UserError: a factor that is not above 0.
    """

    def __init__(self, game: dict[str, Any] | None = None, factor: float = 2.0):
        super().__init__()
        if factor <= 0:
            raise UserError(f"MultiScaleGANLoss expects a factor above 0, got {factor}: DG-Net has 2")
        self.game, self.factor = LOSSES.build(game or {"type": "LeastSquaresGANLoss"}), factor

    def generator(self, fake_scores: Sequence[Tensor]) -> Tensor:
        """G's loss. fake_scores: a map of raw scores for each scale, any shape. Returns a scalar."""
        return self.factor * torch.stack([self.game.generator(fake) for fake in fake_scores]).sum()

    def discriminator(self, real_scores: Sequence[Tensor], fake_scores: Sequence[Tensor]) -> Tensor:
        """D's loss, its fake scores from detached images. Both as above."""
        pairs = zip(real_scores, fake_scores, strict=True)
        return self.factor * torch.stack([self.game.discriminator(real, fake) for real, fake in pairs]).sum()
