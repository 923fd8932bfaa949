"""LPIPS from named files: AlexNet's from the user, its heads from the package torchmetrics."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from reidzoo.apis.method_loading import find_device
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent
from reidzoo.base.weights import read_weights
from reidzoo.models.lpips import LPIPS
from reidzoo.zoo.foreign_files import verified_file

#: torchmetrics ships the heads of LPIPS 0.1 (BSD 2-clause), 6 kB; its own class would download AlexNet unasked
HEADS = Path("functional/image/lpips_models/alex.pth")


def lpips_network(
    weights: str | Path | None,
    *,
    sha256: str | None = None,
    device: str = "auto",
    report: Report = silent,
) -> LPIPS:
    """LPIPS 0.1 on AlexNet, ready on ``device``: called with two batches of bytes it gives B float64.

    Args:
        weights: torchvision's ``alexnet-owt-7be5be79.pth`` as a path, or an address. Nothing is downloaded unless an
            address says so.
        sha256: what it must have; None compares with the digits that end the file's name. An address needs it.
        device: ``auto`` (the GPU where there is one), or what torch calls a device.
        report: receives a line before something is downloaded.

    Raises:
        UserError: no weights named, weights that are missing, damaged, of another digest or another network,
            torchmetrics is not installed, or an unknown device.
    """
    place = find_device(device)
    if weights is None:
        raise UserError(
            "LPIPS needs AlexNet's weights, and nothing is downloaded unasked: name the file alexnet-owt-7be5be79.pth "
            "of torchvision, or take the deep distance, which needs none"
        )
    package = find_spec("torchmetrics")
    if package is None:
        raise UserError("LPIPS needs the package torchmetrics for its heads: pip install 'reidzoo[metrics]'")
    heads = Path(package.origin).parent / HEADS
    path, _ = verified_file(weights, sha256, report=report)
    return LPIPS(read_weights(path), read_weights(heads), sources=(str(path), str(heads))).to(place)
