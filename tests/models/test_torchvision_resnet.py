import hashlib

import pytest
import torch
import torchvision

from reidzoo.base.errors import UserError
from reidzoo.models.backbones import TorchvisionResNet


@pytest.mark.parametrize(
    ("depth", "parameters", "channels"),
    [(18, 11_176_512, 512), (34, 21_284_672, 512), (50, 23_508_032, 2048), (101, 42_500_160, 2048)],
)
def test_names_are_torchvisions_without_fc(depth, parameters, channels):
    network = TorchvisionResNet(depth)
    theirs = torchvision.models.get_model(f"resnet{depth}").state_dict()
    own = {name: tensor.shape for name, tensor in network.state_dict().items()}
    assert own == {name: tensor.shape for name, tensor in theirs.items() if not name.startswith("fc.")}
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert network.out_channels == channels


def test_map_is_what_torchvision_pools():
    reference = torchvision.models.resnet18().eval()
    network = TorchvisionResNet(18).eval()
    network.load_state_dict({n: t for n, t in reference.state_dict().items() if not n.startswith("fc.")})
    reference.fc = torch.nn.Identity()
    images = torch.randn(2, 3, 64, 32)
    torch.testing.assert_close(network(images).mean(dim=(2, 3)), reference(images))


@pytest.mark.parametrize("depth", [18, 34, 50, 101])
def test_last_stride_1_changes_strides_only(depth):
    coarse, fine = TorchvisionResNet(depth, last_stride=2), TorchvisionResNet(depth, last_stride=1)
    strided = {
        n
        for n, m in coarse.named_modules()
        if isinstance(m, torch.nn.Conv2d) and m.stride != fine.get_submodule(n).stride
    }
    first = "layer4.0.conv2" if depth >= 50 else "layer4.0.conv1"
    assert strided == {first, "layer4.0.downsample.0"}
    assert all(m.dilation == (1, 1) for m in fine.modules() if isinstance(m, torch.nn.Conv2d))


@pytest.mark.parametrize("depth", [18, 50])
@pytest.mark.parametrize(("last_stride", "height", "width"), [(2, 4, 2), (1, 8, 4)])
def test_map_shapes(depth, last_stride, height, width):
    network = TorchvisionResNet(depth, last_stride).eval()
    assert network(torch.zeros(1, 3, 128, 64)).shape == (1, network.out_channels, height, width)
    assert network.stride == 16 * last_stride


def test_strides_share_weights_at_every_second_cell():
    """Same weights, first block of layer4: the strided map is the dense map, subsampled."""
    coarse, fine = TorchvisionResNet(50, 2).eval(), TorchvisionResNet(50, 1).eval()
    fine.load_state_dict(coarse.state_dict())
    x = torch.randn(1, 1024, 8, 4)
    torch.testing.assert_close(coarse.layer4[0](x), fine.layer4[0](x)[:, :, ::2, ::2])


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty torch hub cache; returns a writer that stores a state as torchvision's ResNet-18 file."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()

    def store(state):
        path = tmp_path / "checkpoints" / "file.pth"
        torch.save(state, path)
        name = f"resnet18-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth"
        enum = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
        value = type(enum.value)(url=f"https://example.org/{name}", transforms=None, meta={})
        monkeypatch.setattr(enum, "_value_", value)
        return path.rename(path.with_name(name))

    return store


def test_imagenet_weights_come_from_the_hub_cache_and_fc_is_dropped(hub):
    state = torchvision.models.resnet18().state_dict()
    hub({name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")})
    loaded = TorchvisionResNet(18, weights="imagenet").state_dict()
    assert all(torch.equal(loaded[n], state[n]) for n in state if not n.startswith("fc."))


def test_imagenet_file_that_is_not_what_its_name_says(hub):
    path = hub(torchvision.models.resnet18().state_dict())
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"sha256 that begins with \w{8}, it begins with .*fetch https://example.org"):
        TorchvisionResNet(18, weights="imagenet")


@pytest.mark.usefixtures("hub")
def test_absent_imagenet_file_is_asked_for_and_not_downloaded(monkeypatch):
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda *_, **__: pytest.fail("downloaded"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_, **__: pytest.fail("downloaded"))
    url = torchvision.models.ResNet50_Weights.IMAGENET1K_V1.url
    with pytest.raises(
        UserError, match=rf"ResNet-50 are expected at '.*checkpoints/{url.rsplit('/')[-1]}'.*fetch {url}"
    ):
        TorchvisionResNet(50, weights="imagenet")


def test_weights_from_a_path(tmp_path):
    state = torchvision.models.resnet18().state_dict()
    torch.save(state, tmp_path / "r18.pth")
    loaded = TorchvisionResNet(18, last_stride=1, weights=str(tmp_path / "r18.pth")).state_dict()
    assert all(torch.equal(loaded[n], state[n]) for n in loaded)
    with pytest.raises(UserError, match=r"do not fit TorchvisionResNet.*name a file of ResNet-34, or change depth"):
        TorchvisionResNet(34, weights=str(tmp_path / "r18.pth"))


@pytest.mark.parametrize(("arguments", "said"), [({"depth": 20}, "depths 18, 34"), ({"last_stride": 3}, "is 1 or 2")])
def test_unknown_resnet_choices(arguments, said):
    with pytest.raises(UserError, match=f"{said}.*choose one"):
        TorchvisionResNet(**arguments)
