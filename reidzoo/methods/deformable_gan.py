"""Deformable GAN: Siarohin, Sangineto, Lathuilière & Sebe, "Deformable GANs for Pose-Based Human Image Generation",
CVPR 2018 (arXiv:1801.00055), from the released code.

    released code                       here
    x_a, P(x_a), H_a                    batch["source_images"], batch["source_points"], heat maps within the networks
    x_b, P(x_b), H_b                    batch["target_images"], batch["target_points"]
    x^ = G(x_a, H_a, H_b)               drawn
    D(x_a, H_a, x, H_b), a probability  sigmoid of d's scores
    L_adv                               VanillaGANLoss, non-saturating
    L_NN, m                             NearestNeighbourLoss, window
    C, block1_conv2 of VGG-19           features, feature_layer
    0.01, weight of L_NN                reconstruction_weight

**Losses.** The released code adds 1e-7 to each probability before its logarithm, which bounds a term at 16.1; here the
loss is read from raw scores, equal but where D is surer than that, and with a gradient there.

**The four objectives** of the authors' ablation are options of one class: ``baseline`` (a generator that is not
``deformable``) and ``dsc`` (one that is) with L1 on pixels x 100; ``feature``, L1 on block2_conv1 x 0.5; ``full``, the
nearest-neighbour loss on block1_conv2 x 0.01. These weights are for Caffe's VGG, which sees bytes; torchvision's sees
images of unit deviation and answers more weakly, so that its weights have to be larger.

**A step** of the released code draws three batches: real pairs for D, pairs to draw fakes for D, pairs for G. Here one
batch serves all three and its fakes are drawn once: D learns on them first, then G is judged by that D. A step reads a
third as much and spares one of G's two passes; it sees a third as many pairs, and D its real and fake ones in pairs.
"""

from __future__ import annotations

from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import UserError, require_at_least
from reidzoo.base.pose_maps import present
from reidzoo.base.skeletons import TORSO
from reidzoo.methods.base import to_channels_last
from reidzoo.methods.generative import frozen
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.models.early_layer import EarlyLayer
from reidzoo.registry import BACKBONES, DISCRIMINATORS, GENERATORS, LOSSES, METHODS

Batch = dict[str, Tensor]
Losses = dict[str, Tensor]


