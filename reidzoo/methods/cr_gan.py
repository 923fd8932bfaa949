"""CR-GAN: Chen, Zhu & Gong, "Instance-Guided Context Rendering for Cross-Domain Person Re-Identification", ICCV 2019.

Persons of the source, whose identities are known, are drawn in front of the backgrounds of target images, and a re-ID
network learns from what is drawn. A target image does not stand for a style; it is the context itself, so one person
can be seen in as many contexts as the target has images. There is no official code. This file follows the formulas of
the authors' poster:

    poster                                            here
    X_S, X_T                                          batch["source_images"], batch["target_images"]
    y_j, identity of X_S                              batch["source_pids"]
    y_c, camera of X_T                                batch["target_camids"]
    X_G = G(X_S, X_T)                                 drawn.image
    log D_d(X_T) + log(1 - D_d(X_G))                  loss_d, loss_g; D_d: patch scores of d
    -log p(y_c | X_G)                                 loss_camera; D_c: camera logits of d, trained by loss_d_camera
    -log p(y_j | X_G)                                 loss_id; p: the network ``identity``
    ||(X_G - X_S) o M_F||_2 + ||(X_G - X_T) o M_B||_2   loss_context

Public notes on the paper add that X_T is seen without its person, and that ``X_G = X_C X_S + (1 - X_C) X_R`` of a
rendering X_R and an attention X_C (drawn.rendering, drawn.attention).

**What is ours**, for want of a source, and kept to one choice each but for the named switches:

* The networks: :class:`reidzoo.models.generators.CRGANGenerator` and
  :class:`reidzoo.models.discriminators.CameraDiscriminator`.
* M_F is the person in X_S, M_B the rest of X_S: the poster says foreground and background, not of which image. So X_G
  is to equal X_T also where that has its own person, whom G does not see; ``context_background="both"`` leaves these
  places to D_d alone.
* The person of X_T is painted over in the mean colour, 0 after normalising, before G sees X_T; D_d sees it whole.
* Norms are divided by the root of the number of values (:class:`reidzoo.losses.MaskedNormLoss`).
* G plays the non-saturating game (``dict(type="VanillaGANLoss", game="minimax")`` is the poster's line to the letter).
* p(y | X) is a re-ID method that was trained on the source before, fixed; it is not trained along.
* Weights of the terms: 1, 1, 1, and 10 for the context; D weighs its two tasks like G.
* X_C has no term of its own unless ``attention_loss`` names one (GANimation's, in the shipped configs): without the
  context loss, X_C = 1 copies the source, and that pleases p(y | X).
* In a step D learns first, on what G drew, then G is judged by that D.
* Pairs are drawn as :class:`reidzoo.data.datasets.UnpairedImages` does, images alike and not cameras.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import UserError, require_at_least
from reidzoo.methods.base import to_channels_last
from reidzoo.methods.generative import frozen
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.methods.trained import TrainedMethod
from reidzoo.models.generators.crgan_generator import CRGANOutput
from reidzoo.registry import DISCRIMINATORS, GENERATORS, LOSSES, METHODS

Batch = dict[str, Tensor]
Losses = dict[str, Tensor]

BACKGROUNDS = ("source", "both")


@METHODS.register
class CRGAN(RenderingMethod):
    """A generator guided by a target image, a discriminator that also tells cameras, and a classifier of identities.

    A weight of 0 leaves a term out, and the part of a network that only this term needs. Without the adversarial and
    the camera term there is no discriminator, and ``optim_wrapper`` has the entry ``generator`` alone.

    Args:
        generator: config from shelf GENERATORS, of a network that gives a ``CRGANOutput``.
        discriminator: config from shelf DISCRIMINATORS, of a network that gives a ``CameraJudgement``; ``num_cams`` and
            ``patches`` are filled in. None where no term needs it.
        num_pids: number of the source's identities; the tools read it from the data set. None without the identity
            term.
        num_target_cams: number of the target's cameras; the tools read it from the data set. None without the camera
            term.
        identity: config from shelf METHODS, of the re-ID method that gives p(y | X); None without the identity term.
        identity_weights: its checkpoint, trained on the source; None leaves it random (``--smoke``).
        adversarial_weight: of the adversarial terms.
        id_weight: of the identity term.
        camera_weight: of the camera terms.
        context_weight: of the context term.
        context_background: M_B is "source", what is not the person of X_S, or "both", what is no person in either.
        adversarial_loss: config from shelf LOSSES; by default cross-entropy, non-saturating.
        attention_loss: config from shelf LOSSES, applied to X_C; None for none.
        data_preprocessor: see :class:`reidzoo.methods.rendering.RenderingMethod`.

    Raises:
        UserError: a negative weight or none above 0, another background, a term without what it needs; in a step: no
            masks, masks of another size, no cameras or one too many.
    """

    only_drawing: ClassVar = {"adversarial_weight": 0.0, "id_weight": 0.0, "camera_weight": 0.0, "context_weight": 1.0}

    def __init__(
        self,
        generator: dict[str, Any],
        discriminator: dict[str, Any] | None = None,
        num_pids: int | None = None,
        num_target_cams: int | None = None,
        identity: dict[str, Any] | None = None,
        identity_weights: str | None = None,
        adversarial_weight: float = 1.0,
        id_weight: float = 1.0,
        camera_weight: float = 1.0,
        context_weight: float = 10.0,
        context_background: str = "source",
        adversarial_loss: dict[str, Any] | None = None,
        attention_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(data_preprocessor)
        self.adversarial_weight, self.id_weight = adversarial_weight, id_weight
        self.camera_weight, self.context_weight = camera_weight, context_weight
        self._require_weights()
        self._require_parts(
            adversarial_weight={"discriminator": discriminator},
            id_weight={"identity": identity, "num_pids": num_pids},
            camera_weight={"discriminator": discriminator, "num_target_cams": num_target_cams},
        )
        if context_background not in BACKGROUNDS:
            raise UserError(f"CRGAN knows context_background {' and '.join(BACKGROUNDS)}, got '{context_background}'")
        self.context_background = context_background
        self.num_target_cams = num_target_cams if camera_weight else None
        self.g = to_channels_last(GENERATORS.build(generator))
        self.d = None
        if adversarial_weight or camera_weight:
            judges = {"num_cams": self.num_target_cams, "patches": adversarial_weight > 0}
            self.d = to_channels_last(DISCRIMINATORS.build(discriminator, **judges))
        self.identity = None
        if id_weight:
            self.identity = TrainedMethod(
                identity, identity_weights, num_pids, "identity classifier", preprocessor=self.data_preprocessor
            )
        self.adversarial_loss = LOSSES.build(adversarial_loss or {"type": "VanillaGANLoss"})
        self.context_loss = LOSSES.build({"type": "MaskedNormLoss"})
        self.cross_entropy = LOSSES.build({"type": "CrossEntropy"})
        self.attention_loss = None if attention_loss is None else LOSSES.build(attention_loss)

    def optimized(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.g], **({} if self.d is None else {"discriminator": [self.d]})}

    def draw(self, source_images: Tensor, target_images: Tensor, target_masks: Tensor) -> CRGANOutput:
        """``G(X_S, X_T)``, the person of X_T masked out; arguments as in :meth:`forward`."""
        return self.g(source_images, target_images * (1 - target_masks))

    def forward(
        self, source_images: Tensor, source_masks: Tensor, target_images: Tensor, target_masks: Tensor
    ) -> Tensor:
        """X_G alone; where the person of X_S is, G finds itself, and ``source_masks`` are not looked at."""
        return self.draw(source_images, target_images, target_masks).image

    def train_step(self, data: Batch, optim_wrapper: OptimWrapperDict) -> Losses:
        """The discriminator's update, then the generator's, on the same images."""
        self._require_batch(data)
        batch = self.data_preprocessor(data, True)
        generator = optim_wrapper["generator"]
        with generator.optim_context(self):
            drawn = self.draw(batch["source_images"], batch["target_images"], batch["target_masks"])
        losses = {}
        if self.d is not None:
            losses |= self.update_discriminator(batch, drawn.image.detach(), optim_wrapper["discriminator"])
        losses |= self.update_generator(batch, drawn, generator)
        return {**losses, "attention": drawn.attention.detach().float().mean()}

    def update_discriminator(self, batch: Batch, image: Tensor, discriminator: OptimWrapper) -> Losses:
        """One step of D on target images and on drawn ones without a gradient."""
        with discriminator.optim_context(self):
            losses = self.discriminator_losses(batch, image)
        discriminator.update_params(sum(losses.values()))
        return losses

    def update_generator(self, batch: Batch, drawn: CRGANOutput, generator: OptimWrapper) -> Losses:
        """One step of G on what it drew; D judges and does not learn."""
        with frozen(*(() if self.d is None else (self.d,))), generator.optim_context(self):
            losses = self.generator_losses(batch, drawn)
        generator.update_params(sum(losses.values()))
        return losses

    def discriminator_losses(self, batch: Batch, image: Tensor) -> Losses:
        """D's terms, weighted, from one pass for real and drawn images."""
        real, losses = batch["target_images"], {}
        judged = self.d(torch.cat([real, image]) if self.adversarial_weight else real)
        if self.adversarial_weight:  # -log D_d(X_T) - log(1 - D_d(X_G))
            loss = self.adversarial_loss.discriminator(*judged.scores.chunk(2))
            losses["loss_d"] = self.adversarial_weight * loss
        if self.camera_weight:  # -log p(y_c | X_T)
            loss = self.cross_entropy(judged.camera_logits[: len(real)], batch["target_camids"])
            losses["loss_d_camera"] = self.camera_weight * loss
        return losses

    def generator_losses(self, batch: Batch, drawn: CRGANOutput) -> Losses:
        """G's terms, weighted."""
        losses = {}
        judged = None if self.d is None else self.d(drawn.image)
        if self.adversarial_weight:  # -log D_d(X_G)
            losses["loss_g"] = self.adversarial_weight * self.adversarial_loss.generator(judged.scores)
        if self.camera_weight:  # -log p(y_c | X_G)
            loss = self.cross_entropy(judged.camera_logits, batch["target_camids"])
            losses["loss_camera"] = self.camera_weight * loss
        if self.id_weight:  # -log p(y_j | X_G)
            loss = self.cross_entropy(self.identity(drawn.image), batch["source_pids"])
            losses["loss_id"] = self.id_weight * loss
        if self.context_weight:  # ||(X_G - X_S) o M_F||_2 + ||(X_G - X_T) o M_B||_2
            foreground, background = self.parts(batch["source_masks"], batch["target_masks"])
            loss = self.context_loss(drawn.image, batch["source_images"], foreground)
            loss = loss + self.context_loss(drawn.image, batch["target_images"], background)
            losses["loss_context"] = self.context_weight * loss
        if self.attention_loss is not None:
            losses["loss_attention"] = self.attention_loss(drawn.attention)
        return losses

    def parts(self, source_masks: Tensor, target_masks: Tensor) -> tuple[Tensor, Tensor]:
        """M_F and M_B, B x 1 x H x W, from the masks of the persons."""
        background = 1 - source_masks
        return source_masks, background * (1 - target_masks) if self.context_background == "both" else background

    def _require_weights(self) -> None:
        names = ("adversarial_weight", "id_weight", "camera_weight", "context_weight")
        require_at_least(0, self, **{name: getattr(self, name) for name in names})
        if not any(getattr(self, name) for name in names):
            raise UserError(f"CRGAN has nothing to learn from: {', '.join(names)} are all 0, raise one")

    def _require_parts(self, **needed: dict[str, Any]) -> None:
        for weight, parts in needed.items():
            for part, value in parts.items():
                if getattr(self, weight) and value is None:
                    raise UserError(
                        f"CRGAN needs {part} for its term of {weight}={getattr(self, weight)}, got None: name it, or "
                        "set the weight to 0"
                    )

    def _require_batch(self, data: Batch) -> None:
        for domain in ("source", "target"):
            masks, images = data.get(f"{domain}_masks"), data[f"{domain}_images"]
            if masks is None:
                raise UserError(
                    f"CRGAN needs masks of the persons, got none of the {domain}: begin the transforms there with "
                    "LoadMask (files) or EllipseMask (a prior)"
                )
            if masks.shape != (len(images), 1, *images.shape[2:]):
                raise UserError(
                    f"CRGAN needs masks of the size of their images, got {tuple(masks.shape)} for {domain}_images of "
                    f"{tuple(images.shape)}: put the mask first among the transforms, so that it moves along"
                )
        if self.num_target_cams is not None:
            camids = data.get("target_camids")
            if camids is None or not 0 <= int(camids.min()) <= int(camids.max()) < self.num_target_cams:
                got = "none" if camids is None else f"{camids.tolist()}"
                raise UserError(
                    f"CRGAN needs target_camids of 0 to {self.num_target_cams - 1} for its camera term, got {got}: "
                    "take a target that tells its cameras, correct num_target_cams, or set camera_weight=0"
                )
