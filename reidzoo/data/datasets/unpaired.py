"""Two sets of images without pairs: what a network that translates between domains is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch.utils.data import Dataset

from reidzoo.data.datasets.composing import build_reader, require_distinct, require_one_size
from reidzoo.data.draw import Draw
from reidzoo.registry import DATASETS


@DATASETS.register
class UnpairedImages(Dataset):
    """An image of the source and one of the target, drawn independently (Zhu et al., CycleGAN, ICCV 2017).

    An epoch has as many items as the larger set has images: that set goes through in the sampler's order, and each of
    its images meets a random one of the other set. From the generator of a :class:`Draw` three are spawned: which
    partner, how the source is augmented, how the target is; so all three follow from the draw alone, and none from
    another.

    Args:
        source: config of a :class:`ReIDDataset` with the images to be translated, transforms included.
        target: the same for the images whose style they shall take.
        distinct: refuse sets that share images; cameras of one data set (CamStyle) share none.

    Items are dicts of tensors: ``source_images`` and ``target_images`` uint8 3 x H x W (RGB), ``source_pids`` int64
    (a label 0..num_pids-1 in ``train``), ``source_camids`` and ``target_camids`` int64 (from 0); with the
    transform ``LoadMask`` also ``source_masks`` and ``target_masks`` uint8 1 x H x W (255 person, 0 rest).

    Raises:
        UserError: either set cannot be read or shows no persons, or its transforms leave images of another size than
            the other's; images that both have, where they are to be ``distinct``.
    """

    smoke: ClassVar = {"distinct": False}  # one tiny set serves as both

    def __init__(self, source: dict[str, Any], target: dict[str, Any], distinct: bool = False):
        self.source, self.target = (
            build_reader("UnpairedImages", name, part) for name, part in (("source", source), ("target", target))
        )
        if distinct:
            require_distinct("UnpairedImages", self.source, self.target)

    @property
    def metainfo(self) -> dict[str, Any]:
        """What methods and checkpoints need to know of both tables.

        ``name`` of both, ``num_pids`` and ``num_cams`` of the source, and ``num_target_cams``, the target's highest
        camera id plus one: so many classes a classifier of its cameras has. A target without cameras leaves that out.
        """
        source, target = self.source.metainfo, self.target.metainfo
        info = {
            "name": f"{source['name']} and {target['name']}",
            "num_pids": source["num_pids"],
            "num_cams": source["num_cams"],
        }
        if self.target.has_cameras:
            info["num_target_cams"] = 1 + max(record.camid for record in self.target.records)
        return info

    @property
    def num_images(self) -> int:
        """Images of both tables."""
        return self.source.num_images + self.target.num_images

    def __len__(self) -> int:
        return max(len(self.source), len(self.target))

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        partner_rng, source_rng, target_rng = draw.generator().spawn(3)
        partner = int(partner_rng.integers(min(len(self.source), len(self.target))))
        in_source, in_target = (draw.index, partner) if len(self.source) >= len(self.target) else (partner, draw.index)
        source, target = self.source.sample(in_source, source_rng), self.target.sample(in_target, target_rng)
        require_one_size("UnpairedImages", source=source["images"], target=target["images"])
        del target["pids"]  # the target's identities are unknown to whoever translates
        return {
            f"{domain}_{key}": value
            for domain, sample in (("source", source), ("target", target))
            for key, value in sample.items()
        }

    def undecodable(self) -> list[Path]:
        """Every file of both tables that does not decode; reads them all, so it is called after a failure only."""
        return [*self.source.undecodable(), *self.target.undecodable()]
