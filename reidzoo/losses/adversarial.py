"""The three games of a discriminator D and a generator G that adversarial methods play.

Every one of them is read from D's raw scores, one for an image or a map of them for its patches (no sigmoid in the
network), with the mean over batch, channels and places. ``generator`` is what G descends on, ``discriminator`` what D
does; D's share takes its fake scores from detached images. Scores come in any float type; the loss is a scalar in
float32, or in float64 for float64 scores.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.base.precision import at_least_float32
from reidzoo.registry import LOSSES

#: how G reads D's judgement of its fakes
GAMES = ("non-saturating", "minimax")


@LOSSES.register
class LeastSquaresGANLoss(nn.Module):
    """Least squares with labels 1 real and 0 fake: Mao et al., ICCV 2017 (arXiv:1611.04076), equation 9.

    D's loss carries the half of the paper, G's does not, as in CycleGAN and all that descends from it.
    """

    def generator(self, fake_scores: Tensor) -> Tensor:
        """``mean (s - 1)^2``, 0 where every fake passes for real."""
        return (at_least_float32(fake_scores) - 1).square().mean()

    def discriminator(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """``(mean (s_real - 1)^2 + mean s_fake^2) / 2``, 0.25 for a discriminator that always answers 0.5."""
        real, fake = at_least_float32(real_scores), at_least_float32(fake_scores)
        return ((real - 1).square().mean() + fake.square().mean()) / 2


@LOSSES.register
class VanillaGANLoss(nn.Module):
    """Cross-entropy of real and fake on logits: Goodfellow et al., NeurIPS 2014 (arXiv:1406.2661), section 3.

    D's two means are added, not averaged: 2 ln 2 = 1.386 where D cannot tell. In the minimax game (equation 1) G
    minimises ``log(1 - D(G(z)))``, whose gradient vanishes where D is sure of the fakes, as it is early. The paper
    therefore advises to maximise ``log D(G(z))``: the same end, a strong gradient at the beginning.

    Args:
        game: ``non-saturating`` or ``minimax``.

    Raises:
        UserError: another game.
    """

    def __init__(self, game: str = "non-saturating"):
        super().__init__()
        if game not in GAMES:
            raise UserError(f"VanillaGANLoss plays the game {' or '.join(map(repr, GAMES))}, got {game!r}")
        self.game = game

    def generator(self, fake_scores: Tensor) -> Tensor:
        """``mean -log sigmoid(s)``, ln 2 = 0.693 where D cannot tell; minimax: ``mean log(1 - sigmoid(s))``, -ln 2."""
        scores = at_least_float32(fake_scores)
        if self.game == "minimax":
            return -F.softplus(scores).mean()
        return F.softplus(-scores).mean()

    def discriminator(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """``mean -log sigmoid(s_real) + mean -log(1 - sigmoid(s_fake))``."""
        return F.softplus(-at_least_float32(real_scores)).mean() + F.softplus(at_least_float32(fake_scores)).mean()


@LOSSES.register
class HingeGANLoss(nn.Module):
    """Hinge: Lim & Ye, "Geometric GAN", 2017 (arXiv:1705.02894); Miyato et al., ICLR 2018 (arXiv:1802.05957).

    Scores beyond the margin of 1 on the right side teach D nothing more; G's loss has no lower end.
    """

    def generator(self, fake_scores: Tensor) -> Tensor:
        """``-mean s``."""
        return -at_least_float32(fake_scores).mean()

    def discriminator(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """``mean max(0, 1 - s_real) + mean max(0, 1 + s_fake)``, 2 for a discriminator that always answers 0."""
        return F.relu(1 - at_least_float32(real_scores)).mean() + F.relu(1 + at_least_float32(fake_scores)).mean()
