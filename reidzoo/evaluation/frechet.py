"""The Fréchet distance of two sets of features: FID (Heusel et al., NIPS 2017, equation 6) on whatever gave them.

    paper                here
    m_w, C_w             mean and covariance of the real features (w as in world)
    m, C                 of the fake ones
    d^2                  FrechetDistance.compute()

The trace of (C C_w)^(1/2) is the sum of the singular values of A^T B with C = A A^T and C_w = B B^T. Written this way
it takes two symmetric eigenvalue problems and one list of singular values, no root of a matrix without symmetry, and
loses nothing where a covariance is singular: of 100 images with 512 features, a set and itself lie 1e-13 apart.
``scipy.linalg.sqrtm`` and torchmetrics, which takes the eigenvalues of C C_w, give -3e-5 there, because they take roots
of rounding errors; with full rank all three agree to 1e-12.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reidzoo.base.errors import UserError

SIDES = {True: "real", False: "fake"}


class Moments:
    """Count, mean and scatter of a set of features that comes in batches; float64, D x D numbers however many come.

    Args:
        num_features: D.
    """

    def __init__(self, num_features: int):
        self.count = 0
        self.mean = torch.zeros(num_features, dtype=torch.float64)
        self.scatter = torch.zeros(num_features, num_features, dtype=torch.float64)

    def update(self, features: Tensor) -> None:
        """Add B x D float64.

        Batches are merged around their means (Chan, Golub & LeVeque, 1979): sums of plain products would cancel where
        features are far from 0 compared to their spread.
        """
        count, mean = len(features), features.mean(dim=0)
        total, step = self.count + count, mean - self.mean
        between = step * math.sqrt(self.count * count / total)  # the two means apart, as one more row of the scatter
        rows = torch.cat([features - mean, between[None]])
        self.scatter.addmm_(rows.T, rows)
        self.mean += step * (count / total)
        self.count = total

    @property
    def covariance(self) -> Tensor:
        """D x D, divided by count - 1 as the released code (numpy.cov) does."""
        return self.scatter / (self.count - 1)


class FrechetDistance:
    """The Fréchet distance between the Gaussians fitted to real and to fake features, lower is better.

    Features come in batches and in any order; of each side only mean and scatter are kept. Two halves of one real set,
    one as ``real`` and one as ``fake``, tell what real samples of that size differ by; copies of training images go
    below it.

    Args:
        num_features: D of the features.

    Raises:
        UserError: ``num_features`` below 1.
    """

    def __init__(self, num_features: int):
        if num_features < 1:
            raise UserError(f"a Fréchet distance needs at least 1 feature an image, got num_features={num_features}")
        self.num_features = num_features
        self._moments = {real: Moments(num_features) for real in SIDES}

    def update(self, features: Tensor, real: bool) -> None:
        """Add B x D features of real (or else fake) images; any float type and device.

        Raises:
            UserError: another shape, or a feature that is not finite.
        """
        if features.ndim != 2 or features.shape[1] != self.num_features:
            raise UserError(
                f"a Fréchet distance of {self.num_features} features expects B x {self.num_features}, got "
                f"{' x '.join(map(str, features.shape))}: give real and fake images to the same network"
            )
        features = features.detach().to("cpu", torch.float64)
        if not features.isfinite().all():
            raise UserError(
                f"a feature of the {SIDES[bool(real)]} images is not finite: check the weights of the feature network"
            )
        if len(features):
            self._moments[bool(real)].update(features)

    def count(self, real: bool) -> int:
        """Images so far on one side."""
        return self._moments[bool(real)].count

    def warning(self) -> str | None:
        """A sentence with both numbers where a side has no more images than features, otherwise None.

        Such a covariance is singular: the distance is defined, and depends more on the number of images than on them.
        """
        few = [f"{self.count(real):,} {side} images" for real, side in SIDES.items() if self._too_few(real)]
        if not few:
            return None
        return (
            f"the Fréchet distance of {' and '.join(few)} with {self.num_features:,} features each rests on a singular "
            "covariance and comes out too large: compare it only with distances of as many images"
        )

    def compute(self) -> float:
        """The squared distance d^2 = |m - m_w|^2 + trace(C + C_w - 2 (C C_w)^(1/2)), at least 0.

        Raises:
            UserError: fewer than 2 images on a side.
        """
        for real, side in SIDES.items():
            if self.count(real) < 2:
                raise UserError(
                    f"a Fréchet distance needs at least 2 images a side, got {self.count(real)} {side} one(s): "
                    "name a folder with more"
                )
        one, other = (self._moments[real] for real in SIDES)
        distance = (
            (one.mean - other.mean).square().sum()
            + one.covariance.trace()
            + other.covariance.trace()
            - 2 * _trace_of_root(one.covariance, other.covariance)
        )
        return max(float(distance), 0.0)  # of equal sets rounding may leave -1e-13

    def _too_few(self, real: bool) -> bool:
        return self.count(real) <= self.num_features  # a covariance of N images has rank N - 1


def _trace_of_root(one: Tensor, other: Tensor) -> Tensor:
    """trace((C C_w)^(1/2)): the eigenvalues of A A^T B B^T are the squared singular values of A^T B."""
    return torch.linalg.svdvals(_factor(one).T @ _factor(other)).sum()


def _factor(covariance: Tensor) -> Tensor:
    """A with C = A A^T. Eigenvalues that rounding brought below 0 are 0."""
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp(min=0).sqrt()
