"""The metrics of :func:`~reidzoo.apis.image_evaluation.evaluate_images`: what each needs, and how it takes batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from torch import Tensor

from reidzoo.apis.image_features import FeatureNetwork
from reidzoo.base.errors import UserError, nearest
from reidzoo.evaluation import FrechetDistance, InceptionScore, apply_masks, deep_distance, mask_ssim, mean_l1, ssim
from reidzoo.models.lpips import LPIPS

#: of a batch of real images, of their fakes and of the masks of the real ones, a value each pair
PairFunction = Callable[[Tensor, Tensor, Tensor | None], Tensor]


class Needs(NamedTuple):
    """What a metric is computed from.

    Attributes:
        images: ``sets`` (all images of a side), ``pairs`` (fakes beside their real partners) or ``identities`` (fakes
            of one identity beside each other).
        real: whether a metric of sets looks at the real images, too.
        network: ``features`` (any feature network), ``classes`` (Inception's), ``lpips``, or empty.
        masks: whether it looks at the persons alone.
    """

    images: str
    real: bool = False
    network: str = ""
    masks: bool = False


KINDS = ("sets", "pairs", "identities")
METRICS = {
    "fid": Needs("sets", real=True, network="features"),
    "is": Needs("sets", network="classes"),
    "mask-is": Needs("sets", network="classes", masks=True),
    "ssim-pg2": Needs("pairs"),
    "ssim-deform": Needs("pairs"),
    "mask-ssim-pg2": Needs("pairs", masks=True),
    "mask-ssim-deform": Needs("pairs", masks=True),
    "l1": Needs("pairs"),
    "lpips": Needs("pairs", network="lpips"),
    "deep-distance": Needs("pairs", network="features"),
    "dssim-lab": Needs("identities"),
}


def require_known(metrics: Sequence[str]) -> None:
    """Refuse names that no metric has.

    Raises:
        UserError: the first such name, or none at all.
    """
    if not metrics:
        raise UserError(f"name at least one metric, known: {', '.join(METRICS)}")
    for name in metrics:
        if name not in METRICS:
            raise UserError(f"no metric '{name}', {nearest(name, METRICS)}")


class SetMetric(Protocol):
    """A metric of sets that come in batches of B x 3 x H x W uint8 RGB, masks as B x 1 x H x W uint8."""

    def update(self, images: Tensor, masks: Tensor | None, real: bool) -> None:
        """Add a batch of one side."""

    def values(self) -> dict[str, float]:
        """By name with its flavour."""


class FID:
    """The Fréchet distance between the features of both sides."""

    def __init__(self, network: FeatureNetwork):
        self.network, self.distance = network, FrechetDistance(network.num_features)

    def update(self, images: Tensor, masks: Tensor | None, real: bool) -> None:
        """Add a batch of one side."""
        self.distance.update(self.network(images), real)

    def values(self) -> dict[str, float]:
        """The distance, by the network that saw the images."""
        return {f"fid ({self.network.name})": self.distance.compute()}


class FakeScore:
    """The Inception Score of the fakes, or of the persons in them."""

    def __init__(self, name: str, network: FeatureNetwork):
        self.name, self.network, self.score = name, network, InceptionScore()

    def update(self, images: Tensor, masks: Tensor | None, real: bool) -> None:
        """Add a batch of fakes; real images do not count."""
        if not real:
            self.score.update(self.network(apply_masks(images, masks) if METRICS[self.name].masks else images))

    def values(self) -> dict[str, float]:
        """Mean and standard deviation over the splits."""
        mean, deviation = self.score.compute()
        flavour = f"({self.network.name}, {self.score.splits} splits)"
        return {f"{self.name} {flavour}": mean, f"{self.name} std {flavour}": deviation}


class PairMean:
    """The mean over all pairs of a value each pair has.

    Args:
        name: with its flavour.
        function: of real images, fake images and masks.
    """

    def __init__(self, name: str, function: PairFunction):
        self.name, self.function = name, function
        self._sum, self._count = 0.0, 0

    def update(self, real: Tensor, fake: Tensor, masks: Tensor | None) -> None:
        """Add a batch of pairs."""
        values = self.function(real, fake, masks)
        self._sum += float(values.double().sum())
        self._count += len(values)

    def values(self) -> dict[str, float]:
        """The mean."""
        return {self.name: self._sum / self._count}


def set_metric(name: str, network: FeatureNetwork) -> SetMetric:
    """The metric of this name, at the start."""
    return FID(network) if name == "fid" else FakeScore(name, network)


def pair_metric(name: str, network: FeatureNetwork | LPIPS | None) -> PairMean:
    """The metric of this name, at the start; without pairs so far it has no value."""
    if name == "deep-distance":
        flavoured = f"deep_distance ({network.name})"
        return PairMean(flavoured, lambda real, fake, _: deep_distance(network(real), network(fake)))
    if name == "lpips":
        return PairMean(network.name, lambda real, fake, _: network(real, fake))
    if name == "l1":
        return PairMean("l1 ([-1, 1])", lambda real, fake, _: mean_l1(real, fake))
    metric, _, preset = name.rpartition("-")
    if METRICS[name].masks:
        return PairMean(f"{metric} ({preset})", lambda real, fake, masks: mask_ssim(real, fake, masks, preset))
    return PairMean(f"{metric} ({preset})", lambda real, fake, _: ssim(real, fake, preset))
