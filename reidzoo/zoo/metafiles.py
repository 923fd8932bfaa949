"""A card: what one trained model is, read strictly from a metafile in OpenMMLab's model-index form.

.. code-block:: yaml

    Collections:
    - Name: IDE
      Paper: {Title: "...", URL: "https://...", Year: 2016}          # optional, as is the folder
      Config Folder: configs/ide
    Models:
    - Name: ide_osnet-x0-25_synthped-day                             # file stem of the weights
      In Collection: IDE
      Config: configs/ide/ide_osnet-x0-25_synthped-day.py            # relative to the repository
      Metadata:
        Training Data: SynthPed day default seed 0 renderer 1.0 train
        Initialisation: osnet-x0-25_synthped-studio                  # a model of the zoo, or what it is in words
        Seed: 0                                                      # these and Commit are needed with Weights
        Commit: 5303210bf4e9
        Seeds: [0, 1, 2]                                             # from here on optional: all seeds of the recipe
        Stages: [configs/..., configs/...]                           # trained in order, the model's own config last
        EMA: none                                                    # or what was averaged
        Hardware: AMD EPYC, 1 thread
        Training Time: 210                                           # seconds, on Hardware
        Versions: {torch: 2.14.1}
      Results:                                                       # measured here, with these weights
      - Task: Person Re-Identification
        Dataset: SynthPed day default seed 0 renderer 1.0 test
        Metrics: {mAP_step: 74.2, mAP_official: 72.5, rank1: 86.8}   # percent; names carry their flavour
        Spread: {mAP_step: {mean: 74.2, std: 0.9, seeds: 3}}         # over trainings; optional
        Config: configs/...                                          # optional: the recipe that learnt from its images
      Picture: model_zoo/pictures/NAME.png                           # optional: what a translation draws
      Published:                                                     # figures of others, never mixed with ours
      - Dataset: Market-1501
        Metrics: {mAP_official: 68.8}
        Source: https://...
      Weights:                                                       # or  Train: python tools/train.py CONFIG
        File: ide_osnet-x0-25_synthped-day.safetensors
        Size: 471696                                                 # bytes
        SHA256: "..."                                                # 64 hexadecimal digits
        Precision: float16
        Holds: method                                                # or backbone; default method
        Licence: as the repository
        Data Licence: none needed, drawn by the repository's own renderer
        Mirrors: []                                                  # base URLs, tried in order

A key that is not listed here is a mistake, and so are a task that :data:`TASKS` does not have and a metric that does
not say its flavour. A model that translates between domains has results of the task ``Image Translation``, one that
draws from noise of ``Image Sampling``, one that draws persons in other poses of ``Pose Transfer``, one that draws their
appearances in other structures of ``Appearance Swapping``, one that renders them in other images' surroundings of
``Context Rendering``: what a few of its images look like, in grey levels of 0 to 255. After them come those of ``Image
Generation``, which judge its images beside real ones, and those of re-ID recipes that learnt from the images that these
weights drew; a re-ID method that draws has its own tests as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reidzoo.base.errors import UserError, nearest

REID = "Person Re-Identification"
#: of recipes that learnt from a generator's images: instead of real ones, and beside them
REID_ON_TRANSLATED, REID_WITH_SAMPLED = f"{REID} on translated images", f"{REID} with sampled images"
REID_WITH_REPOSED = f"{REID} with images in other poses"
#: tasks whose results say what a few images look like, by which one knows how a model draws
TRANSLATION, SAMPLING, POSE_TRANSFER = "Image Translation", "Image Sampling", "Pose Transfer"
SWAPPING, RENDERING = "Appearance Swapping", "Context Rendering"
DRAWING = (TRANSLATION, SAMPLING, POSE_TRANSFER, SWAPPING, RENDERING)
#: the task whose results judge a generator's images beside real ones
GENERATION = "Image Generation"
REID_WITH_SWAPPED, REID_ON_RENDERED = f"{REID} with swapped appearances", f"{REID} in rendered contexts"
LEARNT = (REID_ON_TRANSLATED, REID_WITH_SAMPLED, REID_WITH_REPOSED, REID_WITH_SWAPPED, REID_ON_RENDERED)
TASKS = (REID, *LEARNT, *DRAWING, GENERATION)
#: metrics of which several definitions are in use, so that the bare name says nothing
FLAVOURS = {
    "mAP": "mAP_step or mAP_official",
    "FID": "FID_<features>",
    "fid": "fid (<features>)",
    "SSIM": "SSIM_<preset>",
    "ssim": "ssim (<preset>)",
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # becomes a file name, so nothing that leaves a folder
DIGEST = re.compile(r"[0-9a-f]{64}")
SUFFIX = ".safetensors"
HOLDS = ("method", "backbone")
NUMBER = (int, float)
KINDS = {str: "text in quotes", int: "a whole number", NUMBER: "a number", dict: "keys with values", list: "a list"}


@dataclass(frozen=True)
class Collection:
    """A method and its paper; ``paper`` has Title, URL and Year where they are known."""

    name: str
    paper: dict[str, Any]
    config_folder: str | None


@dataclass(frozen=True)
class Result:
    """One test of exactly these weights; ``metrics`` are percent unless the name is a count or a distance.

    ``spread`` is metric to ``{mean, std, seeds}`` over trainings of the same recipe. ``config`` is that of a re-ID
    recipe which was trained on images that these weights drew, and tested; None where they were tested themselves.
    """

    task: str
    dataset: str
    metrics: dict[str, float]
    spread: dict[str, dict[str, float]]
    config: str | None = None


@dataclass(frozen=True)
class Published:
    """Figures that others report for the same recipe, and where."""

    dataset: str
    metrics: dict[str, float]
    source: str


@dataclass(frozen=True)
class Weights:
    """A file of weights as the card promises it: ``size`` in bytes, ``mirrors`` base URLs in order.

    ``holds`` is ``method`` (a checkpoint, for ``tools/test.py`` and ``load_from``) or ``backbone`` (for the ``weights``
    of a network).
    """

    file: str
    size: int
    sha256: str
    precision: str
    holds: str
    licence: str
    data_licence: str
    mirrors: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """One model of the zoo.

    Attributes:
        name: file stem of its weights.
        collection: the method it belongs to.
        config: path of its config, relative to the repository.
        metadata: ``Training Data``, ``Initialisation`` and what else is known of the training.
        results: measured here; ``published``: by others.
        weights: None where there are none; ``train`` then is the command that makes them.
        train: that command, None where there are weights.
        metafile: the file that the card was read from.
        picture: path of a PNG file relative to the repository, None where there is none.
    """

    name: str
    collection: Collection
    config: str
    metadata: dict[str, Any]
    results: tuple[Result, ...]
    published: tuple[Published, ...]
    weights: Weights | None
    train: str | None
    metafile: Path
    picture: str | None = None

    @property
    def is_translation(self) -> bool:
        """Whether the model draws images of one domain in the style of another."""
        return any(result.task == TRANSLATION for result in self.results)

    @property
    def is_sampling(self) -> bool:
        """Whether the model draws images from noise."""
        return any(result.task == SAMPLING for result in self.results)

    @property
    def is_pose_transfer(self) -> bool:
        """Whether the model draws persons in other poses."""
        return any(result.task == POSE_TRANSFER for result in self.results)

    @property
    def is_swapping(self) -> bool:
        """Whether the model draws the appearance of one person in the structure of another."""
        return any(result.task == SWAPPING for result in self.results)

    @property
    def is_rendering(self) -> bool:
        """Whether the model renders persons in the surroundings of other images."""
        return any(result.task == RENDERING for result in self.results)

    @property
    def draws(self) -> bool:
        """Whether the model draws images at all."""
        return any(result.task in DRAWING for result in self.results)


def read_metafile(path: str | Path, root: str | Path | None = None) -> list[Card]:
    """The cards of one metafile.

    Args:
        path: the YAML file.
        root: the repository, where it is at hand: configs that the cards name must then exist below it.

    Raises:
        UserError: absent file, no YAML, an unknown, missing or repeated key, a value of another type, a metric
            without flavour, a model of an unknown collection, a config or picture that does not exist. Names file and
            key.
    """
    path = Path(path)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except OSError as error:
        raise UserError(f"no metafile '{path}' ({error.strerror}): the shipped ones lie under model_zoo/") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"'{path}' is no YAML: {' '.join(str(error).split())}") from error
    try:
        cards = _cards(content, path)
        if root is not None:
            for card in cards:
                _require_files(card, Path(root))
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    return cards


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key that stands twice is an error; plain YAML takes the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"the key '{twice}' stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _cards(content: Any, path: Path) -> list[Card]:
    _check(content, "the metafile", {"Collections": list, "Models": list}, {})
    collections = [_collection(node, f"collection {index}") for index, node in enumerate(content["Collections"], 1)]
    by_name = {collection.name: collection for collection in collections}
    return [_card(node, f"model {index}", by_name, path) for index, node in enumerate(content["Models"], 1)]


def _collection(node: Any, where: str) -> Collection:
    _check(node, where, {"Name": str}, {"Paper": dict, "Config Folder": str})
    paper = node.get("Paper", {})
    _check(paper, f"{where} ('{node['Name']}'): Paper", {}, {"Title": str, "URL": str, "Year": int})
    return Collection(node["Name"], paper, node.get("Config Folder"))


def _card(node: Any, where: str, collections: dict[str, Collection], path: Path) -> Card:
    optional = {"Results": list, "Published": list, "Weights": dict, "Train": str, "Picture": str}
    _check(node, where, {"Name": str, "In Collection": str, "Config": str, "Metadata": dict}, optional)
    name = node["Name"]
    where = f"model '{name}'"
    if not NAME.fullmatch(name):
        raise UserError(f"{where}: a name becomes a file name, so it has letters, digits, '.', '_' and '-' only")
    if node["In Collection"] not in collections:
        known = nearest(node["In Collection"], collections)
        raise UserError(f"{where}: no collection '{node['In Collection']}' in this file, {known}")
    if ("Weights" in node) == ("Train" in node):
        raise UserError(f"{where}: a card has either Weights or Train (the command that makes them)")
    weights = _weights(node["Weights"], name, where) if "Weights" in node else None
    _check_metadata(node["Metadata"], f"{where}: Metadata", trained=weights is not None)
    return Card(
        name=name,
        collection=collections[node["In Collection"]],
        config=node["Config"],
        metadata=node["Metadata"],
        results=tuple(_result(each, f"{where}: Results") for each in node.get("Results", [])),
        published=tuple(_published(each, f"{where}: Published") for each in node.get("Published", [])),
        weights=weights,
        train=node.get("Train"),
        metafile=path,
        picture=_picture(node.get("Picture"), where),
    )


def _check_metadata(node: dict[str, Any], where: str, trained: bool) -> None:
    made = {"Seed": int, "Commit": str}
    optional = {"Seeds": list, "Stages": list, "EMA": str, "Hardware": str, "Training Time": NUMBER, "Versions": dict}
    required = {"Training Data": str, "Initialisation": str}
    _check(node, where, {**required, **(made if trained else {})}, {**made, **optional})
    if "Training Time" in node and "Hardware" not in node:
        raise UserError(f"{where}: 'Training Time' says nothing without 'Hardware'")
    if not all(type(seed) is int for seed in node.get("Seeds", [])):
        raise UserError(f"{where}: 'Seeds' is a list of whole numbers, got {node['Seeds']}")
    if not all(isinstance(stage, str) for stage in node.get("Stages", [])):
        raise UserError(f"{where}: 'Stages' is a list of config files, got {node['Stages']}")


def _result(node: Any, where: str) -> Result:
    _check(node, where, {"Task": str, "Dataset": str, "Metrics": dict}, {"Spread": dict, "Config": str})
    if node["Task"] not in TASKS:
        raise UserError(f"{where}: no task '{node['Task']}', {nearest(node['Task'], TASKS)}")
    _check_metrics(node["Metrics"], f"{where}: Metrics")
    spread = node.get("Spread", {})
    for metric, numbers in spread.items():
        if metric not in node["Metrics"]:
            raise UserError(f"{where}: Spread of '{metric}', {nearest(str(metric), node['Metrics'])}")
        _check(numbers, f"{where}: Spread of '{metric}'", {"mean": NUMBER, "std": NUMBER, "seeds": int}, {})
    return Result(node["Task"], node["Dataset"], node["Metrics"], spread, node.get("Config"))


def _published(node: Any, where: str) -> Published:
    _check(node, where, {"Dataset": str, "Metrics": dict, "Source": str}, {})
    _check_metrics(node["Metrics"], f"{where}: Metrics")
    return Published(node["Dataset"], node["Metrics"], node["Source"])


def _check_metrics(node: dict[str, Any], where: str) -> None:
    _check(node, where, {}, dict.fromkeys(node, NUMBER))
    bare = next((name for name in node if name in FLAVOURS), None)
    if bare is not None:
        raise UserError(f"{where}: '{bare}' does not say its flavour: write {FLAVOURS[bare]}")


def _weights(node: dict[str, Any], name: str, where: str) -> Weights:
    where = f"{where}: Weights"
    required = {"File": str, "Size": int, "SHA256": str, "Precision": str, "Licence": str, "Data Licence": str}
    _check(node, where, required, {"Mirrors": list, "Holds": str})
    holds, mirrors = node.get("Holds", HOLDS[0]), node.get("Mirrors", [])
    if node["File"] != name + SUFFIX:
        raise UserError(f"{where}: 'File' is the name with {SUFFIX}, expected '{name}{SUFFIX}', got '{node['File']}'")
    if not DIGEST.fullmatch(node["SHA256"]):
        raise UserError(f"{where}: 'SHA256' is 64 hexadecimal digits in small letters, got '{node['SHA256']}'")
    if holds not in HOLDS:
        raise UserError(f"{where}: 'Holds' is {' or '.join(HOLDS)}, got '{holds}'")
    if not all(isinstance(mirror, str) for mirror in mirrors):
        raise UserError(f"{where}: 'Mirrors' is a list of base URLs, got {mirrors}")
    return Weights(
        file=node["File"],
        size=node["Size"],
        sha256=node["SHA256"],
        precision=node["Precision"],
        holds=holds,
        licence=node["Licence"],
        data_licence=node["Data Licence"],
        mirrors=tuple(mirrors),
    )


def _picture(path: str | None, where: str) -> str | None:
    if path is not None and (Path(path).is_absolute() or ".." in Path(path).parts or Path(path).suffix != ".png"):
        raise UserError(f"{where}: 'Picture' is the path of a .png file in the repository, got '{path}'")
    return path


def _require_files(card: Card, root: Path) -> None:
    recipes = (result.config for result in card.results if result.config is not None)
    for config in (card.config, *card.metadata.get("Stages", []), *recipes):
        if not (root / config).is_file():
            raise UserError(f"model '{card.name}': no config file '{config}': correct 'Config'")
    if card.picture is not None and not (root / card.picture).is_file():
        raise UserError(f"model '{card.name}': no picture '{card.picture}': correct 'Picture'")
    folder = card.collection.config_folder
    if folder is not None and not (root / folder).is_dir():
        raise UserError(f"collection '{card.collection.name}': no folder '{folder}': correct 'Config Folder'")


def _check(node: Any, where: str, required: dict[str, Any], optional: dict[str, Any]) -> None:
    """Refuse a node with a missing or unknown key, or a value of another type."""
    if not isinstance(node, dict):
        raise UserError(f"{where} is keys with values, got {node!r}")
    known = {**optional, **required}
    for key in required:
        if key not in node:
            raise UserError(f"{where} lacks the key '{key}'")
    for key, value in node.items():
        if key not in known:
            raise UserError(f"{where} has no key '{key}', {nearest(str(key), known)}")
        if not isinstance(value, known[key]) or isinstance(value, bool):
            raise UserError(f"{where}: '{key}' is {KINDS[known[key]]}, got {value!r}")
