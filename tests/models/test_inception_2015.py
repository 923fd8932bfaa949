"""Inception-v3 of 2015 from tensors, without a download."""

import builtins

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.models.inception_2015 import TAPS, Inception2015


@pytest.fixture(scope="module")
def fidelity():
    return pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")


@pytest.fixture(scope="module")
def state(fidelity):
    """The network as it is initialised: its constructor takes no tensors but those of a file, so it is given none."""
    import io

    extractor = type("Untrained", (fidelity.FeatureExtractorInceptionV3,), {"load_state_dict": lambda *_: None})
    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    torch.manual_seed(0)
    return extractor("any", ["64"], feature_extractor_weights_path=empty).state_dict()


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """A download fails the test."""
    monkeypatch.setattr("torch.hub.load_state_dict_from_url", lambda *_, **__: pytest.fail("asked for weights"))
    monkeypatch.setattr("torch.hub.download_url_to_file", lambda *_, **__: pytest.fail("asked for weights"))


@pytest.mark.slow
@pytest.mark.parametrize("tap", TAPS)
def test_every_tap(state, fidelity, tmp_path, tap):
    torch.save(state, tmp_path / "weights.pth")
    theirs = fidelity.FeatureExtractorInceptionV3("any", [TAPS[tap][0]], str(tmp_path / "weights.pth"))
    ours = Inception2015(state, source="weights.pth", tap=tap)
    images = torch.randint(0, 256, (1, 3, 64, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    features = ours(images)
    assert features.shape == (1, ours.num_features)
    assert features.dtype == torch.float32
    assert torch.equal(features, theirs(images)[0])
    assert not any(parameter.requires_grad for parameter in ours.parameters())


@pytest.mark.slow
def test_tensors_of_another_network_are_refused(state):
    lacking = {name: tensor for name, tensor in state.items() if name != "fc.bias"}
    with pytest.raises(UserError, match=r"'x.pth' is not of Inception-v3 of 2015 .*fc\.bias") as refusal:
        Inception2015(lacking, source="x.pth")
    assert "\n" not in str(refusal.value)


def test_an_unknown_tap():
    with pytest.raises(UserError, match="tapped at 64, 192, 768, 2048, logits, got '1000'"):
        Inception2015({}, source="x.pth", tap="1000")


def test_without_the_extra(monkeypatch):
    imported = builtins.__import__

    def without(name, *arguments):
        if name.startswith("torch_fidelity"):
            raise ImportError(name)
        return imported(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"pip install 'reidzoo\[metrics\]'"):
        Inception2015({}, source="x.pth")
