"""The networks of DG-Net and their passes: a re-ID network of two views, and a generator that draws with its code.

Zheng et al., CVPR 2019, as released; what they learn stands in :mod:`reidzoo.methods.dgnet`.

    paper, released code              here
    E_a, a                            backbone and head; head.code(map)
    E_s, s; G                         generator.structure(grey), generator.decode(s, a)
    f_prim, f_fine                    halves of head.embed(map)
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.base.precision import at_least_float32
from reidzoo.methods.base import to_channels_last, weighted_halves
from reidzoo.methods.batch_norms import batch_statistics, normalised_apart
from reidzoo.methods.generative import frozen
from reidzoo.methods.swapping import SwapMethod
from reidzoo.methods.wrapped import bare, call
from reidzoo.models.heads.primary_fine_head import PrimaryFineHead
from reidzoo.registry import BACKBONES, GENERATORS, HEADS

#: a's appearance on b's structure, and the reverse
DIRECTIONS = 2


class Drawn(NamedTuple):
    """What a step draws once, 2n rows each; ``encoded`` is what ``codes`` were cut off from, with E_a's graph."""

    encoded: Tensor
    codes: Tensor
    structure: Tensor
    cross: Tensor
    same: Tensor
    positive: Tensor


class AppearanceAndStructure(SwapMethod):
    """Base of the methods of these three networks.

    Args:
        backbone: config from shelf BACKBONES, of the appearance encoder.
        head: a ``PrimaryFineHead``; ``in_channels`` and ``num_pids`` are filled in.
        num_pids: number of training identities.
        generator: config from shelf GENERATORS, of a network with ``structure`` and ``decode``; ``code_size`` is filled
            in.
        alpha: weight of the fine half at test, see :func:`reidzoo.methods.base.weighted_halves`; inf compares it alone,
            and is the text "inf" in configs, which keep no such number.
        data_preprocessor: see :class:`reidzoo.methods.base.ReIDMethod`.

    Raises:
        UserError: a head of another kind, an alpha out of its range.
    """

    #: rows of a step of ``--smoke``: two halves, each normalised by itself
    smoke_batch_size: ClassVar = 4

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        generator: dict[str, Any],
        alpha: float | str,
        data_preprocessor: dict[str, Any] | None,
    ):
        super().__init__(data_preprocessor)
        self.alpha = math.inf if alpha == "inf" else alpha
        weighted_halves(torch.ones(1, 2), self.alpha)  # refuses what is out of range
        self.backbone = to_channels_last(BACKBONES.build(backbone))
        self.head = HEADS.build(head, in_channels=self.backbone.out_channels, num_pids=num_pids)
        if not isinstance(self.head, PrimaryFineHead):
            raise UserError(
                f"{type(self).__name__} compares two views and draws by a code: its head is a PrimaryFineHead, got "
                f"{type(self.head).__name__}"
            )
        self.generator = to_channels_last(GENERATORS.build(generator, code_size=self.head.code_size))

    def draw(self, appearance: Tensor, structure: Tensor) -> Tensor:
        """See :class:`reidzoo.methods.swapping.SwapMethod`."""
        code = bare(self.head).code(self.backbone(appearance))
        return at_least_float32(self.generator(grey(structure), code))

    def embed(self, images: Tensor) -> Tensor:
        """Both views of images and of their mirror images, so that products are ``cos_prim + alpha cos_fine``.

        Each half has length 1, the sum of the two images' halves set to it (released code), the fine one then
        ``sqrt(alpha)``. B x 3 x H x W to B x 2 hidden.
        """
        halves = bare(self.head).embed(self.backbone(torch.cat([images, images.flip(-1)])))
        halves = F.normalize(at_least_float32(halves).unflatten(1, (2, -1)), dim=2)
        halves = F.normalize(torch.stack(halves.chunk(2)).sum(dim=0), dim=2)
        return weighted_halves(halves.flatten(1), self.alpha)

    def draw_all(self, images: Tensor, positives: Tensor, trains_encoder: bool) -> Drawn:
        """One pass of E_a for all codes, of E_s for all structures and of G for all images of a step.

        images, positives: 2n x 3 x H x W normalised. ``trains_encoder``: ``encoded`` has a graph, and ``codes`` will
        have a gradient for it.
        """
        with torch.set_grad_enabled(trains_encoder):
            with normalised_apart(self.backbone, self.head, batches=4):  # a, b, their positives
                feature_map = self.backbone(torch.cat([images, positives]))
                with torch.no_grad():
                    self.head(feature_map)  # its batch norms see whole images, too, as in the release
            encoded = bare(self.head).code(feature_map)
        codes = encoded.detach().requires_grad_(trains_encoder)
        own, positive = codes.chunk(2)
        structure = call(self.generator, "structure", grey(images))
        wanted = torch.cat([exchanged(own), own, positive])
        images = at_least_float32(call(self.generator, "decode", torch.cat([structure] * 3), wanted))
        cross, same, positive = images.chunk(3)
        return Drawn(encoded, codes, structure, cross, same, positive)

    def recognise(self, cross: Tensor) -> tuple[Tensor, Tensor]:
        """E_a's primary logits and codes of drawn images, 2n rows, by the statistics of each n and without dropout.

        It leaves no trace in the running statistics. Parameters are the caller's to freeze.
        """
        networks = (self.backbone, self.head)
        with batch_statistics(*networks), normalised_apart(*networks, batches=DIRECTIONS):
            feature_map = self.backbone(cross)
            logits = self.head(feature_map).prim_logits
        return logits, bare(self.head).code(feature_map)

    def encode_again(self, cross: Tensor) -> Tensor:
        """E_s of drawn images: it learns to read them, or they learn to be read."""
        if torch.rand(()) <= 0.5:
            return call(self.generator, "structure", grey(cross.detach()))
        with frozen(bare(self.generator).structure_encoder):
            return call(self.generator, "structure", grey(cross))


def grey(images: Tensor) -> Tensor:
    """What E_s sees: B x 3 x H x W to B x 1 x H x W, the plain mean of the normalised channels."""
    return images.mean(dim=1, keepdim=True)


def exchanged(rows: Tensor) -> Tensor:
    """What belongs to a in the place of b, and the reverse: 2n rows, halves exchanged."""
    return rows.roll(len(rows) // 2, dims=0)
