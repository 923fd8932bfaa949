"""SPGAN: Deng, Zheng, Ye, Kang, Yang & Jiao, "Image-Image Domain Adaptation with Preserved Self-Similarity and
Domain-Dissimilarity for Person Re-identification", CVPR 2018 (arXiv:1711.07027).

CycleGAN with the identity mapping, and a small Siamese network that compares images. An image and its translation are a
positive pair (self-similarity); source and target share no person, so pairs across domains are negative
(domain-dissimilarity). What the paper adds:

    paper                        here
    x_S, x_T                     batch["source_images"], batch["target_images"]
    G(x_S), F(x_T)               drawn.fake_t, drawn.fake_s
    SiaNet M                     siamese
    L_con, margin m              contrastive_loss, its margin
    lambda_1, lambda_2           cycle_weight 10, identity_weight 5
    lambda_3                     contrastive_weight 2

Paper and releases differ in the pairs (``pair_mode``), and so in whether the generators feel the negative ones at all.
Positive are always (x_S, G(x_S)) and (x_T, F(x_T)). With p and n for the sums of positive and negative pairs, L_con is

    pair_mode   for the generators                                   for M
    paper       (p + n) / 4,     n: (G(x_S), x_T), (F(x_T), x_S)     the same
    torch       (p + n / 2) / 4, n: the same pairs                   (p + 2 n) / 3, n: (x_S, x_T)
    tf          (p + 2 n) / 3,   n: (x_S, x_T), without a gradient   the same

The mean of mode ``paper`` is ours: the paper does not say how pairs are weighted. The authors' PyTorch code trains M
from its second epoch on, lets M into the generators' loss from the third on, and updates the generators in every second
step; their TensorFlow code does either from the start, and updates the generators in every step (``siamese_from``,
``contrastive_from``, ``generator_every``; the defaults are its schedule).
In both, M's dropout is active in every pass. Here M learns last in a step; PyTorch's release has it before the
discriminators, whose losses do not depend on it. ``pair_mode`` and the form of the Siamese network are independent
switches; each release has one of both.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from mmengine.optim import OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import UserError, require_at_least
from reidzoo.methods.base import to_channels_last
from reidzoo.methods.cyclegan import Batch, CycleGAN, Drawn, Losses
from reidzoo.registry import DISCRIMINATORS, LOSSES, METHODS

PAIR_MODES = ("torch", "tf", "paper")


@METHODS.register
class SPGAN(CycleGAN):
    """CycleGAN, and a Siamese network that its generators must not surprise.

    Args:
        generator: as in :class:`reidzoo.methods.cyclegan.CycleGAN`.
        discriminator: as there.
        siamese: config from shelf DISCRIMINATORS of a network whose features are unit vectors.
        cycle_weight: lambda_1.
        identity_weight: lambda_2.
        contrastive_weight: lambda_3.
        contrastive_loss: config from shelf LOSSES, applied to two B x D features and whether they are a positive pair;
            by default with the paper's best margin 2.
        pair_mode: ``torch``, ``tf`` or ``paper``, see above.
        siamese_from: steps before M learns.
        contrastive_from: steps before M has a say in the generators' loss.
        generator_every: the generators are updated in every n-th step.
        pool_size: as in CycleGAN.
        adversarial_loss: as there.
        data_preprocessor: as there.

    Raises:
        UserError: a negative weight or number of steps, another pair mode.
    """

    smoke: ClassVar = {"siamese_from": 0, "contrastive_from": 1, "generator_every": 1}  # two steps meet every term

    def __init__(
        self,
        generator: dict[str, Any],
        discriminator: dict[str, Any],
        siamese: dict[str, Any],
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        contrastive_weight: float = 2.0,
        contrastive_loss: dict[str, Any] | None = None,
        pair_mode: str = "torch",
        siamese_from: int = 0,
        contrastive_from: int = 0,
        generator_every: int = 1,
        pool_size: int = 50,
        adversarial_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(
            generator,
            discriminator,
            cycle_weight,
            identity_weight,
            pool_size,
            adversarial_loss,
            data_preprocessor=data_preprocessor,
        )
        if pair_mode not in PAIR_MODES:
            raise UserError(f"SPGAN knows pair_mode {', '.join(PAIR_MODES)}, got '{pair_mode}'")
        require_at_least(0, self, contrastive_weight=contrastive_weight)
        require_at_least(0, self, siamese_from=siamese_from, contrastive_from=contrastive_from)
        require_at_least(1, self, generator_every=generator_every)
        self.contrastive_weight, self.pair_mode = contrastive_weight, pair_mode
        self.siamese_from, self.contrastive_from = siamese_from, contrastive_from
        self.generator_every = generator_every
        self.siamese = to_channels_last(DISCRIMINATORS.build(siamese))
        self.contrastive_loss = LOSSES.build(contrastive_loss or {"type": "ContrastiveLoss", "margin": 2.0})
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))  # steps done; resumed runs continue it

    def optimized(self) -> dict[str, list[nn.Module]]:
        return {**super().optimized(), "siamese": [self.siamese]}

    def judges(self) -> tuple[nn.Module, ...]:
        return *super().judges(), self.siamese

    def train_step(self, data: Batch, optim_wrapper: OptimWrapperDict) -> Losses:
        """CycleGAN's two updates, the generators' not in every step, and that of M."""
        batch = self.data_preprocessor(data, True)
        step = int(self.steps)
        if step == 0:
            with torch.no_grad(), optim_wrapper["siamese"].optim_context(self):
                self.siamese(batch["source_images"])  # refuses images of another size now, and not after the warm-up
        if step % self.generator_every == 0:
            drawn, losses = self.update_generators(batch, optim_wrapper["generators"])
        else:
            with torch.no_grad(), optim_wrapper["generators"].optim_context(self):
                drawn, losses = self.draw(batch, with_same=False), {}
        losses |= self.update_discriminators(batch, drawn, optim_wrapper["discriminators"])
        if step >= self.siamese_from:
            siamese = optim_wrapper["siamese"]
            with siamese.optim_context(self):
                loss = self.siamese_loss(batch, drawn)
            siamese.update_params(loss)
            losses["loss_siamese"] = loss
        self.steps += 1
        return losses

    def generator_losses(self, batch: Batch, drawn: Drawn) -> Losses:
        """Terms of the generators' objective, weighted."""
        losses = super().generator_losses(batch, drawn)
        if self.contrastive_weight and self.steps >= self.contrastive_from:
            # lambda_3 L_con
            losses["loss_contrastive"] = self.contrastive_weight * self.contrast(batch, drawn, for_generators=True)
        return losses

    def siamese_loss(self, batch: Batch, drawn: Drawn) -> Tensor:
        """M's own objective; no gradient reaches a generator."""
        detached = Drawn(drawn.fake_t.detach(), drawn.fake_s.detach(), None, None)
        return self.contrast(batch, detached, for_generators=False)

    def contrast(self, batch: Batch, drawn: Drawn, *, for_generators: bool) -> Tensor:
        """L_con over the pairs of ``pair_mode``, a scalar."""
        images = torch.cat([batch["source_images"], batch["target_images"], drawn.fake_t, drawn.fake_s])
        x_s, x_t, fake_t, fake_s = self.siamese(images).chunk(4)
        loss = self.contrastive_loss
        positive = loss(x_s, fake_t, same=True) + loss(x_t, fake_s, same=True)  # p: (x_S, G(x_S)), (x_T, F(x_T))
        if self.pair_mode == "tf" or (self.pair_mode == "torch" and not for_generators):
            return (positive + 2 * loss(x_s, x_t, same=False)) / 3  # n: (x_S, x_T)
        negative = loss(fake_t, x_t, same=False) + loss(fake_s, x_s, same=False)  # n: (G(x_S), x_T), (F(x_T), x_S)
        return (positive + (negative if self.pair_mode == "paper" else negative / 2)) / 4
