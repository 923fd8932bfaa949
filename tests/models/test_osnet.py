"""OSNet against the names, shapes and counts of the public checkpoints (osnet_*.txt, read off those files)."""

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from reidzoo.base.errors import UserError
from reidzoo.models.backbones import OSNet
from reidzoo.models.backbones.osnet import OmniScaleBlock

CLASSIFIER = {"classifier.weight": (1000, 512), "classifier.bias": (1000,)}
PUBLISHED = [  # width, variant, parameters with and without a classifier of 1,000 identities, entries
    (1.0, "plain", 2_682_508, 2_169_508, 567),
    (0.75, "plain", 1_798_754, 1_285_754, 567),
    (0.5, "plain", 1_143_034, 630_034, 567),
    (0.25, "plain", 714_864, 201_864, 567),
    (1.0, "ibn", 2_683_532, 2_170_532, 568),
    (1.0, "ain", 2_682_508, 2_169_508, 552),
    (0.75, "ain", 1_798_754, 1_285_754, 552),
    (0.5, "ain", 1_143_034, 630_034, 552),
    (0.25, "ain", 714_864, 201_864, 552),
]


def listed(name):
    """Name -> shape, of one text file beside this one."""
    lines = (Path(__file__).parent / name).read_text().splitlines()
    rows = (line.split(" ", 1) for line in lines)
    return {entry: tuple(int(size) for size in re.findall(r"\d+", shape)) for entry, shape in rows}


