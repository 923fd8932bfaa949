"""GAN: Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville & Bengio, "Generative Adversarial Nets",
NeurIPS 2014 (arXiv:1406.2661), with convolutional networks for images of persons.

    paper                                  here
    G, D                                   g, d
    z, p_z(z)                              rows of :meth:`GAN.noise`, uniform in (-1, 1)
    x                                      batch["images"]
    D(x), a probability                    sigmoid of d's scores
    m                                      the batch size
    k = 1                                  one update of D, then one of G (algorithm 1)
    equation 1                             VanillaGANLoss(game="minimax")
    section 3, "maximize log D(G(z))"      VanillaGANLoss(game="non-saturating")

The noise of a step is drawn once: D learns to tell what G made of it, and G to make of it what D believes. Algorithm 1
draws it anew for G.

**Batch norm.** The networks have it, the paper does not. Real and fake images go through D one after the other, each
normalised by their own statistics. Every pass in training mode moves running statistics: G's, which sampling uses,
once for D's update and once for each of its own; D's, which nothing reads, also within G's update. With several
processes each normalises its own part of a batch, and the running statistics that are saved are the first process's.
"""

from __future__ import annotations

from typing import Any

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.methods.base import to_channels_last
from reidzoo.methods.generative import frozen
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.registry import DISCRIMINATORS, GENERATORS, LOSSES, METHODS

Losses = dict[str, Tensor]


@METHODS.register
class GAN(SamplingMethod):
    """One generator from noise, one discriminator: the fakes come to look as the training images do.

    Args:
        generator: config from shelf GENERATORS, of a network from noise to images.
        discriminator: config from shelf DISCRIMINATORS.
        adversarial_loss: config from shelf LOSSES; by default the minimax game of the paper.
        data_preprocessor: see :class:`reidzoo.methods.sampling.SamplingMethod`.

    Attributes:
        generator_steps: updates of G after each of D.

    Raises:
        UserError: a generator that draws from something else than noise.
    """

    generator_steps = 1
    default_loss = {"type": "VanillaGANLoss", "game": "minimax"}

    def __init__(
        self,
        generator: dict[str, Any],
        discriminator: dict[str, Any],
        adversarial_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(data_preprocessor)
        self.g = to_channels_last(GENERATORS.build(generator))
        if not hasattr(self.g, "noise_size"):
            raise UserError(
                f"{type(self).__name__} draws from noise, and {type(self.g).__name__} from images: take a generator "
                "with a noise_size, such as DCGANGenerator"
            )
        self.d = to_channels_last(DISCRIMINATORS.build(discriminator))
        self.noise_size, self.image_size = self.g.noise_size, self.g.image_size
        self.adversarial_loss = LOSSES.build(adversarial_loss or self.default_loss)

    def noise(self, count: int, rng: torch.Generator | None = None, device: torch.device | str = "cpu") -> Tensor:
        return 2 * torch.rand(count, self.noise_size, generator=rng, device=device) - 1

    def optimized(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.g], "discriminator": [self.d]}

    def forward(self, noise: Tensor) -> Tensor:
        """Noise B x D to images B x 3 x H x W in (-1, 1)."""
        return self.g(noise)

    def train_step(self, data: dict[str, Tensor], optim_wrapper: OptimWrapperDict) -> Losses:
        """The discriminator's update, then the generator's, on the same noise (algorithm 1).

        Raises:
            UserError: a batch of one image, or images of another size than the generator draws.
        """
        images = self.data_preprocessor(data, True)["images"]
        self._check(images)
        noise = self.noise(len(images), device=images.device).to(images.dtype)
        losses = self.update_discriminator(images, noise, optim_wrapper["discriminator"])
        for _ in range(self.generator_steps):
            losses |= self.update_generator(noise, optim_wrapper["generator"])
        return losses

    def update_discriminator(self, images: Tensor, noise: Tensor, discriminator: OptimWrapper) -> Losses:
        """One step of D on real images and on what G makes of ``noise``; no gradient reaches G."""
        with discriminator.optim_context(self):
            with torch.no_grad():
                fake = self.g(noise)
            losses = self.discriminator_losses(images, fake)
        discriminator.update_params(sum(losses.values()))
        return losses

    def update_generator(self, noise: Tensor, generator: OptimWrapper) -> Losses:
        """One step of G; D judges and does not learn."""
        with frozen(self.d), generator.optim_context(self):
            loss = self.adversarial_loss.generator(self.d(self.g(noise)))  # log(1 - D(G(z))), or -log D(G(z))
        generator.update_params(loss)
        return {"loss_g": loss}

    def discriminator_losses(self, real: Tensor, fake: Tensor) -> Losses:
        """Terms of D's objective; a pass for each kind, since batch norm would mix them."""
        # -log D(x) - log(1 - D(G(z)))
        return {"loss_d": self.adversarial_loss.discriminator(self.d(real), self.d(fake))}

    def _check(self, images: Tensor) -> None:
        if len(images) < 2:
            raise UserError(
                f"{type(self).__name__} got a batch of {len(images)} image, which batch norm cannot normalise: raise "
                "train_dataloader.batch_size, or set train_dataloader.drop_last=True"
            )
        size = tuple(images.shape[-2:])
        if size != self.image_size:
            raise UserError(
                f"the training images are {size[0]} x {size[1]}, and the generator draws {self.image_size[0]} x "
                f"{self.image_size[1]}: resize them, or set model.generator.image_size={size} "
                "(and the discriminator's, where it has one)"
            )
