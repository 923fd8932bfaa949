"""Training images and images generated from them, in one table: Zhong et al., Camera Style Adaptation, CVPR 2018."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.records import Record
from reidzoo.data.datasets.unpaired import require_one_size
from reidzoo.data.draw import Draw
from reidzoo.registry import DATASETS


@DATASETS.register
class RealAndGenerated(Dataset):
    """The rows of a training set, then those of images generated from it, told apart by a flag.

    A generated image has the label that its identity *number* has among the real ones. Labels by position, as in
    CamStyle's code, shift in silence as soon as one identity has no generated image.

    Args:
        real: config of a :class:`ReIDDataset`, split ``train``, transforms included.
        generated: the same for the generated images, such as a :class:`GeneratedFolder`; files may be of another size,
            its transforms bring them to that of the real ones.

    Items are dicts of tensors as those of :class:`ReIDDataset` (``camids`` of a generated image is its style camera),
    with ``is_generated`` bool.

    Raises:
        UserError: either set cannot be read or is no ``train`` split, a generated image shows an identity that the real
            set does not have, or the two kinds come out in different sizes.
    """

    def __init__(self, real: dict[str, Any], generated: dict[str, Any]):
        self.real: ReIDDataset = DATASETS.build(real)
        self.generated: ReIDDataset = DATASETS.build(generated)
        for part in (self.real, self.generated):
            if part.split != "train":
                raise UserError(f"RealAndGenerated is trained on, got split '{part.split}': set split='train' for both")
        unknown = sorted({record.pid for record in self.generated.records} - set(self.real.labels))
        if unknown:
            raise UserError(
                f"{len(unknown)} identities of the generated images in '{self.generated.root}' are not among the real "
                f"ones (first: {', '.join(map(str, unknown[:5]))}): generate from the same training images, and set "
                "val_identities and cameras alike for both"
            )
        first = [part[Draw(0)]["images"] for part in (self.real, self.generated)]
        require_one_size("RealAndGenerated", real=first[0], generated=first[1])

    @property
    def records(self) -> list[Record]:
        """Real rows, then generated ones."""
        return [*self.real.records, *self.generated.records]

    @property
    def metainfo(self) -> dict[str, Any]:
        """``name`` of both sets, ``num_pids`` and ``num_cams`` of the real one."""
        info = self.real.metainfo
        return {**info, "name": f"{info['name']} and {self.generated.metainfo['name']}"}

    @property
    def num_images(self) -> int:
        """Images of both tables."""
        return len(self)

    def __len__(self) -> int:
        return len(self.real) + len(self.generated)

    def __getitem__(self, draw: Draw | int) -> dict[str, torch.Tensor]:
        draw = draw if isinstance(draw, Draw) else Draw(index=int(draw))
        row = draw.index - len(self.real)
        if row < 0:
            sample = self.real.sample(draw.index, draw.generator())
        else:
            sample = self.generated.sample(row, draw.generator())
            sample["pids"] = torch.tensor(self.real.labels[self.generated.records[row].pid])
        return {**sample, "indices": torch.tensor(draw.index), "is_generated": torch.tensor(row >= 0)}

    def undecodable(self) -> list[Path]:
        """Every file of both tables that does not decode; reads them all, so it is called after a failure only."""
        return [*self.real.undecodable(), *self.generated.undecodable()]