@METHODS.register
class DeformableGAN(PoseTransferMethod):
    """A generator whose skips follow the body's parts, a discriminator of pairs, and a distance to the photograph.

    Args:
        generator: config from shelf GENERATORS, of a network that draws persons in other poses.
        discriminator: config from shelf DISCRIMINATORS, of a network that judges a pair with its poses.
        reconstruction_loss: config from shelf LOSSES, of the distance between what is drawn and the photograph.
        reconstruction_weight: of that distance; L_adv has 1.
        features: config from shelf BACKBONES: the distance is between what this network sees; None compares pixels. It
            does not learn, and is given images normalised as ``ImagePreprocessor`` does by default.
        feature_layer: the network's layer to compare at, as its modules are called.
        adversarial_loss: config from shelf LOSSES; by default cross-entropy, non-saturating.
        data_preprocessor: see :class:`reidzoo.methods.pose_transfer.PoseTransferMethod`.

    Raises:
        UserError: a negative weight, features without a layer or the reverse, or a layer that is not there.
    """

    def __init__(
        self,
        generator: dict[str, Any],
        discriminator: dict[str, Any],
        reconstruction_loss: dict[str, Any],
        reconstruction_weight: float,
        features: dict[str, Any] | None = None,
        feature_layer: str | None = None,
        adversarial_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(data_preprocessor)
        require_at_least(0, self, reconstruction_weight=reconstruction_weight)
        if (features is None) != (feature_layer is None):
            raise UserError(
                "DeformableGAN compares images by features and feature_layer together, got "
                f"features={features!r}, feature_layer={feature_layer!r}: give both, or neither to compare pixels"
            )
        self.reconstruction_weight = reconstruction_weight
        self.g = to_channels_last(GENERATORS.build(generator))
        self.d = to_channels_last(DISCRIMINATORS.build(discriminator))
        self.reconstruction_loss = LOSSES.build(reconstruction_loss)
        self.adversarial_loss = LOSSES.build(adversarial_loss or {"type": "VanillaGANLoss"})
        self.features, self.feature_preprocessor = None, None
        if features is not None:
            self.features = to_channels_last(EarlyLayer(BACKBONES.build(features), feature_layer))
            self.feature_preprocessor = METHODS.build({"type": "ImagePreprocessor"})
            start = f"weights '{features['weights']}'" if features.get("weights") else "weights drawn at random"
            print_log(f"DeformableGAN compares images by '{feature_layer}' of {features['type']}, {start}", "current")

    def optimized(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.g], "discriminator": [self.d]}

    def forward(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> Tensor:
        """Normalised images B x 3 x H x W in other poses, in (-1, 1)."""
        return self.g(images, source_points, target_points)

    def check(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> None:
        """As the base's; and both shoulders and hips are needed, which say how large a person is.

        Raises:
            UserError: see :meth:`repose`, or an incomplete torso.
        """
        super().check(images, source_points, target_points)
        for name, points in (("source_points", source_points), ("target_points", target_points)):
            incomplete = (~present(points)[:, list(TORSO)].all(dim=1)).nonzero().flatten().tolist()
            if incomplete:
                raise UserError(
                    f"DeformableGAN needs both shoulders and hips, which {len(incomplete)} of {len(points)} poses in "
                    f"{name} lack, first number {incomplete[0]}: leave such images out"
                )

    def train_step(self, data: Batch, optim_wrapper: OptimWrapperDict) -> Losses:
        """The discriminator's update, then the generator's, on the same fakes."""
        batch = self.data_preprocessor(data, True)
        generator = optim_wrapper["generator"]
        with generator.optim_context(self):
            drawn = self(batch["source_images"], batch["source_points"], batch["target_points"])
        d_losses = self.update_discriminator(batch, drawn.detach(), optim_wrapper["discriminator"])
        return {**d_losses, **self.update_generator(batch, drawn, generator)}

    def update_discriminator(self, batch: Batch, drawn: Tensor, discriminator: OptimWrapper) -> Losses:
        """One step of D on the photographs and on images without a gradient."""
        with discriminator.optim_context(self):
            losses = self.discriminator_losses(batch, drawn)
        discriminator.update_params(sum(losses.values()))
        return losses

    def update_generator(self, batch: Batch, drawn: Tensor, generator: OptimWrapper) -> Losses:
        """One step of G on what it drew; D judges and does not learn."""
        with frozen(self.d), generator.optim_context(self):
            losses = self.generator_losses(batch, drawn)
        generator.update_params(sum(losses.values()))
        return losses

    def discriminator_losses(self, batch: Batch, drawn: Tensor) -> Losses:
        """``-mean log D(real) - mean log(1 - D(fake))``, from one pass for both."""
        pairs = [
            torch.cat([first, second])
            for first, second in zip(self._pair(batch, batch["target_images"]), self._pair(batch, drawn), strict=True)
        ]
        real, fake = self.d(*pairs).chunk(2)
        return {"loss_d": self.adversarial_loss.discriminator(real, fake)}

    def generator_losses(self, batch: Batch, drawn: Tensor) -> Losses:
        """``-mean log D(fake)``, and the weighted distance to the photographs."""
        distance = self.reconstruction_loss(self.seen(drawn), self.seen(batch["target_images"]))
        return {
            "loss_g": self.adversarial_loss.generator(self.d(*self._pair(batch, drawn))),  # L_adv
            "loss_reconstruction": self.reconstruction_weight * distance,  # 0.01 L_NN, or L1
        }

    def seen(self, images: Tensor) -> Tensor:
        """What is compared of normalised images: they themselves, or the map of the features' layer."""
        if self.features is None:
            return images
        pixels, trained = self.data_preprocessor, self.feature_preprocessor
        return self.features((images * pixels.std + pixels.mean - trained.mean) / trained.std)

    def _pair(self, batch: Batch, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What D is shown of images in the target poses."""
        return batch["source_images"], batch["source_points"], images, batch["target_points"]
