"""What a generator hands to the stages after it: a folder of images, drawn when a stage needs them.

A re-ID config names that folder as the root of its training images, or of the ``generated`` ones beside real images. It
begins with ``work_dirs/<name of the generator's config>/seed0/``; then comes, of a translation, ``translated-s2t``,
``translated-t2s``, or ``translated`` for the images of one data set in the style of each of its other cameras
(CamStyle); of a pose transfer ``reposed-<number of poses>``, each image in so many poses; of a method that renders
persons ``rendered-<number of contexts>``; of one that swaps appearances ``swapped-<number of structures>``; all of them
are read by ``GeneratedFolder``; of a GAN ``sampled-<number of images>``, read by ``SampledFolder``. Stages of another
seed or work folder read the folder there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config
from mmengine.model import BaseModel

from reidzoo.apis.camstyle_pairs import TRANSLATED, drawn_by, train_camera_pairs
from reidzoo.apis.rendering import render_dataset
from reidzoo.apis.reposing import repose_dataset
from reidzoo.apis.sampling import sample_images
from reidzoo.apis.stages import WORK_DIRS, Stage
from reidzoo.apis.swapping import swap_dataset
from reidzoo.apis.trained_data import pose_pairs, swap_images, training_set
from reidzoo.apis.trained_weights import run_of, trained_weights
from reidzoo.apis.translating import translate_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.reporting import Report
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.methods.swapping import SwapMethod
from reidzoo.methods.translation import DIRECTIONS, TranslationMethod
from reidzoo.registry import METHODS

#: names of folders, one a direction
ONE_WAY = {f"{TRANSLATED}-{direction}": direction for direction in DIRECTIONS}

#: draws the folder of a stage by its config
Draw = Callable[[Stage, Config, Path, Report], None]


def _translate(stage: Stage, cfg: Config, folder: Path, report: Report) -> None:
    if folder.name == TRANSLATED:
        train_camera_pairs(stage.config, seed=stage.seed, work_dir=stage.folder.parents[1], report=report)
        return
    direction = ONE_WAY[folder.name]
    domain = "source" if direction == "s2t" else "target"
    root = cfg.train_dataloader.dataset[domain].root
    report(f"{stage.name}: {root} is translated into {folder}")
    translate_dataset(stage.config, stage.checkpoint, root, folder, direction=direction, report=report)


def _sample(stage: Stage, cfg: Config, folder: Path, report: Report) -> None:
    count = _number(folder)
    report(f"{stage.name}: {count:,} images are sampled into {folder}")
    sample_images(stage.config, stage.checkpoint, folder, count=count, seed=stage.seed, report=report)


def _repose(stage: Stage, cfg: Config, folder: Path, report: Report) -> None:
    root, poses = pose_pairs(cfg)["dataset"]["root"], _number(folder)
    report(f"{stage.name}: {root} is drawn in {poses} poses each into {folder}")
    repose_dataset(stage.config, stage.checkpoint, root, folder, poses=poses, seed=stage.seed, report=report)


def _render(stage: Stage, cfg: Config, folder: Path, report: Report) -> None:
    root, contexts = cfg.train_dataloader.dataset.source.root, _number(folder)
    report(f"{stage.name}: persons of {root} are rendered in {contexts} contexts each into {folder}")
    render_dataset(stage.config, stage.checkpoint, root, folder, contexts=contexts, seed=stage.seed, report=report)


def _swap(stage: Stage, cfg: Config, folder: Path, report: Report) -> None:
    root, structures = swap_images(cfg)["root"], _number(folder)
    report(f"{stage.name}: {root} is drawn in {structures} structures each into {folder}")
    swap_dataset(stage.config, stage.checkpoint, root, folder, structures=structures, seed=stage.seed, report=report)


def _number(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])


class GeneratorKind(NamedTuple):
    """A kind of generator: its methods, what reads and what draws its images, and the names of their folders."""

    method: type[BaseModel]
    reader: str
    draw: Draw
    folder: re.Pattern[str]
    names: str


def _counting(method: type[BaseModel], reader: str, draw: Draw, verb: str, unit: str) -> GeneratorKind:
    """A kind whose folders are called ``<verb>-<number>``, which :func:`_number` reads."""
    return GeneratorKind(method, reader, draw, re.compile(rf"{verb}-[1-9]\d*"), f"{verb}-<number of {unit}>")


KINDS = (
    GeneratorKind(
        TranslationMethod,
        "GeneratedFolder",
        _translate,
        re.compile("|".join((*ONE_WAY, TRANSLATED))),
        f"{', '.join(ONE_WAY)} or {TRANSLATED} (all pairs of cameras)",
    ),
    _counting(SamplingMethod, "SampledFolder", _sample, "sampled", "images"),
    _counting(PoseTransferMethod, "GeneratedFolder", _repose, "reposed", "poses"),
    _counting(RenderingMethod, "GeneratedFolder", _render, "rendered", "contexts"),
    _counting(SwapMethod, "GeneratedFolder", _swap, "swapped", "structures"),
)


@dataclass(frozen=True)
class DrawnImages:
    """The folder of images that the generator ``stage`` draws.

    Attributes:
        stage: of the generator; for camera pairs, each pair has a folder of its own in the stage's.
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

    def draw(self, report: Report) -> None:
        """Sample, or draw the data anew that the config names; what is there already is not drawn again.

        Raises:
            UserError: the folder holds another run's images, or the data cannot be read.
        """
        generator_kind(self.cfg).draw(self.stage, self.cfg, self.folder, report)


