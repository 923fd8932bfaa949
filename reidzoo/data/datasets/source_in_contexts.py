"""A labelled training set, each image with a target image whose context its person is to be rendered in (Chen, Zhu &
Gong, CR-GAN, ICCV 2019)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch.utils.data import Dataset

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.composing import build_reader, require_distinct, require_one_size
from reidzoo.data.datasets.records import Record
from reidzoo.data.draw import Draw
from reidzoo.registry import DATASETS


@DATASETS.register
class SourceInContexts(Dataset):
    """Every image of the source once an epoch, each time with another image of the target.

    An epoch is as long as one of the source alone, so that runs on both are compared at equal steps. The context is
    drawn anew each time, uniformly among the target's images. From the generator of a :class:`Draw` three are spawned,
    as in :class:`reidzoo.data.datasets.unpaired.UnpairedImages`: which context, how the image is augmented, how the
    context is.

    Args:
        source: config of a :class:`reidzoo.data.datasets.base.ReIDDataset`, split ``train``, transforms included; they
            begin with ``LoadMask`` or ``EllipseMask``.
        target: the same for the images that lend their contexts; nothing else is told of them.
        distinct: refuse sets that share images.

    Items are dicts of tensors: ``images`` and ``context_images`` uint8 3 x H x W (RGB), ``masks`` and
    ``context_masks`` uint8 1 x H x W (255 person, 0 rest), and of the source ``pids`` int64 (a label 0..num_pids-1),
    ``camids`` int64 (from 0) and ``indices`` int64 (row of its table).

    Raises:
        UserError: either set cannot be read or shows no persons, the source is no ``train`` split, transforms leave no
            masks or images of another size than the other set's; images that both have, where they are to be
            ``distinct``.
    """

    smoke: ClassVar = {"distinct": False}  # one tiny set serves as both

    def __init__(self, source: dict[str, Any], target: dict[str, Any], distinct: bool = False):
        self.source, self.target = (
            build_reader("SourceInContexts", name, part) for name, part in (("source", source), ("target", target))
        )
        if self.source.split != "train":
            raise UserError(
                f"SourceInContexts is trained on, got split '{self.source.split}' as source: set split='train'"
            )
        if distinct:
            require_distinct("SourceInContexts", self.source, self.target)

    @property
    def records(self) -> list[Record]:
        """Rows of the source, one an item."""
        return self.source.records

    @property
    def metainfo(self) -> dict[str, Any]:
        """``name`` of both, ``num_pids`` and ``num_cams`` of the source."""
        source = self.source.metainfo
        return {**source, "name": f"{source['name']}, rendered in contexts of {self.target.metainfo['name']}"}

    @property
    def num_images(self) -> int:
        """Images of both tables."""
        return self.source.num_images + self.target.num_images

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        choice_rng, source_rng, target_rng = draw.generator().spawn(3)
        image = self.source.sample(draw.index, source_rng)
        context = self.target.sample(int(choice_rng.integers(len(self.target))), target_rng)
        require_one_size("SourceInContexts", source=image["images"], target=context["images"])
        for name, sample in (("source", image), ("target", context)):
            if "masks" not in sample:
                raise UserError(
                    f"SourceInContexts needs masks of the persons, got none of the {name}: begin the transforms there "
                    "with LoadMask (files) or EllipseMask (a prior)"
                )
        return {
            **image,
            "context_images": context["images"],
            "context_masks": context["masks"],
            "indices": torch.tensor(draw.index),
        }

    def undecodable(self) -> list[Path]:
        """Every file of both tables that does not decode; reads them all, so it is called after a failure only."""
        return [*self.source.undecodable(), *self.target.undecodable()]
