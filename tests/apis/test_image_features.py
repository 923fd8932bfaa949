"""Feature networks by name: what each is called, how each resizes, and what each needs."""

import subprocess
import sys

import pytest
import torch
from mmengine.config import Config
from torch import nn

from reidzoo.apis import Embedder, image_features
from reidzoo.apis.image_features import STUDIO, feature_network
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.transforms import Resize
from reidzoo.methods.preprocessor import MEAN, STD
from reidzoo.models.backbones import OSNet
from reidzoo.registry import METHODS

REID = "bot_osnet-x0-25_synthped-day"


def bytes_of(count=3, size=(100, 50)):
    rng = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, *size), dtype=torch.uint8, generator=rng)


@pytest.fixture(scope="module")
def studio():
    return feature_network(device="cpu")


def test_studio_is_the_pooled_backbone_at_its_own_size(studio):
    images = bytes_of()
    assert (studio.name, studio.num_features) == (STUDIO, 512)
    resize = Resize(height=128, width=64)
    pictures = [resize({"image": image.permute(1, 2, 0).numpy()})["image"] for image in images]
    batch = torch.stack([torch.from_numpy(picture).permute(2, 0, 1) for picture in pictures]).float()
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (MEAN, STD))
    backbone = OSNet(width=0.25, embedding=True, weights=f"zoo://{STUDIO}").eval()
    with torch.no_grad():
        expected = backbone((batch - mean) / std).flatten(1)
    features = studio(images)
    assert features.dtype == torch.float32
    assert torch.allclose(features, expected, atol=1e-5)


def test_networks_stay_as_they_were_tested(studio):
    assert not any(module.training for module in studio.modules())
    assert not any(parameter.requires_grad for parameter in studio.parameters())
    assert torch.allclose(studio(bytes_of())[1:2], studio(bytes_of()[1:2]), atol=1e-5)


def test_a_model_of_the_zoo_gives_what_its_embedder_gives():
    images = bytes_of()
    network = feature_network(REID, device="cpu")
    assert network.name == REID
    expected = torch.from_numpy(Embedder(REID, device="cpu")(images, normalize=False))
    assert network.num_features == expected.shape[1]
    assert torch.allclose(network(images), expected, atol=1e-5)


@pytest.fixture
def toy(tmp_path):
    """A config that resizes and mirrors in its test, and a checkpoint of it that was never trained."""
    config = Config(
        {
            "default_scope": "reidzoo",
            "model": {
                "type": "IDE",
                "num_pids": 3,
                "backbone": {"type": "OSNet", "width": 0.25},
                "head": {"type": "LinearHead", "hidden": 16},
            },
            "test_cfg": {"type": "FlipTestLoop"},
            "test_dataloader": {"dataset": {"transforms": [{"type": "Resize", "height": 48, "width": 24}]}},
        }
    )
    config.dump(str(tmp_path / "toy.py"))
    torch.save(METHODS.build(config.model).state_dict(), tmp_path / "toy.pth")
    return tmp_path / "toy.py", tmp_path / "toy.pth"


def test_a_config_and_its_checkpoint(toy):
    network = feature_network(str(toy[0]), toy[1], device="cpu")
    assert network.name == f"toy-{sha256(toy[1])[:8]}"
    images = bytes_of()
    expected = torch.from_numpy(Embedder(*toy, device="cpu", flip=True)(images, normalize=False))
    assert torch.allclose(network(images), expected, atol=1e-5)


class FakeInception(nn.Module):
    """In the place of 24 million weights: the mean colour, and what it was built from."""

    num_features = 3

    def __init__(self, state, *, source, tap):
        super().__init__()
        self.weight = nn.Parameter(state["weight"])
        self.source, self.tap = source, tap

    def forward(self, images):
        return images.double().mean(dim=(2, 3)) * self.weight


@pytest.fixture
def inception(tmp_path, monkeypatch):
    """A file with its digits in its name, for a small network in the place of Inception-v3."""
    monkeypatch.setattr(image_features, "Inception2015", FakeInception)
    torch.save({"weight": torch.ones(1)}, tmp_path / "weights.pth")
    digest = sha256(tmp_path / "weights.pth")
    return (tmp_path / "weights.pth").rename(tmp_path / f"weights-{digest[:8]}.pth"), digest


@pytest.mark.parametrize(("tap", "called"), [(None, "2048"), (64, "64"), ("logits", "logits")])
def test_inception_says_its_tap_and_that_its_weights_are_others(inception, tap, called):
    path, digest = inception
    network = feature_network("inception", path, tap=tap, device="cpu")
    assert network.name == f"inception-{called}-{digest[:8]}"
    assert (network.num_features, network.network.tap, network.network.source) == (3, called, str(path))
    assert network(bytes_of()).dtype == torch.float32


def test_the_published_weights_need_no_more_name(inception, monkeypatch):
    path, digest = inception
    monkeypatch.setattr(image_features, "PUBLISHED_INCEPTION", digest[:8])
    assert feature_network("inception", path, sha256=digest, device="cpu").name == "inception-2048"


def test_a_wrong_checksum_of_inception(inception):
    path, digest = inception
    with pytest.raises(UserError, match=f"SHA-256 {digest} and should have {'0' * 64}"):
        feature_network("inception", path, sha256="0" * 64)
    with pytest.raises(UserError, match="should have 6726825d"):
        feature_network("inception", path.rename(path.with_name("weights-inception-2015-12-05-6726825d.pth")))


def test_inception_brings_no_code_along(inception):
    path, _ = inception
    torch.save({"weight": torch.ones(1), "network": FakeInception({"weight": torch.ones(1)}, source="", tap="")}, path)
    with pytest.raises(UserError, match=r"FakeInception', which was not executed"):
        feature_network("inception", path, sha256=sha256(path))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"name": "inception"},
            r"nothing is downloaded unasked: name the file weights-inception-2015-12-05-6726825d\.pth",
        ),
        ({"name": "studoi"}, "no feature network 'studoi', did you mean 'studio'"),
        ({"tap": 64}, "tap=64 is a setting of 'inception', and 'studio' has none"),
        ({"sha256": "0" * 64}, "is a setting of 'inception'"),
        ({"weights": "a.pth"}, "has its weights already"),
        ({"name": REID, "weights": "a.pth"}, "has its weights already"),
        ({"name": "cyclegan_resnet3_synthped-day2dusk"}, "CycleGAN gives no features of images"),
        ({"name": "configs/ide/ide_osnet-x0-25_synthped-day.py"}, "name a checkpoint of it"),
        ({"device": "abacus"}, "no device 'abacus'"),
    ],
)
def test_bad_names_and_settings(arguments, said):
    with pytest.raises(UserError, match=said):
        feature_network(**arguments)


@pytest.mark.parametrize(
    "images",
    [bytes_of().float(), bytes_of()[0], bytes_of()[:, :1], bytes_of()[:0]],
    ids=["float", "one", "grey", "none"],
)
def test_images_that_are_no_batch_of_bytes(studio, images):
    with pytest.raises(UserError, match=f"{STUDIO} expects images B x 3 x H x W of uint8"):
        studio(images)


@pytest.mark.slow  # a process of its own
def test_nothing_of_the_extra_is_imported_before_it_is_needed():
    code = (
        "import sys; sys.modules.update(torchmetrics=None, torch_fidelity=None, skimage=None)\n"
        "import reidzoo.evaluation, reidzoo.apis.perceptual_distance\n"
        "from reidzoo.apis.image_features import feature_network\n"
        "print(feature_network(device='cpu').name)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == STUDIO
