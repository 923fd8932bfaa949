"""Pseudo label: whom a generated image resembles most, he shall be; Lee, "Pseudo-Label: The Simple and Efficient
Semi-Supervised Learning Method for Deep Neural Networks", ICML workshop 2013, as Zheng, Zheng & Yang (LSRO, ICCV 2017)
compare their method with it.

    released code of LSRO                           here
    label = arg-max of the current prediction       ``fake_loss``, from the logits of the same pass
    only in epochs > 20                             begin_epoch
    instance weight 0.1                             fake_weight

The label of an image is found anew whenever the image is seen; nothing is stored. Before that epoch the weight is 0, as
in the released code: generated images give no gradient, but they do pass through the network, whose batch norms
normalise by both kinds and learn their running statistics from both, from the first step on.

**Not a controlled comparison** is the released script, which changes weight decay and the batch norms' decay, too. The
configs here change the method only.
"""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.methods.mixed import UnlabelledMethod
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class PseudoLabel(UnlabelledMethod):
    """Classify identities; generated images count as the one that the network takes them for, after some epochs.

    The hook ``TellEpoch``, which every run has, says which epoch it is. Logged beside what :class:`UnlabelledMethod`
    logs: ``used_fake``, the share of generated images that count (0 or 1), and ``confidence_fake``, their largest
    probability on average, 1/K to 1.

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS; ``in_channels`` and ``num_pids`` are filled in.
        num_pids: number of training identities K; the tools read it from the data set.
        real_loss: config from shelf LOSSES, applied to logits M x K and pids M of the real images; by default
            CrossEntropy.
        begin_epoch: generated images count in the epochs after this one, which count from 1; 0 is from the start.
        fake_weight: what a generated image then counts where a real one counts 1; at least 0.
        separate_passes: see :class:`MixedMethod`.
        data_preprocessor: see :class:`ReIDMethod`.

    Raises:
        UserError: a negative ``begin_epoch`` or ``fake_weight``. In training: nobody has told the epoch.
    """

    smoke: ClassVar = {"begin_epoch": 0}

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        real_loss: dict[str, Any] | None = None,
        begin_epoch: int = 20,
        fake_weight: float = 0.1,
        separate_passes: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids, real_loss, fake_weight, separate_passes, data_preprocessor)
        if begin_epoch < 0:
            raise UserError(f"begin_epoch of PseudoLabel is at least 0, got {begin_epoch}")
        self.begin_epoch = begin_epoch
        self.epoch: int | None = None
        self.pseudo_label_loss = LOSSES.build({"type": "CrossEntropy"})

    def set_epoch(self, epoch: int) -> None:
        """Called by the hook ``TellEpoch`` before each epoch; counts from 1."""
        self.epoch = epoch

    def weight_of_fakes(self) -> float:
        """See :class:`UnlabelledMethod`.

        Raises:
            UserError: nobody has told the epoch.
        """
        if self.epoch is None:
            raise UserError(
                "PseudoLabel waits for an epoch and was not told which one it is: train it with reidzoo's Runner, "
                "or call set_epoch(epoch) before each epoch, counted from 1"
            )
        return self.fake_weight if self.epoch > self.begin_epoch else 0.0

    def fake_loss(self, logits: Tensor) -> Tensor:
        labels = logits.detach().argmax(dim=1)  # argmax_k p(k | x_i)
        return self.pseudo_label_loss(logits, labels)  # -1/N sum_i log max_k p(k | x_i)

    def fake_log(self, logits: Tensor) -> dict[str, Tensor]:
        used = float(self.weight_of_fakes() > 0)
        confidence = logits.float().softmax(dim=1).amax(dim=1).mean()
        return {"used_fake": confidence.new_tensor(used), "confidence_fake": confidence}
