"""One pass over the images for each kind of metric: of sets, of pairs, of identities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from reidzoo.apis.image_metrics import FID, METRICS, PairMean, SetMetric, pair_metric, set_metric
from reidzoo.apis.picture_batches import PictureReader, batched, mask_files
from reidzoo.apis.picture_sets import PictureSet, paired
from reidzoo.base.errors import UserError
from reidzoo.base.labels import DISTRACTOR_PID
from reidzoo.evaluation import diversity, dssim_lab, identity_pairs, lone_images


@dataclass
class Judge:
    """How images are looked at, and what was found on the way.

    Attributes:
        reader: of images and masks, to one size.
        networks: by what metrics call their need of them, on ``device``.
        masks: folder of masks; None without.
        device: where batches are looked at.
        count: so many images of each set, and so many pairs; None for all.
        batch_size: images a step.
        seed: of every draw.
        counts: images of each side, pairs and fakes without a partner, as far as anybody looked.
        notes: sentences that one needs to read the values.
    """

    reader: PictureReader
    networks: Mapping[str, nn.Module]
    masks: str | Path | None
    device: torch.device
    count: int | None
    batch_size: int
    seed: int
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def sets(self, names: Sequence[str], real: PictureSet, fake: PictureSet) -> dict[str, float]:
        """Values of metrics of sets.

        Raises:
            UserError: as reading, masks and metrics do.
        """
        real, fake = self._drawn(real), self._drawn(fake)
        # a folder is sorted, often by identity, and each split of an Inception Score would see few of them
        fake = fake.take(np.random.default_rng(self.seed).permutation(len(fake)).tolist())
        there = {"real": len(real), "fake": len(fake)}
        self.counts |= there
        few = [f"{images:,} {side}" for side, images in there.items() if self.count and images < self.count]
        if names and few:
            self.notes.append(
                f"count is {self.count:,}, and there are {' and '.join(few)} images: fid grows as sets shrink"
            )
        metrics = [set_metric(name, self.networks[METRICS[name].network]) for name in names]
        sides = [(True, real)] if any(METRICS[name].real for name in names) else []
        for is_real, pictures in [*sides, (False, fake)] if names else []:
            masks = None if is_real else self._masks_of(names, pictures)
            for (images,), persons in self._batches([pictures], masks, "real images" if is_real else "fake images"):
                for metric in metrics:
                    metric.update(images, persons, is_real)
        distances = [metric.distance for metric in metrics if isinstance(metric, FID)]
        self.notes += [note for note in (distance.warning() for distance in distances) if note]
        return _merged(metrics)

    def pairs(self, names: Sequence[str], real: PictureSet, fake: PictureSet) -> dict[str, float]:
        """Values of metrics of pairs.

        Raises:
            UserError: as reading, pairing, masks and metrics do.
        """
        if not names:
            return {}
        found = paired(real, fake)
        if found.unpaired:
            self.notes.append(f"{found.unpaired:,} fake images have no partner and are in no metric of pairs")
        real, fake = self._drawn(real.take(found.real)), self._drawn(fake.take(found.fake))  # the same rows of both
        self.counts |= {"pairs": len(fake), "unpaired": found.unpaired}
        metrics = [pair_metric(name, self.networks.get(METRICS[name].network)) for name in names]
        for (originals, fakes), persons in self._batches([real, fake], self._masks_of(names, real), "pairs"):
            for metric in metrics:
                metric.update(originals, fakes, persons)
        return _merged(metrics)

    def identities(self, names: Sequence[str], fake: PictureSet) -> dict[str, float]:
        """Values of metrics of the fakes of one identity: DG-Net's diversity, the only one.

        Raises:
            UserError: nothing is known of identities, none has two images, or as reading does.
        """
        if not names:
            return {}
        if fake.pids is None:
            raise UserError(
                f"dssim-lab compares images of one identity, and {fake.title} has none: give it a manifest, or a "
                "sub-folder for each identity"
            )
        persons = [row for row, pid in enumerate(fake.pids) if isinstance(pid, str) or pid > DISTRACTOR_PID]
        fake = fake.take(persons)
        rows = identity_pairs(fake.pids, seed=self.seed)
        if lonely := len(lone_images(fake.pids)):
            self.notes.append(f"{lonely:,} fake images are the only ones of their identity and are not in dssim-lab")
        self.counts["identity_pairs"] = len(rows)
        sides = [fake.take(side) for side in rows.T.tolist()]
        batches = self._batches(sides, None, "pairs of one identity")
        found = diversity(torch.cat([dssim_lab(*pair).cpu() for pair, _ in batches]))
        return {"dssim (lab, DG-Net)": found.mean, "dssim half range (lab, DG-Net)": found.half_range}

    def _drawn(self, pictures: PictureSet) -> PictureSet:
        return pictures if self.count is None else pictures.draw(self.count, self.seed)

    def _masks_of(self, names: Sequence[str], pictures: PictureSet) -> list[Path] | None:
        """The masks of ``pictures``; None where no metric looks at them."""
        masked = [name for name in names if METRICS[name].masks]
        if not masked:
            return None
        if self.masks is None:
            raise UserError(f"{masked[0]} looks at the persons alone: name the folder of their masks with --masks DIR")
        return mask_files(self.masks, pictures.names)

    def _batches(
        self, sides: Sequence[PictureSet], masks: Sequence[Path] | None, what: str
    ) -> Iterator[tuple[list[Tensor], Tensor | None]]:
        """Images of each side, row beside row, and their masks, on the device."""

        def read(rows: slice) -> tuple[list[Tensor], Tensor | None]:
            images = [self.reader.images(side.files[rows]) for side in sides]
            return images, None if masks is None else self.reader.masks(masks[rows])

        for images, persons in batched(read, len(sides[0]), self.batch_size, what):
            yield (
                [side.to(self.device) for side in images],
                None if persons is None else persons.to(self.device),
            )


def _merged(metrics: Sequence[SetMetric | PairMean]) -> dict[str, float]:
    return {name: value for metric in metrics for name, value in metric.values().items()}
