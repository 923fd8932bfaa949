"""From pictures of persons to features that can be compared, in three lines of Python (docs/api.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize as unit_length
from tqdm import tqdm

from reidzoo.apis.configs import complete_for_loading, config_of_weights, read_config
from reidzoo.base.errors import UserError
from reidzoo.base.weights import load_weights, read_checkpoint
from reidzoo.data.datasets.base import decode
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.draw import Draw
from reidzoo.engine.precision import PRECISIONS
from reidzoo.methods.base import ReIDMethod
from reidzoo.registry import METHODS, TRANSFORMS
from reidzoo.zoo.cards import find_card
from reidzoo.zoo.download import locate, published_weights

#: one picture: a file, H x W x 3 uint8 RGB, or a PIL image of any mode
Picture = str | Path | np.ndarray | Image.Image


class Embedder:
    """A trained re-ID method that turns pictures into features; they equal those that ``tools/test.py`` compares.

    Args:
        name_or_config: a model of the zoo (its verified file is fetched where needed, and brings its config along),
            or the path of a config file.
        checkpoint: of a training run, or published weights, for a config file; ``zoo://NAME`` is a path, too.
        device: ``auto`` (the GPU where there is one), or what torch calls a device: ``cpu``, ``cuda:1``.
        precision: ``fp32`` or ``bf16``, of the network; features come out as float32 either way.
        flip: add the feature of the mirror image; None does what the config does in its test.
        batch_size: pictures a step.
        progress: show a bar.

    Attributes:
        config: the resolved config.
        method: the :class:`reidzoo.methods.base.ReIDMethod` on its device, in test mode.

    Raises:
        UserError: no such model or config, a config without its checkpoint, weights that do not fit, a method that
            embeds nothing, an unknown device or precision, a batch size below 1.
    """

    def __init__(
        self,
        name_or_config: str | Path,
        checkpoint: str | Path | None = None,
        *,
        device: str = "auto",
        precision: str = "fp32",
        flip: bool | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ):
        if precision not in PRECISIONS:
            raise UserError(f"precision is one of {', '.join(PRECISIONS)}, got '{precision}'")
        if batch_size < 1:
            raise UserError(f"batch_size is the number of pictures a step, at least 1, got {batch_size}")
        self.device = find_device(device)
        self.config, self.method = _load(name_or_config, checkpoint)
        self.method.to(self.device)
        tested = self.config.get("test_dataloader") or {}
        transforms = tested.get("dataset", {}).get("transforms", [])
        self._transforms = [TRANSFORMS.build(transform) for transform in transforms]
        flips_in_test = (self.config.get("test_cfg") or {}).get("type") == "FlipTestLoop"
        self.flip = flips_in_test if flip is None else flip
        self.precision, self.batch_size, self.progress = precision, batch_size, progress

    def __call__(self, images: Picture | Sequence[Picture] | Tensor, *, normalize: bool = True) -> np.ndarray:
        """The features of ``images``, in their order.

        Args:
            images: a file; a folder (its pictures sorted by name, those of folders in it left out); one H x W x 3
                uint8 RGB array or PIL image; a list of any of these but folders; or a B x 3 x H x W uint8 RGB tensor.
                Sizes are free: every picture goes through the transforms of the config's test.
            normalize: Euclidean length 1, so that the dot product of two features is their cosine.

        Returns:
            N x D float32.

        Raises:
            UserError: no picture, a file that does not decode, another shape or type, or sizes that differ although
                the config resizes nothing.
        """
        pictures = _listed(images)
        batches = tqdm(
            self.prepare(pictures),
            total=-(-len(pictures) // self.batch_size),
            disable=not self.progress,
            desc="embedding",
            unit="batch",
        )
        features = torch.cat([self._embed(batch) for batch in batches])
        return (unit_length(features, dim=1) if normalize else features).numpy()

    def prepare(self, images: Picture | Sequence[Picture] | Tensor) -> Iterator[Tensor]:
        """What the network is given: batches B x 3 x H x W uint8 of ``batch_size`` pictures, the last may have fewer.

        Raises:
            UserError: as calling the embedder does.
        """
        pictures = _listed(images)
        for start in range(0, len(pictures), self.batch_size):
            prepared = [self._transform(_pixels(picture)) for picture in pictures[start : start + self.batch_size]]
            shapes = sorted({pixels.shape[:2] for pixels in prepared})
            if len(shapes) > 1:
                raise UserError(
                    f"the config's test resizes nothing, and these pictures have {len(shapes)} sizes (first: "
                    f"{shapes[0][0]} x {shapes[0][1]} and {shapes[1][0]} x {shapes[1][1]}): bring them to one size"
                )
            yield torch.from_numpy(np.ascontiguousarray(np.stack(prepared).transpose(0, 3, 1, 2)))

    def _transform(self, pixels: np.ndarray) -> np.ndarray:
        sample: dict[str, Any] = {"image": pixels, "rng": Draw(index=0).generator()}
        for transform in self._transforms:
            sample = transform(sample)
        return sample["image"]

    @torch.inference_mode()
    def _embed(self, batch: Tensor) -> Tensor:
        """B x 3 x H x W uint8 to B x D float32 on the CPU."""
        dtype = PRECISIONS[self.precision]
        with torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None):
            features = self.method.test_step({"images": batch})
            if self.flip:  # as FlipTestLoop: the sum, whose direction is that of the mean
                features = features + self.method.test_step({"images": batch.flip(-1)})
        return features.float().cpu()


def find_device(name: str) -> torch.device:
    """``auto``, or a device as torch names it.

    Raises:
        UserError: torch knows no such device, or this machine has none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # builds without CUDA assert
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"no device '{name}' here ({reason}): write auto, cpu or cuda:<number>") from error
    return device


