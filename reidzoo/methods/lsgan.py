"""LSGAN: Mao, Li, Xie, Lau, Wang & Smolley, "Least Squares Generative Adversarial Networks", ICCV 2017
(arXiv:1611.04076), as DG-Net's authors train it on persons: the unconditional baseline of Zheng et al., "Joint
Discriminative and Generative Learning for Person Re-identification", CVPR 2019 (arXiv:1904.07223).

    paper, released code                   here
    a = 0, b = c = 1                       LeastSquaresGANLoss: fake, real, what G wants D to believe
    z ~ N(0, 1)^100                        noise
    gradient penalty, weight 1e-4          penalty_weight

The penalty is that of Mescheder, Geiger & Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018
(R1): D's slope at the real images. A score map is summed before the slope is taken. In the released code D's losses
lack the half of the paper's equation 9; here both they and the penalty carry it, a factor that Adam does not see.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reidzoo.base.errors import require_at_least
from reidzoo.losses.gradient_penalty import mean_squared_slope
from reidzoo.methods.gan import GAN, Losses
from reidzoo.registry import METHODS


@METHODS.register
class LSGAN(GAN):
    """Least squares in place of cross-entropy, and a discriminator that is flat around real images.

    Args:
        generator: see :class:`reidzoo.methods.gan.GAN`.
        discriminator: see there.
        penalty_weight: of the squared norm of D's gradient at real images; 0 leaves it out.
        adversarial_loss: config from shelf LOSSES; by default least squares.
        data_preprocessor: see there.

    Raises:
        UserError: a negative weight.
    """

    default_loss = {"type": "LeastSquaresGANLoss"}

    def __init__(
        self,
        generator: dict[str, Any],
        discriminator: dict[str, Any],
        penalty_weight: float = 1e-4,
        adversarial_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(generator, discriminator, adversarial_loss, data_preprocessor)
        require_at_least(0, self, penalty_weight=penalty_weight)
        self.penalty_weight = penalty_weight

    def noise(self, count: int, rng: torch.Generator | None = None, device: torch.device | str = "cpu") -> Tensor:
        return torch.randn(count, self.noise_size, generator=rng, device=device)

    def discriminator_losses(self, real: Tensor, fake: Tensor) -> Losses:
        """The adversarial loss, and the penalty where it has a weight."""
        penalised = self.penalty_weight > 0
        real = real.detach().requires_grad_(penalised)
        scores = self.d(real)
        # equation 9: 1/2 (D(x) - b)^2 + 1/2 (D(G(z)) - a)^2
        losses = {"loss_d": self.adversarial_loss.discriminator(scores, self.d(fake))}
        if penalised:  # R1: |grad D(x)|^2
            losses["loss_penalty"] = self.penalty_weight / 2 * mean_squared_slope(scores, real)
        return losses
