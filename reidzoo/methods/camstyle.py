"""CamStyle: Zhong, Zheng, Zheng, Li & Yang, "Camera Style Adaptation for Person Re-identification", CVPR 2018.

IDE on real images and on the same images as other cameras would have taken them (``tools/translate.py`` makes these);
the generated ones keep their labels, which label smoothing trusts less because some of the images are noise.

    paper                                      here
    M real : N fake of a batch                 ``real_fake`` of the sampler
    L_Cross, on real images                    loss_real, real_loss
    L_LSR, label smoothing on fake images      loss_fake, fake_loss
    epsilon = 0.1                              fake_loss.label_smoothing
    CamStyle without LSR ("vanilla")           fake_loss=dict(type="CrossEntropy")

**The two passes.** The released code sends the real and the fake images through the network one after the other, so
that batch norms normalise each kind by its own statistics and learn their running statistics from both; that is
``separate_passes=True``. In one pass of all images both kinds are normalised alike, which is another method.

**The weights.** Each loss is the mean over its own images, and the two are added, as in the released code: of its
M = 128 and N = 46 a batch, one fake image counts as much as 2.8 real ones.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.base.labels import UNLABELLED_PID
from reidzoo.methods.base import accuracy
from reidzoo.methods.mixed import MixedMethod
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class CamStyle(MixedMethod):
    """Classify identities on real and on generated images; needs their flag (data set ``RealAndGenerated``).

    A batch that has one kind only gives the terms of that kind.

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS; ``in_channels`` and ``num_pids`` are filled in.
        num_pids: number of training identities K; the tools read it from the data set.
        real_loss: config from shelf LOSSES, applied to logits M x K and pids M of the real images; by default
            CrossEntropy.
        fake_loss: the same for the N generated images; by default CrossEntropy with label smoothing 0.1.
        fake_weight: factor of the generated images' mean loss, at least 0; 1 in the released code.
        separate_passes: whether real and generated images are normalised apart, each by its own batch statistics.
        data_preprocessor: see :class:`ReIDMethod`.

    Raises:
        UserError: a negative ``fake_weight``.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        real_loss: dict[str, Any] | None = None,
        fake_loss: dict[str, Any] | None = None,
        fake_weight: float = 1.0,
        separate_passes: bool = True,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids, real_loss, fake_weight, separate_passes, data_preprocessor)
        self.fake_loss = LOSSES.build(fake_loss or {"type": "CrossEntropy", "label_smoothing": 0.1})

    def mixed_losses(self, images: Tensor, pids: Tensor, is_generated: Tensor) -> dict[str, Tensor]:
        """See :class:`ReIDMethod`.

        Raises:
            UserError: a separate pass of a single image, or generated images that show nobody.
        """
        if (pids == UNLABELLED_PID).any():
            raise UserError(
                "CamStyle learns the identity that a generated image was drawn from, and these were drawn from noise: "
                "train on a GeneratedFolder, or learn from them with LSRO, AllInOne or PseudoLabel"
            )
        logits = self.logits_by_kind(images, is_generated)
        labels = {"real": pids[~is_generated], "fake": pids[is_generated]}
        terms = {}
        if "real" in logits:
            terms["loss_real"] = self.real_loss(logits["real"], labels["real"])  # -1/M sum_i log p(y_i | x_i)
        if "fake" in logits:
            # -1/N sum_i sum_k q(k) log p(k | x_i), q = 1 - epsilon on y_i, and epsilon shared by all K
            terms["loss_fake"] = self.fake_weight * self.fake_loss(logits["fake"], labels["fake"])
        return {**terms, **{f"accuracy_{name}": accuracy(of_kind, labels[name]) for name, of_kind in logits.items()}}
