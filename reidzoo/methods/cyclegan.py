"""CycleGAN: Zhu, Park, Isola & Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
Networks", ICCV 2017 (arXiv:1703.10593), as re-ID uses it: with the identity mapping that keeps colours.

    paper                              here
    X, Y                               source, target
    x, y                               batch["source_images"], batch["target_images"]
    G: X -> Y, F: Y -> X               g_st, g_ts
    D_Y, D_X                           d_t, d_s
    G(x), F(y)                         drawn.fake_t, drawn.fake_s
    G(y), F(x)                         drawn.same_t, drawn.same_s
    F(G(x)), G(F(y))                   cycle_s, cycle_t
    lambda                             cycle_weight
    history of 50 images               pool_s, pool_t

The identity mapping has the weight 0.5 lambda = 5 in the released code. The paper has it for paintings only (section
5.2); in re-ID it keeps a red coat red. Discriminators minimise half of their loss, so that they learn more slowly
(released code). The paper and its code train without dropout; CamStyle's release has it, also when it generates
(``dropout`` of the generator, ``stochastic`` here).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import require_at_least
from reidzoo.methods.base import to_channels_last
from reidzoo.methods.generative import frozen
from reidzoo.methods.image_pool import ImagePool
from reidzoo.methods.translation import TranslationMethod
from reidzoo.registry import DISCRIMINATORS, GENERATORS, LOSSES, METHODS

Batch = dict[str, Tensor]
Losses = dict[str, Tensor]


class Drawn(NamedTuple):
    """What the generators draw in a step, each B x 3 x H x W; images of the own domain are None where unused."""

    fake_t: Tensor
    fake_s: Tensor
    same_t: Tensor | None
    same_s: Tensor | None


@METHODS.register
class CycleGAN(TranslationMethod):
    """Two generators, two discriminators: fakes look real, and the way there and back ends where it began.

    Args:
        generator: config from shelf GENERATORS, for both directions.
        discriminator: config from shelf DISCRIMINATORS, for both domains.
        cycle_weight: lambda, 10 in the paper.
        identity_weight: of the identity mapping, 5 in the released code; 0 leaves it out.
        pool_size: fakes that each discriminator's history holds, on each process; 0 has none.
        adversarial_loss: config from shelf LOSSES; by default that of least squares, as in the paper.
        stochastic: leave the generator's dropout on when translating, as CamStyle's released code does.
        data_preprocessor: see :class:`reidzoo.methods.translation.TranslationMethod`.

    Raises:
        UserError: a negative weight.
    """

    def __init__(
        self,
        generator: dict[str, Any],
        discriminator: dict[str, Any],
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        pool_size: int = 50,
        adversarial_loss: dict[str, Any] | None = None,
        stochastic: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(data_preprocessor)
        require_at_least(0, self, cycle_weight=cycle_weight, identity_weight=identity_weight)
        self.cycle_weight, self.identity_weight, self.stochastic = cycle_weight, identity_weight, stochastic
        self.g_st = to_channels_last(GENERATORS.build(generator))
        self.g_ts = to_channels_last(GENERATORS.build(generator))
        self.d_s = to_channels_last(DISCRIMINATORS.build(discriminator))
        self.d_t = to_channels_last(DISCRIMINATORS.build(discriminator))
        self.pool_s, self.pool_t = ImagePool(pool_size), ImagePool(pool_size)
        self.adversarial_loss = LOSSES.build(adversarial_loss or {"type": "LeastSquaresGANLoss"})

    def generator(self, direction: str) -> nn.Module:
        return self.g_st if direction == "s2t" else self.g_ts

    def optimized(self) -> dict[str, list[nn.Module]]:
        return {"generators": [self.g_st, self.g_ts], "discriminators": [self.d_s, self.d_t]}

    def train_step(self, data: Batch, optim_wrapper: OptimWrapperDict) -> Losses:
        """The generators' update, then the discriminators', on the same fakes."""
        batch = self.data_preprocessor(data, True)
        drawn, g_losses = self.update_generators(batch, optim_wrapper["generators"])
        d_losses = self.update_discriminators(batch, drawn, optim_wrapper["discriminators"])
        return {**g_losses, **d_losses}

    def update_generators(self, batch: Batch, generators: OptimWrapper) -> tuple[Drawn, Losses]:
        """One step of both generators; what they drew, and their losses."""
        with frozen(*self.judges()), generators.optim_context(self):
            drawn = self.draw(batch, with_same=self.identity_weight > 0)
            losses = self.generator_losses(batch, drawn)
        generators.update_params(sum(losses.values()))
        return drawn, losses

    def update_discriminators(self, batch: Batch, drawn: Drawn, discriminators: OptimWrapper) -> Losses:
        """One step of both discriminators on real images and on fakes of their histories."""
        with discriminators.optim_context(self):
            losses = self.discriminator_losses(batch, drawn)
        discriminators.update_params(sum(losses.values()))
        return losses

    def judges(self) -> tuple[nn.Module, ...]:
        """The networks that the generators' step must leave as they are."""
        return self.d_s, self.d_t

    def draw(self, batch: Batch, *, with_same: bool) -> Drawn:
        """Fakes of both domains, and images of the own domain in the same pass where they are wanted."""
        source, target = batch["source_images"], batch["target_images"]
        if not with_same:
            return Drawn(self.g_st(source), self.g_ts(target), None, None)
        fake_t, same_t = self.g_st(torch.cat([source, target])).split([len(source), len(target)])
        fake_s, same_s = self.g_ts(torch.cat([target, source])).split([len(target), len(source)])
        return Drawn(fake_t, fake_s, same_t, same_s)

    def generator_losses(self, batch: Batch, drawn: Drawn) -> Losses:
        """Terms of the generators' objective, weighted."""
        source, target = batch["source_images"], batch["target_images"]
        cycle_s, cycle_t = self.g_ts(drawn.fake_t), self.g_st(drawn.fake_s)
        adversarial = self.adversarial_loss
        losses = {  # equations 1 (its least-squares form, section 4) and 2
            "loss_g_st": adversarial.generator(self.d_t(drawn.fake_t)),
            "loss_g_ts": adversarial.generator(self.d_s(drawn.fake_s)),
            "loss_cycle": self.cycle_weight * (mean_l1(cycle_s, source) + mean_l1(cycle_t, target)),
        }
        if drawn.same_t is not None:  # section 5.2: L_identity
            same = mean_l1(drawn.same_t, target) + mean_l1(drawn.same_s, source)
            losses["loss_identity"] = self.identity_weight * same
        return losses

    def discriminator_losses(self, batch: Batch, drawn: Drawn) -> Losses:
        """Each discriminator's loss; no gradient reaches a generator."""
        return {
            "loss_d_s": self._judge(self.d_s, batch["source_images"], self.pool_s(drawn.fake_s.detach())),
            "loss_d_t": self._judge(self.d_t, batch["target_images"], self.pool_t(drawn.fake_t.detach())),
        }

    def _judge(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """One pass for both, so that several processes exchange each gradient once."""
        scores_real, scores_fake = discriminator(torch.cat([real, fake])).split([len(real), len(fake)])
        return self.adversarial_loss.discriminator(scores_real, scores_fake)


def mean_l1(drawn: Tensor, image: Tensor) -> Tensor:
    """Mean absolute difference over batch, channels and pixels, in the precision of ``image``."""
    return (drawn - image).abs().mean()
