"""The shipped starting points: the bytes that the page names, and networks that take them strictly."""

import hashlib
from pathlib import Path

import pytest

from reidzoo.registry import BACKBONES

ZOO = Path(__file__).resolve().parents[2] / "model_zoo"
NETWORKS = {
    "osnet-x0-25_synthped-studio": {"type": "OSNet", "width": 0.25, "embedding": True},
    "resnet18_synthped-studio": {"type": "TorchvisionResNet", "depth": 18},
}


def test_every_file_has_a_network():
    assert {path.stem for path in (ZOO / "checkpoints").iterdir()} == set(NETWORKS)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_the_page_names_the_bytes_and_the_network_takes_them(name):
    path = ZOO / "checkpoints" / f"{name}.safetensors"
    assert hashlib.sha256(path.read_bytes()).hexdigest() in (ZOO / "README.md").read_text()
    BACKBONES.build({**NETWORKS[name], "weights": str(path)})