def _load(name_or_config: str | Path, checkpoint: str | Path | None) -> tuple[Config, ReIDMethod]:
    """Config and method in test mode, with all weights in place."""
    is_config = Path(name_or_config).suffix == ".py"
    if is_config and checkpoint is None:
        raise UserError(f"the config '{name_or_config}' says how to build a model: name a checkpoint of it, too")
    if not is_config and checkpoint is not None:
        raise UserError(
            f"'{name_or_config}' names a model of the zoo, which has its weights already: name a config file (.py) "
            f"to load '{checkpoint}', or leave the checkpoint out"
        )
    path = checkpoint if is_config else _file_of_method(str(name_or_config))
    cfg = read_config(name_or_config) if is_config else None
    content = read_checkpoint(path)
    meta = content.get("meta", {})
    cfg = cfg or config_of_weights(meta, path)
    complete_for_loading(cfg, meta, path)
    method = METHODS.build(cfg.model)
    if not isinstance(method, ReIDMethod):
        raise UserError(f"{type(method).__name__} embeds no pictures: name a model or config of a re-ID method")
    load_weights(method, content["state_dict"], source=str(path))
    return cfg, method.eval().requires_grad_(False)


def _file_of_method(name: str) -> Path:
    holds = published_weights(find_card(name)).holds
    if holds != "method":
        raise UserError(f"'{name}' is a {holds} to start training from: name a trained method")
    return locate(name)


def _listed(images: Any) -> Sequence[Any]:
    """The pictures one by one; files and arrays are not looked at yet."""
    if isinstance(images, str | Path) and Path(images).is_dir():
        listed: Sequence[Any] = image_files(Path(images))
        where = f" in the folder '{images}'"
    else:
        where = ""
        if isinstance(images, Tensor):
            if images.ndim != 4 or images.shape[1] != 3 or images.dtype != torch.uint8:
                raise UserError(
                    f"expected a tensor B x 3 x H x W of uint8 (RGB), got {_described(images)}: "
                    "pictures as bytes, not normalised"
                )
            listed = list(images.permute(0, 2, 3, 1).cpu().numpy())
        else:
            listed = images if isinstance(images, list | tuple) else [images]
    if len(listed) == 0:
        raise UserError(f"found no picture to embed{where}: name at least one")
    return listed


def _pixels(picture: Any) -> np.ndarray:
    """H x W x 3 uint8 RGB."""
    if isinstance(picture, str | Path):
        if not Path(picture).exists():
            raise UserError(f"no such file or folder: '{picture}'")
        return decode(Path(picture))
    if isinstance(picture, Image.Image):
        return np.asarray(picture.convert("RGB"))
    if isinstance(picture, np.ndarray):
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
            raise UserError(
                f"expected an array H x W x 3 of uint8 (RGB), got {_described(picture)}: convert it, "
                "and name several pictures as a list"
            )
        return picture
    raise UserError(
        f"expected pictures as paths, arrays, PIL images or one tensor of a batch, got {type(picture).__name__}"
    )


def _described(array: np.ndarray | Tensor) -> str:
    shape = " x ".join(map(str, array.shape)) or "a single number"
    return f"{shape} of {str(array.dtype).removeprefix('torch.')}"
