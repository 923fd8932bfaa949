"""The Inception Score: Salimans et al., NIPS 2016, section 4.

    paper                here
    p(y | x)             softmax of a row of logits
    p(y)                 its mean over a split
    E_x KL(p(y|x)||p(y)) mean over a split of sum_y p(y|x) (log p(y|x) - log p(y))

The score belongs to one network: papers print that of the TensorFlow graph of 2015, and other weights of the same
architecture give other scores.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from reidzoo.base.errors import UserError

#: of the graph of 2015: ImageNet's 1,000 and 8 that were never trained
CLASSES = 1008
SPLITS = 10


class InceptionScore:
    """exp of the mean KL divergence of each split: its mean over the splits, and its standard deviation.

    As in the released code, the splits are consecutive tenths of the images in the order they come, and the deviation
    is that of the splits themselves (divided by their number). Images sorted by identity therefore score lower than
    the same ones shuffled: a caller that wants it otherwise shuffles. torchmetrics' score shuffles with torch's global
    generator and divides by one less, so it is not this one.

    Consecutive splits are known when the last image has come, so the predictions are kept: 4 kB an image as float32.

    Args:
        splits: number of them.

    Raises:
        UserError: fewer than 1 split.
    """

    def __init__(self, splits: int = SPLITS):
        if splits < 1:
            raise UserError(f"an Inception Score needs at least 1 split, got {splits}: {SPLITS} is usual")
        self.splits = splits
        self._logits: list[Tensor] = []

    def update(self, logits: Tensor) -> None:
        """Add B x 1008 of the Inception network of 2015, in the order of the images.

        Raises:
            UserError: another shape, or a logit that is not finite.
        """
        if logits.ndim != 2 or logits.shape[1] != CLASSES:
            raise UserError(
                f"an Inception Score expects B x {CLASSES} logits, got {' x '.join(map(str, logits.shape))}: "
                "it is defined on Inception-v3 of 2015 only, tap 'logits'"
            )
        if not logits.isfinite().all():
            raise UserError("a logit of the Inception network is not finite: check its weights")
        self._logits.append(logits.detach().to("cpu", torch.float32))

    def count(self) -> int:
        """Images so far."""
        return sum(map(len, self._logits))

    def compute(self) -> tuple[float, float]:
        """Mean and standard deviation over the splits, of values between 1 and 1008; higher is better.

        Raises:
            UserError: fewer images than splits.
        """
        count = self.count()
        if count < self.splits:
            raise UserError(
                f"an Inception Score of {self.splits} splits needs at least as many images, got {count}: "
                "name more images or fewer splits"
            )
        logits = torch.cat(self._logits)
        bounds = [split * count // self.splits for split in range(self.splits + 1)]
        scores = torch.stack([_score(logits[start:end]) for start, end in pairwise(bounds)])
        return float(scores.mean()), float(scores.std(correction=0))


def _score(logits: Tensor) -> Tensor:
    """exp(E_x KL(p(y|x) || p(y))), as exp(H(y) - E_x H(y|x)): in this form a probability of 0 counts as 0."""
    conditional = logits.double().softmax(dim=1)
    marginal = conditional.mean(dim=0)
    divergence = torch.xlogy(conditional, conditional).sum(dim=1).mean() - torch.xlogy(marginal, marginal).sum()
    return divergence.exp()
