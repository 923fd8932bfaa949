"""The least-squares game: Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017 (arXiv:1611.04076)."""

from __future__ import annotations

from torch import Tensor, nn

from reidzoo.registry import LOSSES


@LOSSES.register
class LeastSquaresScore(nn.Module):
    """Mean of ``(score - 1)^2`` where scores should say real, of ``score^2`` where they should say fake (eq. 2).

    scores: any shape. Returns a scalar in float32, 0 at best.
    """

    def forward(self, scores: Tensor, real: bool) -> Tensor:
        return (scores.float() - float(real)).square().mean()
