"""Networks that turn images into features for FID, the Inception Score and the deep distance, by name.

A distance between features belongs to the network that made them, so every network carries the name that has to stand
beside its numbers.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor, nn

from reidzoo.apis.configs import config_of_weights
from reidzoo.apis.method_loading import find_device, load_method
from reidzoo.apis.picture_input import batches_of
from reidzoo.apis.weight_files import resolved_config
from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError, nearest
from reidzoo.base.files import sha256 as sha256_of
from reidzoo.base.reporting import Report, silent
from reidzoo.base.weights import load_weights, read_checkpoint, read_weights
from reidzoo.methods.base import ReIDMethod
from reidzoo.models.heads.pooled import global_average
from reidzoo.models.inception_2015 import Inception2015
from reidzoo.registry import BACKBONES, METHODS, TRANSFORMS
from reidzoo.zoo.cards import find_card, list_cards
from reidzoo.zoo.download import locate, published_weights
from reidzoo.zoo.foreign_files import verified_file

#: our own, from drawn persons; always there
STUDIO = "osnet-x0-25_synthped-studio"
NAMES = {"studio": STUDIO}
INCEPTION = "inception"
#: the first digits of torch-fidelity's file weights-inception-2015-12-05-6726825d.pth
PUBLISHED_INCEPTION = "6726825d"
TAP = "2048"
REFUSAL = "gives no features of images: name a model or config of a re-ID method"


class FeatureNetwork(nn.Module):
    """Bytes of images to features, in test mode and without gradient.

    Attributes:
        name: what stands beside every number that rests on it, such as ``inception-2048``.
        num_features: D.
    """

    def __init__(self, name: str):
        super().__init__()
        self.name = name
        self.num_features = 0

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """B x 3 x H x W uint8 to B x D, on the network's device."""

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W uint8 RGB, of any size and on any device, to B x D float32 on the network's device.

        They are resized and normalised as the network's training or its own test did.

        Raises:
            UserError: another shape or type.
        """
        if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3 or not len(images):
            shape = " x ".join(map(str, images.shape))
            raise UserError(
                f"{self.name} expects images B x 3 x H x W of uint8 (RGB), got {shape} of "
                f"{str(images.dtype).removeprefix('torch.')}: give bytes, not normalised"
            )
        return self.features(images).float()


class InceptionFeatures(FeatureNetwork):
    """Inception-v3 of 2015; see :class:`reidzoo.models.inception_2015.Inception2015`."""

    def __init__(self, name: str, network: Inception2015):
        super().__init__(name)
        self.network = network
        self.num_features = network.num_features
        self.eval().requires_grad_(False)

    def features(self, images: Tensor) -> Tensor:
        return self.network(images.to(next(self.network.parameters()).device))


class PooledBackbone(BaseModel):
    """A backbone without its method: the mean of its map over the cells.

    Args:
        model: config of the method that it was trained in.
        state: tensors of the backbone by its own names.
        source: what errors call their origin.

    Raises:
        UserError: tensors that do not fit.
    """

    def __init__(self, model: dict[str, Any], state: dict[str, Tensor], source: str):
        super().__init__(METHODS.build(model.get("data_preprocessor") or {"type": "ImagePreprocessor"}))
        self.backbone = BACKBONES.build({**model["backbone"], "weights": None})
        load_weights(self.backbone, state, source=source)

    def forward(self, images: Tensor, mode: str = "tensor") -> Tensor:
        """What MMEngine's ``test_step`` calls: B x 3 x H x W normalised to B x C, in every mode."""
        return global_average(self.backbone(images))


class EmbeddingFeatures(FeatureNetwork):
    """What a re-ID network gives at test, before it is brought to unit length.

    Args:
        name: see :class:`FeatureNetwork`.
        network: its ``test_step`` takes a batch with ``images``, B x 3 x H x W uint8, and gives B x D; on its device
            already, because MMEngine's preprocessors follow their own model only.
        cfg: the config that it was trained with; its test's transforms and mirroring apply.
    """

    def __init__(self, name: str, network: BaseModel, cfg: Config):
        super().__init__(name)
        self.network = network
        self.eval().requires_grad_(False)
        tested = cfg.get("test_dataloader") or {}
        self._transforms = [TRANSFORMS.build(each) for each in tested.get("dataset", {}).get("transforms", [])]
        self._flip = (cfg.get("test_cfg") or {}).get("type") == "FlipTestLoop"
        self.num_features = self(torch.zeros(1, 3, 128, 64, dtype=torch.uint8)).shape[1]

    def features(self, images: Tensor) -> Tensor:
        batch = self._resized(images)
        features = self.network.test_step({"images": batch})
        return features + self.network.test_step({"images": batch.flip(-1)}) if self._flip else features

    def _resized(self, images: Tensor) -> Tensor:
        """As the config's test does it, image by image; a batch has at least one."""
        pictures = list(images.permute(0, 2, 3, 1).cpu().numpy())
        return next(batches_of(pictures, self._transforms, len(pictures)))


