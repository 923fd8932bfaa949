import builtins

import pytest
import torch
from safetensors.torch import save_file

from reidzoo.base.errors import UserError
from reidzoo.models.backbones import TimmBackbone
from reidzoo.models.heads import LinearHead

timm = pytest.importorskip("timm")
VIT, CNN = "test_vit", "test_convnext"


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """A download fails the test."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("timm.models._builder.load_pretrained", lambda *_, **__: pytest.fail("asked for weights"))


@pytest.fixture
def public(tmp_path):
    """A writer of files as timm publishes them, with the classifier and at the network's own size."""

    def write(name, suffix="safetensors"):
        torch.manual_seed(1)
        state = {key: tensor.clone() for key, tensor in timm.create_model(name, pretrained=False).state_dict().items()}
        path = tmp_path / f"{name}.{suffix}"
        save_file(state, path) if suffix == "safetensors" else torch.save(state, path)
        return path, state

    return write


@pytest.mark.parametrize(
    ("name", "token", "shape", "stride"),
    [
        (VIT, "patches", (2, 64, 8, 4), 16),
        (VIT, "class", (2, 64, 1, 1), 16),
        (CNN, "patches", (2, 64, 4, 2), 32),
        pytest.param("vit_small_patch16_224", "class", (2, 384, 1, 1), 16, marks=pytest.mark.slow),
        pytest.param("swin_tiny_patch4_window7_224", "patches", (2, 768, 4, 2), 32, marks=pytest.mark.slow),
        pytest.param("convnext_tiny", "patches", (2, 768, 4, 2), 32, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("scale", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_shapes_channels_stride_and_gradients(name, token, shape, stride, scale):
    backbone = TimmBackbone(name, image_size=(128 * scale, 64 * scale), token=token)
    assert (backbone.out_channels, backbone.stride) == (shape[1], stride)
    feature_map = backbone(torch.randn(2, 3, 128 * scale, 64 * scale))
    cells = shape[2:] if token == "class" else tuple(size * scale for size in shape[2:])
    assert feature_map.shape == (*shape[:2], *cells)
    LinearHead(backbone.out_channels, 5)(feature_map).logits.logsumexp(1).mean().backward()
    assert all(parameter.grad is not None for parameter in backbone.parameters())  # else several processes would hang


def test_patches_and_class_token_are_timms_tokens():
    patches, class_token = TimmBackbone(VIT, image_size=(64, 32)).eval(), TimmBackbone(VIT, None, (64, 32), "class")
    class_token.eval().load_state_dict(patches.state_dict())
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        tokens = patches.network.forward_features(images)
        torch.testing.assert_close(class_token(images)[:, :, 0, 0], tokens[:, 0])
        found = patches(images)
    for row in range(4):
        for column in range(2):  # row by row from the upper left
            torch.testing.assert_close(found[:, :, row, column], tokens[:, 1 + 2 * row + column])


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_public_weights_lose_their_classifier_and_the_grid_is_resampled_aloud(public, suffix, monkeypatch):
    said = []
    monkeypatch.setattr("reidzoo.models.backbones.pretrained.print_log", lambda text, **_: said.append(text))
    path, state = public(VIT, suffix)
    loaded = TimmBackbone(VIT, weights=str(path), image_size=(128, 64)).network.state_dict()
    for name, tensor in loaded.items():
        if name != "pos_embed":
            assert torch.equal(tensor, state[name]), name
    expected = timm.layers.resample_abs_pos_embed(state["pos_embed"], new_size=[8, 4], num_prefix_tokens=1)
    torch.testing.assert_close(loaded["pos_embed"], expected)
    assert "2 ignored (head.bias, head.weight)" in said[0]
    assert "1 resampled by timm to this size (pos_embed: 1 x 101 x 64 to 1 x 33 x 64)" in said[0]


def test_features_are_those_of_timms_network(public):
    path, _ = public(CNN)
    torch.manual_seed(1)
    reference = timm.create_model(CNN, pretrained=False).eval()
    backbone, images = TimmBackbone(CNN, weights=str(path)).eval(), torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(reference.head.norm(reference.forward_features(images)), backbone(images))


@pytest.mark.parametrize("prefix", ["network.", "backbone.network."])
def test_checkpoints_made_here_load_as_they_are(tmp_path, prefix):
    trained = TimmBackbone(VIT, image_size=(64, 32))
    state = {f"{prefix}{name}": tensor for name, tensor in trained.network.state_dict().items()}
    torch.save({**state, "head.classifier.weight": torch.ones(3)}, tmp_path / "a.pth")
    again = TimmBackbone(VIT, weights=str(tmp_path / "a.pth"), image_size=(64, 32))
    assert all(torch.equal(left, right) for left, right in zip(again.parameters(), trained.parameters(), strict=True))
    with pytest.raises(UserError, match=r"pos_embed: 1 x 33 x 64 here, 1 x 9 x 64 in the file.*image_size=\(128, 64\)"):
        TimmBackbone(VIT, weights=str(tmp_path / "a.pth"), image_size=(128, 64))


def test_weights_of_another_network_are_refused(public):
    path, _ = public(VIT)
    for name in (CNN, "test_resnet", "test_vit2"):
        with pytest.raises(UserError, match=rf"nothing was loaded.*name a file of timm's {name}"):
            TimmBackbone(name, weights=str(path))


def test_blocks_of_a_transformer_are_its_stages():
    backbone = TimmBackbone(VIT, image_size=(64, 32), frozen_stages=2)
    learning = {name.removeprefix("network.") for name, each in backbone.named_parameters() if each.requires_grad}
    every = {name for name, _ in backbone.network.named_parameters()}
    fixed = {name for name in every if name.startswith(("cls_token", "pos_embed", "patch_embed.", "blocks.0."))}
    assert fixed
    assert learning == every - fixed
    backbone.train()
    assert not backbone.network.blocks[0].attn.training
    assert backbone.network.blocks[1].attn.training


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "test_vitt"}, "timm .* has no network 'test_vitt', did you mean 'test_vit"),
        ({"name": VIT, "token": "cls"}, "is 'patches' or 'class', got 'cls'"),
        ({"name": CNN, "token": "class"}, "timm's 'test_convnext' has no class token"),
        ({"name": VIT, "image_size": (100, 50)}, "gives no feature map of images of 100 x 50 .*change image_size"),
        ({"name": VIT, "freeze_bn": "affine"}, "has no batch norm"),
        ({"name": VIT, "frozen_stages": 8}, "can freeze 0 to 7 stages"),
    ],
)
def test_wrong_arguments_of_timm_backbone(arguments, said):
    with pytest.raises(UserError, match=said):
        TimmBackbone(**arguments)


def test_images_of_another_size_are_refused():
    with pytest.raises(
        UserError, match="was built for images of 64 x 32, got 128 x 64: give TimmBackbone the image_size"
    ):
        TimmBackbone(VIT, image_size=(64, 32))(torch.zeros(1, 3, 128, 64))


def test_without_timm_a_sentence_says_how_to_get_it(monkeypatch):
    real = builtins.__import__

    def absent(name, *arguments, **others):
        if name == "timm":
            raise ModuleNotFoundError("No module named 'timm'", name="timm")
        return real(name, *arguments, **others)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(UserError, match=r"needs the package timm: pip install 'timm>=1\.0\.20,<2'"):
        TimmBackbone(VIT)
