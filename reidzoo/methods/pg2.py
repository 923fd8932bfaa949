"""PG2: Ma, Jia, Sun, Schiele, Tuytelaars & Van Gool, "Pose Guided Person Image Generation", NIPS 2017
(arXiv:1705.09368): first where the body goes, then what it looks like.

Two stages of one config each. Stage I teaches G1 to draw the person of an image in another pose; its L1 loss leaves the
image blurred. Stage II starts from stage I's checkpoint (``load_from``, ``allow_partial_load=["g2.", "d."]``), leaves
G1 as it is, and teaches G2 what to add, against a discriminator D.

    paper                       here
    I_A, P_A                    batch["source_images"], batch["source_points"]
    I_B, P_B                    batch["target_images"], batch["target_points"]
    M_B                         person_masks(P_B)
    G1, G2, D                   g1, g2, d
    I_B1, I_B2 (with hats)      coarse, refined
    L_G1, section 3.1           PoseMaskLoss
    L_D, L_G, section 3.2       PG2StageTwo.discriminator_losses, generator_losses
    lambda                      reconstruction_weight

Where paper and released code differ, the default is the code's: **the discriminator** of the paper sees a pair, the
source and an image of its person (``discriminator_form="pair"``). That of the code sees single images in one pass whose
batch norms they share, and takes the source for a fake, too ("triplet"), so that G2 cannot please it with a copy of the
source. **lambda** has no value in the paper; the code has 10 for Market-1501 and 50 for DeepFashion.

Released code updates G2 and D on batches of their own; here both see the same batch and fakes, drawn once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import UserError, nearest, require_at_least
from reidzoo.base.pose_masks import pose_mask
from reidzoo.base.precision import at_least_float32
from reidzoo.methods.base import to_channels_last
from reidzoo.methods.generative import frozen
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.registry import DISCRIMINATORS, GENERATORS, LOSSES, METHODS

Batch = dict[str, Tensor]
Losses = dict[str, Tensor]

#: what D is shown; see :class:`PG2StageTwo`
DISCRIMINATOR_FORMS = ("triplet", "triplet-without-coarse", "pair")


@METHODS.register
class PG2StageOne(PoseTransferMethod):
    """G1 alone: close to the photograph, and twice as close where the person is.

    Args:
        generator: config from shelf GENERATORS, of a network that draws people in other poses.
        data_preprocessor: see :class:`reidzoo.methods.pose_transfer.PoseTransferMethod`.
    """

    def __init__(self, generator: dict[str, Any], data_preprocessor: dict[str, Any] | None = None):
        super().__init__(data_preprocessor)
        self.g1 = to_channels_last(GENERATORS.build(generator))
        self.reconstruction_loss = LOSSES.build({"type": "PoseMaskLoss"})

    def optimized(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.g1]}

    def forward(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> Tensor:
        """Normalised images B x 3 x H x W in other poses; linear, not held to [-1, 1]."""
        return at_least_float32(self.g1(images, source_points, target_points))

    def train_step(self, data: Batch, optim_wrapper: OptimWrapperDict) -> Losses:
        """One update of G1."""
        batch, generator = self.data_preprocessor(data, True), optim_wrapper["generator"]
        with generator.optim_context(self):
            coarse = self(batch["source_images"], batch["source_points"], batch["target_points"])
            # L_G1 = |(I_B1 - I_B) o (1 + M_B)|_1
            loss = self.reconstruction_loss(coarse, batch["target_images"], person_masks(batch))
        generator.update_params(loss)
        return {"loss_g1": loss}


class Scores(NamedTuple):
    """D's judgement of what one pass showed it: B x 1 of real images and of refined ones, N x 1 of all fakes."""

    real: Tensor
    refined: Tensor
    fake: Tensor


