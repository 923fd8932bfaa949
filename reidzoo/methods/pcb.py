"""PCB and RPP: Sun, Zheng, Yang, Tian, Wang, "Beyond Part Models: ... Refined Part Pooling ...", ECCV 2018.

PCB (part-based convolutional baseline) cuts the map into P equal stripes and gives each its own classifier. Stripes are
a guess of where the parts lie; RPP (refined part pooling) lets a part classifier say for every pixel to which part it
belongs. Nothing tells that classifier what a part is, so it is induced, in stages of one config each:

1. PCB: ``PCBHead(refined=False)``;
2. induction: ``PCBHead(refined=True)``, ``induction=True``. Started from stage 1, only the part classifier learns: it
   has to find the pixels that the classifiers of the stripes already know;
3. fine-tuning: ``PCBHead(refined=True)``; everything learns.

The authors' release leaves stage 2 out and learns everything from stage 1 on. That is stage 3 with ``load_from`` of
stage 1's checkpoint and ``allow_partial_load=["head.part_classifier."]``.

    paper                   here
    T, f                    the backbone's map; one pixel of it
    p parts, N identities   head.parts, num_pids
    g_i                     output.feature[:, i], pooled from part i
    h_i                     its reduction to ``hidden`` channels
    P(P_i | f)              PartClassifier
    G                       what embed returns: the g_i side by side
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from reidzoo.base.errors import UserError
from reidzoo.methods.base import BackboneWithHead, accuracy
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class PCB(BackboneWithHead):
    """Classify identities from each part alone, compare all parts side by side.

    Args:
        backbone: config from shelf BACKBONES; its map needs rows.
        head: config of a ``PCBHead``; ``in_channels`` and ``num_pids`` are filled in.
        num_pids: number of training identities; the tools read it from the data set.
        loss: config from shelf LOSSES, applied to the logits B x K of each part and pids B.
        induction: only the head's part classifier learns; everything else is frozen, batch norms with their
            statistics. It needs a head with ``refined=True``.
        data_preprocessor: see :class:`ReIDMethod`.

    Raises:
        UserError: a head without parts, or an induction without a part classifier.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        loss: dict[str, Any] | None = None,
        induction: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids, data_preprocessor)
        self.loss = LOSSES.build(loss or {"type": "CrossEntropy"})
        if not hasattr(self.head, "part_classifier"):
            raise UserError(f"PCB expects a head of parts, got {type(self.head).__name__}: take PCBHead, or method IDE")
        self.induction = induction
        if induction:
            if self.head.part_classifier is None:
                raise UserError("PCB's induction teaches a part classifier, and this head has none: set refined=True")
            self.requires_grad_(False)
            self.head.part_classifier.requires_grad_(True)

    def train(self, mode: bool = True) -> PCB:
        """As in torch, but during induction batch norms stay as they are: what is frozen keeps its statistics."""
        super().train(mode)
        if self.induction:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        logits = self.head(self.backbone(images)).logits.unbind(1)
        return {
            "loss_id": sum(self.loss(part, pids) for part in logits),  # sum over parts, not their mean
            "accuracy": sum(accuracy(part, pids) for part in logits) / len(logits),
        }
