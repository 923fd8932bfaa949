"""LPIPS against the equation in float64 and against torchmetrics, with AlexNet at random and the released heads."""

from types import SimpleNamespace

import pytest
import torch
import torchvision

from reidzoo.base.errors import UserError
from reidzoo.models.lpips import LAYERS, LPIPS, SCALE, SHIFT

SOURCES = ("alexnet.pth", "alex.pth")


@pytest.fixture(scope="module")
def states():
    """AlexNet's convolutions with a classifier beside them, and five heads, all at random."""
    torch.manual_seed(0)
    with torch.device("meta"):
        features = torchvision.models.alexnet(weights=None).features
    tensors = {f"features.{name}": torch.randn(each.shape) * 0.05 for name, each in features.state_dict().items()}
    heads = {f"lin{layer}.model.1.weight": torch.rand(1, size, 1, 1) for layer, size in enumerate(LAYERS.values())}
    return {**tensors, "classifier.1.weight": torch.zeros(1)}, heads


@pytest.fixture(scope="module")
def network(states):
    return LPIPS(*states, sources=SOURCES)


@pytest.fixture
def images():
    rng = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (2, 3, 3, 64, 48), dtype=torch.uint8, generator=rng)


def twin(states, first, second):
    """Equation 1 cell by cell, in float64."""
    alexnet, heads = states
    with torch.device("meta"):
        features = torchvision.models.alexnet(weights=None).features
    features = features.to_empty(device="cpu").double()
    features.load_state_dict({name.removeprefix("features."): each for name, each in alexnet.items() if "feat" in name})
    shift, scale = (torch.tensor(each).double().view(1, 3, 1, 1) for each in (SHIFT, SCALE))
    one, other = ((images.double() / 127.5 - 1 - shift) / scale for images in (first, second))
    total = torch.zeros(len(first), dtype=torch.float64)
    for number, layer in enumerate(features[:12]):
        one, other = layer(one), layer(other)
        if number not in LAYERS:
            continue
        weights = heads[f"lin{list(LAYERS).index(number)}.model.1.weight"].double().flatten()
        rows, columns = one.shape[2:]
        for image in range(len(first)):
            for row in range(rows):
                for column in range(columns):
                    y, y_0 = one[image, :, row, column], other[image, :, row, column]
                    total[image] += weights @ (y / y.norm() - y_0 / y_0.norm()) ** 2 / (rows * columns)
    return total


def test_the_equation_in_float64(states, network, images):
    distances = network(*images)
    assert distances.dtype == torch.float64
    with torch.no_grad():
        assert torch.allclose(distances, twin(states, *images), rtol=1e-4)


@pytest.mark.slow  # importing torchmetrics
def test_torchmetrics_on_the_same_network(states, network, images, monkeypatch):
    """Its function builds the network anew and reads the heads it ships, so those are given to ours as well."""
    lpips = pytest.importorskip("torchmetrics.functional.image.lpips")
    from reidzoo.apis.perceptual_distance import HEADS
    from reidzoo.base.weights import read_weights

    folder = lpips.__file__.removesuffix("functional/image/lpips.py")
    ours = LPIPS(states[0], read_weights(f"{folder}/{HEADS}"), sources=SOURCES)
    monkeypatch.setattr(torchvision.models, "alexnet", lambda weights: SimpleNamespace(features=network.features))
    theirs = lpips.learned_perceptual_image_patch_similarity(
        *(each.float() / 127.5 - 1 for each in images), net_type="alex", reduction="none"
    )
    assert torch.allclose(ours(*images), theirs.double(), rtol=1e-3)


def test_equal_images_and_order(network, images):
    assert network(images[0], images[0]).tolist() == [0, 0, 0]
    assert torch.equal(network(*images), network(images[1], images[0]))
    assert torch.allclose(network(images[0][1:2], images[1][1:2]), network(*images)[1:2], rtol=1e-4)


def test_it_learns_nothing(network):
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_bad_images_are_refused(network, images):
    for wrong in (images[1].float(), images[1][:2], images[1][:, :1], images[1][..., :40]):
        with pytest.raises(UserError, match="two batches B x 3 x H x W of uint8 of one size"):
            network(images[0], wrong)
    with pytest.raises(UserError, match="at least 31 pixels a side, got images of 64 x 30"):
        network(images[0][..., :30], images[1][..., :30])
    assert network(images[0][..., :31, :31], images[1][..., :31, :31]).shape == (3,)


def test_weights_of_another_network_are_refused(states):
    alexnet, heads = states
    with pytest.raises(UserError, match=r"alexnet.pth.*torchvision's file of AlexNet"):
        LPIPS({name: each for name, each in alexnet.items() if name != "features.0.bias"}, heads, sources=SOURCES)
    with pytest.raises(UserError, match=r"alex.pth.*LPIPS 0.1"):
        LPIPS(alexnet, {**heads, "lin4.model.1.weight": torch.zeros(1, 512, 1, 1)}, sources=SOURCES)