@METHODS.register
class PG2StageTwo(PoseTransferMethod):
    """G2 adds to what the frozen G1 draws, so that it looks real and stays close to the photograph.

    Args:
        generator: config of stage I's generator, whose weights come from its checkpoint.
        refiner: config from shelf GENERATORS, of a network from the coarse and the source image to a difference map.
        discriminator: config from shelf DISCRIMINATORS; ``in_channels`` is filled in.
        reconstruction_weight: lambda; small values let artefacts pass, large ones blur.
        discriminator_form: ``triplet`` (code for Market-1501), real is I_B, fakes are I_A and I_B2, and I_B1 only
            shares their batch statistics; ``triplet-without-coarse`` (code for DeepFashion), the same without I_B1; or
            ``pair`` (paper), real is I_B beside I_A, fake is I_B2 beside I_A.
        adversarial_loss: config from shelf LOSSES; by default cross-entropy, non-saturating, as in paper and code.
        data_preprocessor: see :class:`reidzoo.methods.pose_transfer.PoseTransferMethod`.

    Raises:
        UserError: a negative weight, or another form.
    """

    def __init__(
        self,
        generator: dict[str, Any],
        refiner: dict[str, Any],
        discriminator: dict[str, Any],
        reconstruction_weight: float = 10.0,
        discriminator_form: str = "triplet",
        adversarial_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(data_preprocessor)
        require_at_least(0, self, reconstruction_weight=reconstruction_weight)
        if discriminator_form not in DISCRIMINATOR_FORMS:
            known = nearest(discriminator_form, DISCRIMINATOR_FORMS)
            raise UserError(f"PG2StageTwo has no discriminator_form '{discriminator_form}', {known}")
        self.reconstruction_weight, self.discriminator_form = reconstruction_weight, discriminator_form
        self.g1 = to_channels_last(GENERATORS.build(generator)).requires_grad_(False)
        self.g2 = to_channels_last(GENERATORS.build(refiner))
        in_channels = 6 if discriminator_form == "pair" else 3
        self.d = to_channels_last(DISCRIMINATORS.build(discriminator, in_channels=in_channels))
        self.reconstruction_loss = LOSSES.build({"type": "PoseMaskLoss"})
        self.adversarial_loss = LOSSES.build(adversarial_loss or {"type": "VanillaGANLoss"})

    def optimized(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.g2], "discriminator": [self.d]}

    def forward(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> Tensor:
        """Normalised images B x 3 x H x W in other poses; linear, not held to [-1, 1]."""
        return self.refine(self.draw_coarse(images, source_points, target_points), images)

    def draw_coarse(self, images: Tensor, source_points: Tensor, target_points: Tensor) -> Tensor:
        """What stage I draws; no gradient."""
        with torch.no_grad():
            return at_least_float32(self.g1(images, source_points, target_points))

    def refine(self, coarse: Tensor, images: Tensor) -> Tensor:
        """Section 3.2: the coarse image plus the difference map."""
        return coarse + self.g2(coarse, images)

    def train_step(self, data: Batch, optim_wrapper: OptimWrapperDict) -> Losses:
        """G2's update, then D's on the same images.

        Raises:
            UserError: a batch of one pair.
        """
        batch = self.data_preprocessor(data, True)
        if len(batch["source_images"]) < 2:
            raise UserError(
                "PG2StageTwo got a batch of 1 pair, and the discriminator's batch norm compares several: raise "
                "train_dataloader.batch_size, or set train_dataloader.drop_last=True"
            )
        coarse, refined, g_losses = self.update_generator(batch, optim_wrapper["generator"])
        d_losses = self.update_discriminator(batch, coarse, refined.detach(), optim_wrapper["discriminator"])
        return {**g_losses, **d_losses}

    def update_generator(self, batch: Batch, generator: OptimWrapper) -> tuple[Tensor, Tensor, Losses]:
        """One step of G2, D judges and does not learn; the coarse and the refined images, and G2's losses."""
        with frozen(self.d), generator.optim_context(self):
            coarse = self.draw_coarse(batch["source_images"], batch["source_points"], batch["target_points"])
            refined = self.refine(coarse, batch["source_images"])
            losses = self.generator_losses(batch, coarse, refined)
        generator.update_params(sum(losses.values()))
        return coarse, refined, losses

    def update_discriminator(
        self, batch: Batch, coarse: Tensor, refined: Tensor, discriminator: OptimWrapper
    ) -> Losses:
        """One step of D on images without a gradient."""
        with discriminator.optim_context(self):
            losses = self.discriminator_losses(batch, coarse, refined)
        discriminator.update_params(sum(losses.values()))
        return losses

    def generator_losses(self, batch: Batch, coarse: Tensor, refined: Tensor) -> Losses:
        """Terms of G2's objective, weighted."""
        scores = self.judge(batch, coarse, refined)
        distance = self.reconstruction_loss(refined, batch["target_images"], person_masks(batch))
        return {
            "loss_g2": self.adversarial_loss.generator(scores.refined),  # -log D(I_B2)
            "loss_reconstruction": self.reconstruction_weight * distance,  # lambda |(I_B2 - I_B) o (1 + M_B)|_1
        }

    def discriminator_losses(self, batch: Batch, coarse: Tensor, refined: Tensor) -> Losses:
        """Half of the means over real and fake: 1/2, 1/4 and 1/4 of real, source and refined images in a triplet."""
        scores = self.judge(batch, coarse, refined)
        return {"loss_d": self.adversarial_loss.discriminator(scores.real, scores.fake) / 2}

    def judge(self, batch: Batch, coarse: Tensor, refined: Tensor) -> Scores:
        """One pass of D over all that share batch statistics."""
        source, target = batch["source_images"], batch["target_images"]
        if self.discriminator_form == "pair":
            pairs = torch.cat([torch.cat([source, target], dim=1), torch.cat([source, refined], dim=1)])
            real, drawn = self.d(pairs).chunk(2)
            return Scores(real, drawn, drawn)
        if self.discriminator_form == "triplet":
            real, condition, _, drawn = self.d(torch.cat([target, source, coarse, refined])).chunk(4)
        else:
            real, drawn, condition = self.d(torch.cat([target, refined, source])).chunk(3)
        return Scores(real, drawn, torch.cat([condition, drawn]))


def person_masks(batch: Batch) -> Tensor:
    """M_B: B x 1 x H x W, 1 on the person of the target pose and 0 elsewhere, in the precision of the images."""
    images = batch["target_images"]
    return pose_mask(batch["target_points"], images.shape[-2:]).to(images.dtype) / 255