def feature_network(
    name: str = "studio",
    weights: str | Path | None = None,
    *,
    sha256: str | None = None,
    tap: int | str | None = None,
    device: str = "auto",
    report: Report = silent,
) -> FeatureNetwork:
    """The feature network ``name``, ready on ``device``.

    Args:
        name: ``studio`` (our own OSNet x0.25 of drawn persons, 512 features); ``inception`` (Inception-v3 of 2015, what
            papers mean by FID and IS); a model of the zoo; or the path of a config file of a re-ID method.
        weights: for ``inception`` torch-fidelity's ``weights-inception-2015-12-05-6726825d.pth`` as a path or an
            address; for a config file its checkpoint. Nothing is downloaded unless an address says so.
        sha256: what the weights of ``inception`` must have; None compares with the digits that end the file's name. An
            address needs it.
        tap: of ``inception``: 64, 192, 768, 2048 (the default) features, or the 1008 ``logits`` of the Inception Score.
        device: ``auto`` (the GPU where there is one), or what torch calls a device.
        report: receives a line before something is downloaded.

    Returns:
        The network; its ``name`` is ``inception-<tap>`` (with the first digits of the file's digest behind it where the
        file is not the published one), the name of the zoo's model, or ``<config>-<digits of the checkpoint>``.

    Raises:
        UserError: no such model or config, weights that are missing, damaged, of another digest or another network, a
            setting that the network does not have, an extra that is not installed, or an unknown device.
    """
    place = find_device(device)
    if name == INCEPTION:
        return _inception(weights, sha256, str(TAP if tap is None else tap), report).to(place)
    for setting, value in (("tap", tap), ("sha256", sha256)):
        if value is not None:
            raise UserError(f"{setting}={value} is a setting of '{INCEPTION}', and '{name}' has none: leave it out")
    if Path(name).suffix == ".py":
        return _of_config(name, weights, place)
    return _of_zoo(NAMES.get(name, name), weights, place)


def _inception(weights: str | Path | None, sha256: str | None, tap: str, report: Report) -> FeatureNetwork:
    if weights is None:
        raise UserError(
            f"'{INCEPTION}' needs the weights of 2015, and nothing is downloaded unasked: name the file "
            "weights-inception-2015-12-05-6726825d.pth of torch-fidelity's releases, or its address and SHA-256"
        )
    path, digest = verified_file(weights, sha256, report=report)
    origin = "" if digest.startswith(PUBLISHED_INCEPTION) else f"-{digest[:8]}"
    network = Inception2015(read_weights(path), source=str(path), tap=tap)
    return InceptionFeatures(f"{INCEPTION}-{tap}{origin}", network)


def _of_config(path: str, checkpoint: str | Path | None, place: torch.device) -> FeatureNetwork:
    cfg, method = load_method(path, checkpoint, ReIDMethod, REFUSAL)
    name = f"{Path(path).stem}-{sha256_of(local_file(checkpoint))[:8]}"
    return EmbeddingFeatures(name, method.to(place), cfg)


def _of_zoo(name: str, weights: str | Path | None, place: torch.device) -> FeatureNetwork:
    names = [card.name for card in list_cards()]
    if name not in names:
        raise UserError(f"no feature network '{name}', {nearest(name, [INCEPTION, *NAMES, *names])}")
    if weights is not None:
        raise UserError(f"'{name}' has its weights already: leave '{weights}' out, or name a config file (.py) for it")
    if published_weights(find_card(name)).holds != "backbone":
        cfg, method = load_method(name, None, ReIDMethod, REFUSAL)
        return EmbeddingFeatures(name, method.to(place), cfg)
    path = locate(name)
    content = read_checkpoint(path)
    meta = content.get("meta", {})
    if isinstance(meta.get("config"), str):  # as checkpoints keep it
        meta = {**meta, "config": resolved_config(meta["config"])}
    cfg = config_of_weights(meta, path)
    return EmbeddingFeatures(name, PooledBackbone(cfg.model, content["state_dict"], str(path)).to(place), cfg)
