"""Relight, an example and no paper: an embedding that learns from images in each other's light.

In a batch every image gets the light of its neighbour; a discriminator of patches compares the result with real images,
and the embedding learns to tell identities apart in both.

    x_i, x_j          images, and the same rolled by one place: whose light they take
    G(x_i, x_j)       fake
    D                 discriminator
    f, W              backbone with average pooling, classifier
"""

from __future__ import annotations

from typing import Any

import torch
from mmengine.optim import OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.methods.base import ReIDMethod, accuracy, to_channels_last
from reidzoo.methods.generative import frozen
from reidzoo.registry import BACKBONES, DISCRIMINATORS, GENERATORS, LOSSES, METHODS


@METHODS.register
class Relight(ReIDMethod):
    """A step updates the generator, the discriminator and the embedding, in this order.

    Args:
        backbone: config from shelf BACKBONES.
        generator: config from shelf GENERATORS, called with images and the images whose light they take.
        discriminator: config from shelf DISCRIMINATORS.
        num_pids: number of training identities; the tools read it from the data set.
        id_weight: weight of the identity loss in the generator's step, at least 0.
        adversarial_loss: config from shelf LOSSES, applied to scores and whether they should say real.
        id_loss: config from shelf LOSSES, applied to logits B x K and pids B.
        data_preprocessor: see :class:`reidzoo.methods.base.ReIDMethod`.

    Raises:
        UserError: a negative weight.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        generator: dict[str, Any],
        discriminator: dict[str, Any],
        num_pids: int,
        id_weight: float = 0.1,
        adversarial_loss: dict[str, Any] | None = None,
        id_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(data_preprocessor)
        if id_weight < 0:
            raise UserError(f"Relight expects id_weight of at least 0, got {id_weight}")
        self.id_weight = id_weight
        self.backbone = to_channels_last(BACKBONES.build(backbone))
        self.classifier = nn.Linear(self.backbone.out_channels, num_pids)
        self.generator = GENERATORS.build(generator)
        self.discriminator = DISCRIMINATORS.build(discriminator)
        self.adversarial_loss = LOSSES.build(adversarial_loss or {"type": "LeastSquaresScore"})
        self.id_loss = LOSSES.build(id_loss or {"type": "CrossEntropy"})

    def optimized(self) -> dict[str, list[nn.Module]]:
        """Which modules are updated together; ``optim_wrapper`` in the config has the same names."""
        return {
            "generators": [self.generator],
            "discriminators": [self.discriminator],
            "embedders": [self.backbone, self.classifier],
        }

    def train_step(self, data: dict[str, Tensor], optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """One batch, three updates."""
        batch = self.data_preprocessor(data, True)
        images, pids = batch["images"], batch["pids"]
        generators, discriminators = optim_wrapper["generators"], optim_wrapper["discriminators"]
        embedders = optim_wrapper["embedders"]
        with frozen(self.discriminator, self.backbone, self.classifier), generators.optim_context(self):
            fake = self.generator(images, images.roll(1, 0))
            g_losses = self.generator_losses(fake, pids)
        generators.update_params(sum(g_losses.values()))
        fake = fake.detach()
        with discriminators.optim_context(self):
            d_losses = self.discriminator_losses(images, fake)
        discriminators.update_params(sum(d_losses.values()))
        with embedders.optim_context(self):
            id_losses = self.losses(torch.cat([images, fake]), pids.repeat(2))
        embedders.update_params(id_losses["loss_id"])
        return {**g_losses, **d_losses, **id_losses}

    def generator_losses(self, fake: Tensor, pids: Tensor) -> dict[str, Tensor]:
        """Relit images look real to D and stay who they are."""
        return {
            "loss_generator": self.adversarial_loss(self.discriminator(fake), True),
            "loss_generator_id": self.id_weight * self.id_loss(self.logits(fake), pids),
        }

    def discriminator_losses(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Both halves in one pass, so that several processes exchange each gradient once."""
        scores_real, scores_fake = self.discriminator(torch.cat([real, fake])).chunk(2)
        return {
            "loss_discriminator_real": self.adversarial_loss(scores_real, True),
            "loss_discriminator_fake": self.adversarial_loss(scores_fake, False),
        }

    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        logits = self.logits(images)
        return {"loss_id": self.id_loss(logits, pids), "accuracy": accuracy(logits, pids)}

    def logits(self, images: Tensor) -> Tensor:
        """B x 3 x H x W normalised to B x num_pids."""
        return self.classifier(self.embed(images))

    def embed(self, images: Tensor) -> Tensor:
        return self.backbone(images).mean((2, 3))

    def relight(self, images: Tensor, light_of: Tensor) -> Tensor:
        """What people call: B x 3 x H x W uint8 RGB images in the light of others, as uint8 again."""
        processor = self.data_preprocessor
        normalised = (processor({"images": stack})["images"] for stack in (images, light_of))
        relit = self.generator(*normalised) * processor.std + processor.mean
        return relit.round().clamp(0, 255).byte()
