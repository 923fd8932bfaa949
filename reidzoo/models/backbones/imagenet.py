"""torchvision's ImageNet classifiers on this machine."""

from __future__ import annotations

from pathlib import Path

import torch
from torchvision.models import get_model_weights

from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256


def imagenet_file(model: str, title: str) -> Path:
    """Where torch's hub cache holds torchvision's IMAGENET1K_V1 weights, checked against the hash in the file's name.

    Args:
        model: as torchvision calls it, such as ``resnet50``.
        title: as people call it.

    Raises:
        UserError: the file is absent (the sentence holds its address and its place) or is not what its name says.
    """
    url = get_model_weights(model).IMAGENET1K_V1.url
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]
    if not path.is_file():
        raise UserError(
            f"the ImageNet weights of {title} are expected at '{path}' and nothing is downloaded "
            f"unasked: fetch {url} to that place"
        )
    expected = path.stem.rsplit("-", 1)[-1]
    found = sha256(path)
    if not found.startswith(expected):
        raise UserError(
            f"'{path}' should have a sha256 that begins with {expected}, it begins with {found[:8]}: "
            f"remove the file and fetch {url} again"
        )
    return path
