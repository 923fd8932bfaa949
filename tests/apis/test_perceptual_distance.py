"""LPIPS from files: what has to be named, and what happens without the extra."""

import pytest
import torch
import torchvision

from reidzoo.apis import perceptual_distance
from reidzoo.apis.perceptual_distance import lpips_network
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256


@pytest.fixture(scope="module")
def alexnet(tmp_path_factory):
    """A file of AlexNet at random, without its classifier."""
    torch.manual_seed(0)
    with torch.device("meta"):
        features = torchvision.models.alexnet(weights=None).features
    path = tmp_path_factory.mktemp("lpips") / "alexnet-7be5be79.pth"
    torch.save(
        {f"features.{name}": torch.randn(each.shape) * 0.05 for name, each in features.state_dict().items()}, path
    )
    return path


def test_a_named_file_with_the_shipped_heads(alexnet):
    network = lpips_network(alexnet, sha256=sha256(alexnet), device="cpu")
    images = torch.randint(0, 256, (2, 2, 3, 64, 32), dtype=torch.uint8)
    assert network.name == "lpips-alex"
    assert (network(*images) > 0).all()


def test_another_checksum_than_the_name_says(alexnet):
    with pytest.raises(UserError, match="should have 7be5be79"):
        lpips_network(alexnet, device="cpu")


def test_nothing_is_downloaded_unasked():
    with pytest.raises(UserError, match=r"alexnet-owt-7be5be79\.pth of torchvision"):
        lpips_network(None)


def test_without_the_extra(alexnet, monkeypatch):
    monkeypatch.setattr(perceptual_distance, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'reidzoo\[metrics\]'"):
        lpips_network(alexnet)
