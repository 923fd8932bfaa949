"""SynthPed, the built-in benchmark: rendered pedestrians in the layout of Market-1501."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.listing import MARKET_FOLDERS
from reidzoo.data.datasets.market1501 import Market1501
from reidzoo.data.datasets.records import PARTS, Counts, Record
from reidzoo.registry import DATASETS

META = "meta.json"


@DATASETS.register
class SynthPed(Market1501):
    """A rendered domain of SynthPed (docs/synthped.md), complete or refused.

    Its name carries domain, size, seed and renderer version, on which results depend. Items as in
    :class:`ReIDDataset`.

    Args:
        root: the folder that ``tools/make_synthped.py --out`` wrote.
        split: ``train``, ``val`` or ``test``.
        transforms: configs from shelf TRANSFORMS.
        val_identities: training identities held out for ``val``.
        cameras: camera ids from 0, only whose images are read; None for all.
        share: of each identity's training images, how many are kept, above 0 and at most 1.

    Raises:
        UserError: nothing was rendered there, or the images are not those that ``meta.json`` counts.
    """

    published = {}
    NESTED = ()
    absent = "render it with python tools/make_synthped.py --out FOLDER --domain day|dusk|studio, or set `root`"

    @property
    def title(self) -> str:
        meta = read_meta(self.root)
        return "SynthPed {domain} {size} seed {seed} renderer {renderer_version}".format(**meta)

    def read(self, split: str) -> list[Record]:
        expected = self.expected_counts(self.root)
        records = super().read(split)
        for part in PARTS[1:] if split == "test" else PARTS[:1]:
            images = sum(record.is_query == (part == "query") for record in records)
            if images != expected[part].images:
                raise UserError(
                    f"SynthPed {part}: '{self.root}' holds {images:,} images and its {META} counts "
                    f"{expected[part].images:,}: delete the folder and render it again with tools/make_synthped.py"
                )
        return records

    @classmethod
    def expected_counts(cls, root: Path) -> dict[str, Counts]:
        counts = read_meta(root)["counts"]
        return {
            part: Counts(counts[folder]["images"], counts[folder]["identities"])
            for part, folder in MARKET_FOLDERS.items()
        }

    @classmethod
    def recognises(cls, root: Path) -> bool:
        return (root / META).is_file() and super().recognises(root)


def read_meta(root: Path) -> dict[str, Any]:
    """What the renderer recorded of a folder.

    Raises:
        UserError: the folder was not rendered to its end.
    """
    path = root / META
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
        missing = {"domain", "size", "seed", "renderer_version", "counts"} - set(meta)
    except FileNotFoundError as error:
        raise UserError(
            f"SynthPed finds no {META} in '{root}': render it with "
            f"`python tools/make_synthped.py --out {root} --domain day --size default --seed 0`"
        ) from error
    except ValueError as error:
        raise UserError(f"'{path}' is not JSON ({error}): render the folder again") from error
    if missing:
        raise UserError(f"'{path}' lacks {', '.join(sorted(missing))}: render the folder again with this version")
    return meta