def shapes(network):
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def public_state(network, seed=0):
    """Random values under the names of ``network`` with a classifier of 1,000 identities, as a public file has them."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in {**shapes(network), **CLASSIFIER}.items():
        counter = name.endswith("num_batches_tracked")
        state[name] = torch.tensor(7) if counter else torch.rand(shape, generator=generator)
    return state


@pytest.mark.parametrize(("width", "variant", "with_classifier", "without", "entries"), PUBLISHED)
def test_published_counts(width, variant, with_classifier, without, entries):
    network = OSNet(width, variant, embedding=True)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == without
    assert count + 513_000 == with_classifier
    assert len(network.state_dict()) + len(CLASSIFIER) == entries


def test_all_names_and_shapes_of_x0_25():
    """The file lists one block and one transition in full; the others have the same names and their own widths."""
    published = listed("osnet_x0_25.txt")
    own = {**shapes(OSNet(0.25, embedding=True)), **CLASSIFIER}
    assert {name: own.get(name) for name in published} == published

    block = {name.removeprefix("conv2.0."): shape for name, shape in published.items() if name.startswith("conv2.0.")}
    transition = {n.removeprefix("conv2.2."): shape for n, shape in published.items() if n.startswith("conv2.2.")}
    rest = {name: shape for name, shape in own.items() if name not in published}
    widths = {
        "conv2.1": (64, 64),
        "conv3.0": (64, 96),
        "conv3.1": (96, 96),
        "conv4.0": (96, 128),
        "conv4.1": (128, 128),
    }
    for prefix, (before, after) in widths.items():
        names = {name for name in block if before != after or not name.startswith("downsample.")}
        assert {name.removeprefix(f"{prefix}.") for name in rest if name.startswith(f"{prefix}.")} == names
        assert rest[f"{prefix}.conv1.conv.weight"] == (after // 4, before, 1, 1)
        assert rest[f"{prefix}.conv2d.3.conv2.weight"] == (after // 4, 1, 3, 3)
        assert rest[f"{prefix}.gate.fc1.weight"] == (after // 64, after // 4, 1, 1)
        assert rest[f"{prefix}.conv3.conv.weight"] == (after, after // 4, 1, 1)
        rest = {name: shape for name, shape in rest.items() if not name.startswith(f"{prefix}.")}
    assert {name.removeprefix("conv3.2.") for name in rest} == set(transition)
    assert rest["conv3.2.0.conv.weight"] == (96, 96, 1, 1)


def test_ibn_differs_by_seven_names():
    plain, ibn = shapes(OSNet(embedding=True)), shapes(OSNet(variant="ibn", embedding=True))
    added = {f"conv2.{block}.IN.{name}": (256,) for block in (0, 1) for name in ("weight", "bias")}
    lost = {f"conv1.bn.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}
    assert {name: shape for name, shape in ibn.items() if name not in plain} == added
    assert set(plain) - set(ibn) == lost


def test_all_names_of_ain_outside_the_streams():
    published = listed("osnet_ain_x1_0.txt")
    own = shapes(OSNet(variant="ain", embedding=True))
    stream = re.compile(r"conv[234]\.[01]\.conv2\.")
    compared = {n: s for n, s in own.items() if not stream.match(n) and not n.endswith("num_batches_tracked")}
    assert compared == published
    layers = {name.split(".conv2.", 1)[1] for name in own if stream.match(name)}
    assert {tuple(int(n) for n in re.findall(r"^(\d)\.layers\.(\d)\.", name)[0]) for name in layers} == {
        (index, layer) for index in range(4) for layer in range(index + 1)
    }
    assert own["conv2.0.conv2.3.layers.3.conv2.weight"] == (64, 1, 3, 3)


@pytest.mark.parametrize("variant", ["plain", "ibn", "ain"])
@pytest.mark.parametrize(("height", "width"), [(256, 128), (128, 64)])
def test_feature_shapes(variant, height, width):
    images = torch.zeros(1, 3, height, width)
    network = OSNet(0.25, variant).eval()
    assert network(images).shape == (1, 128, height // 16, width // 16)
    assert (network.out_channels, network.stride) == (128, 16)
    assert not any(name.startswith("fc.") for name in network.state_dict())
    network = OSNet(0.25, variant, embedding=True).eval()
    assert network(images).shape == (1, 512, 1, 1)
    assert network.out_channels == 512


def plain_block(state, x, side, streams):
    """The block as the paper draws it, from its weights, in evaluation mode."""

    def norm(name, x):
        return F.batch_norm(x, *(state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")))

    def instance_norm(x):
        mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), unbiased=False, keepdim=True)
        scaled = (x - mean) / (variance + 1e-5).sqrt()
        return scaled * state["IN.weight"][:, None, None] + state["IN.bias"][:, None, None]

    def gate(x):
        hidden = F.conv2d(x.mean((2, 3), keepdim=True), state["gate.fc1.weight"], state["gate.fc1.bias"]).relu()
        return x * F.conv2d(hidden, state["gate.fc2.weight"], state["gate.fc2.bias"]).sigmoid()

    reduced = norm("conv1.bn", F.conv2d(x, state["conv1.conv.weight"])).relu()
    total = 0
    for stream in streams:
        y = reduced
        for layer in stream:
            y = F.conv2d(y, state[f"{layer}.conv1.weight"])
            y = F.conv2d(y, state[f"{layer}.conv2.weight"], padding=1, groups=y.shape[1])
            y = norm(f"{layer}.bn", y).relu()
        total = total + gate(y)
    y = F.conv2d(total, state["conv3.conv.weight"])
    y = instance_norm(y) if side == "before" else norm("conv3.bn", y)
    shortcut = x
    if "downsample.conv.weight" in state:
        shortcut = norm("downsample.bn", F.conv2d(x, state["downsample.conv.weight"]))
    y = y + shortcut
    return (instance_norm(y) if side == "after" else y).relu()


@pytest.mark.parametrize("side", [None, "before", "after"])
@pytest.mark.parametrize("in_channels", [32, 64])
def test_block_equals_its_drawing(side, in_channels):
    generator = torch.Generator().manual_seed(3)
    block = OmniScaleBlock(in_channels, 64, instance_norm=side, listed=side == "before").double().eval()
    for tensor in block.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) - 0.3 * (tensor.dim() == 4))
    if side == "before":
        streams = [[f"conv2.{index}.layers.{layer}" for layer in range(index + 1)] for index in range(4)]
    else:
        streams = [
            ["conv2a"],
            *([f"conv2{s}.{layer}" for layer in range(n)] for s, n in (("b", 2), ("c", 3), ("d", 4))),
        ]
    x = torch.rand(2, in_channels, 6, 5, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(block(x), plain_block(block.state_dict(), x, side, streams))


@pytest.fixture
def public_file(tmp_path):
    state = public_state(OSNet(0.25, embedding=True))
    wrapped = {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}, "epoch": 150}
    torch.save(wrapped, tmp_path / "osnet_x0_25.pth.tar")
    return tmp_path / "osnet_x0_25.pth.tar", state


@pytest.mark.parametrize("embedding", [True, False])
def test_public_file_loads_key_by_key(public_file, embedding, monkeypatch):
    said = []
    monkeypatch.setattr("reidzoo.models.backbones.pretrained.print_log", lambda text, logger: said.append(text))
    path, state = public_file
    loaded = OSNet(0.25, embedding=embedding, weights=str(path)).state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.items())
    assert f"{len(loaded)} fit" in said[0]
    assert f"{2 if embedding else 9} ignored (classifier.bias, classifier.weight" in said[0]


def test_checkpoint_of_a_method_trained_here_starts_its_backbone(tmp_path):
    trained = OSNet(0.25).state_dict()
    torch.save(
        {"state_dict": {f"backbone.{n}": t for n, t in trained.items()} | {"head.x": torch.ones(1)}}, tmp_path / "a.pth"
    )
    loaded = OSNet(0.25, weights=str(tmp_path / "a.pth")).state_dict()
    assert all(torch.equal(loaded[name], trained[name]) for name in trained)


def test_weights_of_another_width_are_refused(public_file):
    with pytest.raises(UserError, match=r"not of this OSNet.*of another shape.*check width, variant and embedding"):
        OSNet(0.5, weights=str(public_file[0]))


def test_weights_of_another_variant_are_refused(public_file):
    with pytest.raises(UserError, match=r"do not fit OSNet.*4 missing \(conv2.0.IN.weight"):
        OSNet(0.25, "ibn", weights=str(public_file[0]))


@pytest.mark.parametrize(
    ("arguments", "said"), [({"width": 0.3}, "widths 0.25"), ({"variant": "bn"}, "variants plain")]
)
def test_unknown_choices(arguments, said):
    with pytest.raises(UserError, match=f"{said}.*choose one"):
        OSNet(**arguments)
