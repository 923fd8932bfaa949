"""What a translation hands to the stages after it: a folder of images, drawn when a stage needs them.

A re-ID config names that folder as the root of its ``GeneratedFolder`` (alone, or as ``generated`` beside real images):
``work_dirs/<name of the translation's config>/seed0/`` and then ``translated-s2t``, ``translated-t2s``, or
``translated`` for the images of one data set in the style of each of its other cameras (CamStyle). Stages of another
seed or work folder read the folder there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mmengine.config import Config

from reidzoo.apis.camstyle_pairs import TRANSLATED, drawn_by, train_camera_pairs
from reidzoo.apis.configs import read_config
from reidzoo.apis.stages import WORK_DIRS, Stage
from reidzoo.apis.translating import translate_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.methods.translation import DIRECTIONS, TranslationMethod
from reidzoo.registry import METHODS

#: names of folders, one a direction
ONE_WAY = {f"{TRANSLATED}-{direction}": direction for direction in DIRECTIONS}


@dataclass(frozen=True)
class TranslatedImages:
    """The folder of images that the translation ``stage`` draws.

    Attributes:
        stage: of the translation; for camera pairs, each pair has a folder of its own in the stage's.
        cfg: its config.
        folder: where the images are.
        option: where a config names the folder: ``train_dataloader.dataset.root`` or the like.
    """

    stage: Stage
    cfg: Config
    folder: Path
    option: str

    @property
    def of_camera_pairs(self) -> bool:
        """Whether there is one translation for each pair of cameras."""
        return self.folder.name == TRANSLATED

    def origin(self) -> list[str]:
        """Digests of the checkpoints that draw the images; empty where they are not there."""
        if self.of_camera_pairs:
            return drawn_by(self.folder)
        return [] if self.stage.checkpoint is None else [sha256(self.stage.checkpoint)]

    def draw(self, report: Callable[[str], object]) -> None:
        """Translate the data that the translation's config names; what is there already is not drawn again.

        Raises:
            UserError: the folder holds another run's images, or the data cannot be read.
        """
        if self.of_camera_pairs:
            work_dir = self.stage.folder.parents[1]
            train_camera_pairs(self.stage.config, seed=self.stage.seed, work_dir=work_dir, report=report)
            return
        direction = ONE_WAY[self.folder.name]
        domain = "source" if direction == "s2t" else "target"
        root = self.cfg.train_dataloader.dataset[domain].root
        report(f"{self.stage.name}: {root} is translated into {self.folder}")
        translate_dataset(
            self.stage.config, self.stage.checkpoint, root, self.folder, direction=direction, report=report
        )


def is_translation(cfg: Config) -> bool:
    """Whether a config trains a translation between two domains."""
    return issubclass(METHODS.get(cfg.model.type), TranslationMethod)


def starts_from_the_one_before(cfgs: Sequence[Config]) -> list[bool]:
    """For each stage, whether it goes on from the weights of the one before; after a translation only another does."""
    return [False, *(is_translation(cfg) or not is_translation(before) for before, cfg in pairwise(cfgs))]


def weights_from(configs: Sequence[str]) -> list[str]:
    """Of the stages ``configs`` those, before the last, whose weights went into it; each of them as it is written."""
    inherits = starts_from_the_one_before([read_config(config) for config in configs])
    first = max(index for index, inherited in enumerate(inherits) if not inherited)
    return list(configs[first:-1])


def translated_images(stages: Sequence[Stage], cfgs: Sequence[Config]) -> list[TranslatedImages | None]:
    """For each stage the images that it trains on, where the nearest translation before it draws them.

    Raises:
        UserError: the stage after a translation trains on other images, or a later one on those of another translation.
    """
    found: list[TranslatedImages | None] = []
    drawing: int | None = None
    for index, (stage, cfg) in enumerate(zip(stages, cfgs, strict=True)):
        place, root = generated_data(cfg)
        if is_translation(cfg):
            drawing = index
            found.append(None)
        elif drawing is None or (root is None and drawing < index - 1):
            found.append(None)
        else:
            folder = _folder(root, stages[drawing], stage)
            found.append(TranslatedImages(stages[drawing], cfgs[drawing], folder, f"{place}.root"))
    return found


def generated_data(cfg: Config) -> tuple[str, str | None]:
    """Where a config describes its data set of generated images, and their folder; None where it has no such set."""
    place, dataset = "train_dataloader.dataset", (cfg.get("train_dataloader") or {}).get("dataset", {})
    if "generated" in dataset:
        place, dataset = f"{place}.generated", dataset["generated"]
    return place, dataset.get("root") if dataset.get("type") == "GeneratedFolder" else None


def _folder(root: str | None, translation: Stage, stage: Stage) -> Path:
    """The folder of ``translation`` that the config of ``stage`` means by ``root``, which names another seed's."""
    *above, name = Path(root or ".").parts or ("",)
    stem = Path(translation.config).stem
    names = [*ONE_WAY, TRANSLATED]
    if name not in names or len(above) < 2 or above[-2] != stem or not re.fullmatch(r"seed\d+", above[-1]):
        raise UserError(
            f"'{stage.config}' trains after '{translation.config}', so it reads a GeneratedFolder with the root "
            f"'{WORK_DIRS / stem / 'seed0'}/' and then {', '.join(names[:-1])} or {names[-1]} (all pairs of cameras), "
            f"got {repr(root) if root else 'none'}: correct its root, or the order of the stages"
        )
    return translation.folder / name