class GeneratedData(NamedTuple):
    """Where a config describes its data set of generated images, its type, and their folder (None without one)."""

    place: str
    type: str | None
    root: str | None


def generator_kind(cfg: Config) -> GeneratorKind | None:
    """The kind of generator that a config trains; None for a re-ID network."""
    method = METHODS.get(cfg.model.type)
    return next((kind for kind in KINDS if issubclass(method, kind.method)), None)


def is_translation(cfg: Config) -> bool:
    """Whether a config trains a translation between two domains."""
    return issubclass(METHODS.get(cfg.model.type), TranslationMethod)


def is_sampling(cfg: Config) -> bool:
    """Whether a config trains a method that draws images from noise."""
    return issubclass(METHODS.get(cfg.model.type), SamplingMethod)


def drawn_images(stages: Sequence[Stage], cfgs: Sequence[Config]) -> list[DrawnImages | None]:
    """For each stage the images that it trains on, where the nearest generator before it draws them.

    A stage that has that generator's network itself (:mod:`reidzoo.apis.trained_weights`) needs no folder of images.

    Raises:
        UserError: the stage after a generator trains on other images, or a later one on those of another generator.
    """
    found: list[DrawnImages | None] = []
    drawing: int | None = None
    for index, (stage, cfg) in enumerate(zip(stages, cfgs, strict=True)):
        data = generated_data(cfg)
        if generator_kind(cfg) is not None:
            drawing = index
            found.append(None)
        elif drawing is None or (data.root is None and (drawing < index - 1 or _watches(cfg, stages[drawing]))):
            found.append(None)
        else:
            folder = _folder(data, stages[drawing], generator_kind(cfgs[drawing]), stage)
            found.append(DrawnImages(stages[drawing], cfgs[drawing], folder, f"{data.place}.root"))
    return found


def generated_data(cfg: Config) -> GeneratedData:
    """The data set of generated images that a config trains on, alone or beside real ones."""
    place, dataset = "train_dataloader.dataset", training_set(cfg)
    if "generated" in dataset:
        place, dataset = f"{place}.generated", dataset["generated"]
    reader = dataset.get("type")
    return GeneratedData(place, reader, dataset.get("root") if reader in ("GeneratedFolder", "SampledFolder") else None)


def _watches(cfg: Config, generator: Stage) -> bool:
    return Path(generator.config).stem in {run_of(file) for file in trained_weights(cfg).values()}


def _folder(data: GeneratedData, generator: Stage, kind: GeneratorKind, stage: Stage) -> Path:
    """The folder of ``generator`` that the config of ``stage`` means by its root, which names another seed's."""
    *above, name = Path(data.root or ".").parts or ("",)
    stem = Path(generator.config).stem
    under_it = len(above) > 1 and above[-2] == stem and re.fullmatch(r"seed\d+", above[-1])
    if not kind.folder.fullmatch(name) or not under_it or data.type != kind.reader:
        got = f"{data.root!r}" if data.type == kind.reader else f"{data.type} with {data.root!r}"
        raise UserError(
            f"'{stage.config}' trains after '{generator.config}', so it reads a {kind.reader} with the root "
            f"'{WORK_DIRS / stem / 'seed0'}/' and then {kind.names}, got "
            f"{got if data.root else 'none'}: correct its root, or the order of the stages"
        )
    return generator.folder / name
