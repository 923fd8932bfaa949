"""From a trained re-ID method to one ONNX file that takes pictures as bytes, compared with torch before it is kept."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from reidzoo.apis.embedder import Embedder, Picture
from reidzoo.apis.smoke import SMOKE_DATA
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.synthped.benchmark import make_synthped
from reidzoo.methods.base import ReIDMethod

OPSET = 17  # of 2022: every runtime in use has it, and nothing here needs a later one
BATCH_SIZES = (1, 3)
CROPS = 12  # pictures compared when the caller names none
MIN_COSINE = 0.9999


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes:
        path: the file.
        shape: height and width in pixels of the pictures that it takes.
        feature_dim: D of its features.
        pictures: how many were compared, in batches of each of ``BATCH_SIZES``.
        cosine: the smallest between its feature and torch's.
    """

    path: Path
    shape: tuple[int, int]
    feature_dim: int
    pictures: int
    cosine: float


class _Network(nn.Module):
    """Bytes in, features of length 1 out."""

    def __init__(self, method: ReIDMethod, flip: bool):
        super().__init__()
        self.method, self.flip = method, flip

    def forward(self, images: Tensor) -> Tensor:
        features = self._embed(images)
        if self.flip:
            features = features + self._embed(images.flip(-1))
        return normalize(features, dim=1)

    def _embed(self, images: Tensor) -> Tensor:
        return self.method(**self.method.data_preprocessor({"images": images}), mode="predict")


def export_onnx(
    name_or_config: str | Path,
    checkpoint: str | Path | None = None,
    *,
    out: str | Path,
    images: str | Path | Sequence[Picture] | None = None,
) -> Exported:
    """Write a re-ID method as ONNX, and keep the file only if onnxruntime gives torch's features.

    Input ``images``: B x 3 x H x W uint8 RGB, any B, resized as the config's test does; bytes travel four times
    lighter than floats, and normalising is part of the file. Output ``features``: B x D float32 of length 1.

    Args:
        name_or_config: as for :class:`reidzoo.apis.Embedder`.
        checkpoint: as there.
        out: an ``.onnx`` file, replaced atomically; no file is left when the features differ.
        images: real crops to compare with, in any form that the embedder takes, at least 3; None renders SynthPed
            (size tiny) under ``data/``.

    Raises:
        UserError: as the embedder; onnx or onnxruntime is not installed; an operator without ONNX counterpart; too few
            crops; or a cosine below 0.9999 between a feature and torch's.
    """
    onnx, runtime = _required("onnx"), _required("onnxruntime")
    if Path(out).suffix != ".onnx":
        raise UserError(f"expected the name of an .onnx file, got '{out}'")
    embedder = Embedder(name_or_config, checkpoint, device="cpu")
    pictures = _crops() if images is None else images
    crops, expected = torch.cat(list(embedder.prepare(pictures))), embedder(pictures)
    if len(crops) < max(BATCH_SIZES):
        raise UserError(f"expected at least {max(BATCH_SIZES)} crops to compare with, got {len(crops)}: name more")
    with atomic_path(out) as temporary:
        _write(_Network(embedder.method, embedder.flip).eval(), crops[:2], temporary)
        _describe(onnx, temporary, str(name_or_config))
        session = runtime.InferenceSession(str(temporary), providers=["CPUExecutionProvider"])
        cosine = min(_least_cosine(session, crops, expected, size) for size in BATCH_SIZES)
        if not cosine >= MIN_COSINE:  # also a NaN
            raise UserError(
                f"the exported network does not give torch's features (smallest cosine {cosine:.6f}, expected at "
                f"least {MIN_COSINE}), so '{out}' was not written: an operator of {type(embedder.method).__name__} or "
                "of its networks has another meaning in ONNX"
            )
    return Exported(Path(out), tuple(crops.shape[2:]), expected.shape[1], len(crops), cosine)


def _required(package: str) -> ModuleType:
    try:
        return import_module(package)
    except ImportError as error:
        raise UserError(f"the export needs {package}, which is not installed: pip install 'reidzoo[onnx]'") from error


def _crops() -> list[Path]:
    """Pictures of SynthPed, spread over the queries of the tiny benchmark."""
    make_synthped(SMOKE_DATA, "day", "tiny", progress=False)
    files = image_files(SMOKE_DATA / "query")
    return files[:: max(1, len(files) // CROPS)][:CROPS]


def _write(network: _Network, example: Tensor, path: Path) -> None:
    """Through TorchScript: one file, a tenth of the time and half the size of ``dynamo=True``, which needs onnxscript.

    Checks of shapes in Python are traced as they come out for the example, so height and width are fixed.
    """
    axes = {"images": {0: "batch"}, "features": {0: "batch"}}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of being the older exporter, and of each such check
            torch.onnx.export(
                network,
                (example,),
                str(path),
                input_names=["images"],
                output_names=["features"],
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{type(network.method).__name__} cannot be written as ONNX ({reason})") from error


def _describe(onnx: ModuleType, path: Path, name: str) -> None:
    """Say in the file what it takes and gives."""
    model = onnx.load(str(path))
    described = {
        "name": Path(name).stem,
        "images": "B x 3 x H x W uint8 RGB, resized, not normalised",
        "features": "B x D float32 of Euclidean length 1",
    }
    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in described.items()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _least_cosine(session: object, crops: Tensor, expected: np.ndarray, batch_size: int) -> float:
    """The smallest cosine between the file's features and ``expected``; a rest that fills no batch is left out."""
    found = [
        session.run(["features"], {"images": crops[start : start + batch_size].numpy()})[0]
        for start in range(0, len(crops) - batch_size + 1, batch_size)
    ]
    features = np.concatenate(found)
    return float((features * expected[: len(features)]).sum(axis=1).min())
