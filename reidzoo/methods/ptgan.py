"""PTGAN: Wei, Zhang, Gao & Tian, "Person Transfer GAN to Bridge Domain Gap for Person Re-Identification", CVPR 2018
(arXiv:1711.08565).

CycleGAN whose fakes keep the person: change inside a mask of the foreground costs. What the paper adds:

    paper                                  here
    M(a), M(b): foreground masks           batch["source_masks"], batch["target_masks"]
    L_ID                                   foreground_weight * foreground_change
    G(a), F(b)                             drawn.fake_t, drawn.fake_s

There is no identity mapping. The paper has the norm of the masked difference, the released code the mean of the masked
squared difference with the weight 10 (``foreground_norm``). The released code flips and crops images and not their
masks, so that the two lie up to 30 pixels apart and are mirrored half of the time; here both go through the same draw
(transform ``LoadMask``).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reidzoo.base.errors import UserError, require_at_least
from reidzoo.methods.cyclegan import Batch, CycleGAN, Drawn, Losses
from reidzoo.registry import METHODS

NORMS = ("squared", "l2")


@METHODS.register
class PTGAN(CycleGAN):
    """CycleGAN with a foreground term in the place of the identity mapping; batches need masks.

    Args:
        generator: as in :class:`reidzoo.methods.cyclegan.CycleGAN`.
        discriminator: as there.
        cycle_weight: as there.
        foreground_weight: of the foreground term, 10 in the released code; that is for the squared norm, and what suits
            ``l2`` is yours to find.
        foreground_norm: ``squared``, the mean over pixels of the masked squared difference (released code), or ``l2``,
            the root of that mean for each image (paper, but for a factor: its norm grows with the image's size).
        pool_size: as in CycleGAN.
        adversarial_loss: as there.
        data_preprocessor: as there.

    Raises:
        UserError: a negative weight, another norm; in a step: a batch without masks.
    """

    def __init__(
        self,
        generator: dict[str, Any],
        discriminator: dict[str, Any],
        cycle_weight: float = 10.0,
        foreground_weight: float = 10.0,
        foreground_norm: str = "squared",
        pool_size: int = 50,
        adversarial_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(
            generator,
            discriminator,
            cycle_weight,
            identity_weight=0.0,
            pool_size=pool_size,
            adversarial_loss=adversarial_loss,
            data_preprocessor=data_preprocessor,
        )
        require_at_least(0, self, foreground_weight=foreground_weight)
        if foreground_norm not in NORMS:
            raise UserError(f"PTGAN knows foreground_norm {' and '.join(NORMS)}, got '{foreground_norm}'")
        self.foreground_weight, self.foreground_norm = foreground_weight, foreground_norm

    def generator_losses(self, batch: Batch, drawn: Drawn) -> Losses:
        """Terms of the generators' objective, weighted."""
        unmasked = [domain for domain in ("source", "target") if f"{domain}_masks" not in batch]
        if unmasked:
            raise UserError(
                f"PTGAN needs masks of the persons in both domains, got none of the {' and the '.join(unmasked)}: "
                "begin the transforms there with a LoadMask"
            )
        change = self.foreground_change(drawn.fake_t, batch["source_images"], batch["source_masks"])
        change = change + self.foreground_change(drawn.fake_s, batch["target_images"], batch["target_masks"])  # L_ID
        return {**super().generator_losses(batch, drawn), "loss_foreground": self.foreground_weight * change}

    def foreground_change(self, fake: Tensor, image: Tensor, mask: Tensor) -> Tensor:
        """How much of the person a fake changed: ``||(G(a) - a) o M(a)||``.

        fake, image: B x 3 x H x W. mask: B x 1 x H x W, 1 on the person, 0 elsewhere. Returns a scalar.
        """
        change = mask * (fake - image)
        if self.foreground_norm == "squared":
            return change.square().mean()
        return (torch.linalg.vector_norm(change, dim=(1, 2, 3)) / change[0].numel() ** 0.5).mean()
