"""What every re-ID method on the shelf promises, and what the preprocessor does to a batch."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.methods.base import ReIDMethod
from reidzoo.methods.preprocessor import MEAN, STD
from reidzoo.registry import METHODS, all_shelves

#: arguments that build each re-ID method at toy size; a new method adds its row
TOY = {
    "AllInOne": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "LinearHead", "hidden": 8},
        "num_pids": 2,
    },
    "BagOfTricks": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "BNNeckHead"},
        "num_pids": 2,
        "center_weight": 5e-4,
    },
    "CamStyle": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "LinearHead", "hidden": 8},
        "num_pids": 3,
    },
    "IDE": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "LinearHead", "hidden": 8},
        "num_pids": 3,
    },
    "LSRO": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "LinearHead", "hidden": 8},
        "num_pids": 3,
    },
    "PseudoLabel": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "LinearHead", "hidden": 8},
        "num_pids": 3,
    },
    "SVDNet": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "EigenHead", "eigen_dim": 8},
        "num_pids": 3,
        "steps_before": 0,
        "rounds": 1,
    },
    "TAUDL": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "TrackletHead", "hidden": 8},
        "tracklets_per_camera": [2, 3],
    },
    "Triplet": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "EmbeddingHead", "hidden": 8, "embedding": 4},
    },
    "VerifIdentif": {
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "LinearHead", "hidden": None},
        "num_pids": 3,
    },
    "PCB": {
        "backbone": {"type": "OSNet", "width": 0.25, "embedding": False},  # a map of 4 rows
        "head": {"type": "PCBHead", "parts": 4, "hidden": 8},
        "num_pids": 3,
    },
}

#: whose step is more than a sum of terms: tests/methods/test_dgnet.py holds it to its promises
OWN_STEP = {"DGNet"}

#: what the batches of a method have beside the usual keys
MIXED = {"is_generated": torch.tensor([False, False, True, True])}
EXTRA = dict.fromkeys(("AllInOne", "CamStyle", "LSRO", "PseudoLabel"), MIXED)
EXTRA["TAUDL"] = {"tracklets": torch.tensor([1, 1, 4, 4])}


def batch(size=4):
    generator = torch.Generator().manual_seed(0)
    return {
        "images": torch.randint(0, 256, (size, 3, 64, 32), dtype=torch.uint8, generator=generator),
        "pids": torch.arange(size) % 2,  # two images of each, so that triplets and pairs exist
        "camids": torch.zeros(size, dtype=torch.long),
        "indices": torch.arange(size),
    }


def test_every_reid_method_has_a_toy_row():
    methods = {cls for cls in all_shelves()["methods"].module_dict.values() if issubclass(cls, ReIDMethod)}
    own = {cls.__name__ for cls in methods if cls.__module__.startswith("reidzoo.")}  # others are plugins
    assert own == set(TOY) | OWN_STEP


@pytest.mark.parametrize("name", sorted(TOY))
def test_losses_are_finite_scalars_and_reach_every_parameter(name):
    method = METHODS.build({"type": name, **TOY[name]})
    if hasattr(method, "set_epoch"):
        method.set_epoch(1)
    losses = method(**method.data_preprocessor({**batch(), **EXTRA.get(name, {})}, True), mode="loss")
    trained = {key: value for key, value in losses.items() if key.startswith("loss_")}
    assert trained
    assert all(value.ndim == 0 and torch.isfinite(value) for value in losses.values())
    assert all(key.startswith("loss_") or "loss" not in key for key in losses)  # MMEngine sums whatever says loss
    sum(trained.values()).backward()
    for parameter_name, parameter in method.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, parameter_name
            assert torch.isfinite(parameter.grad).all(), parameter_name


@pytest.mark.parametrize("name", sorted(TOY))
def test_features_are_float32_rows_that_do_not_depend_on_the_batch(name):
    method = METHODS.build({"type": name, **TOY[name]}).eval()
    data = method.data_preprocessor(batch())
    with torch.no_grad():
        features = method(**data, mode="predict")
        alone = method(data["images"][:1], mode="predict")
        with torch.autocast("cpu", torch.bfloat16):
            assert method(**data, mode="predict").dtype == torch.float32
    assert features.shape[0] == 4
    assert features.ndim == 2
    assert torch.allclose(features[:1], alone, atol=1e-5)


@pytest.mark.parametrize("name", sorted(TOY))
def test_unknown_mode(name):
    with pytest.raises(UserError, match="'loss', 'predict' or 'tensor', got 'train'"):
        METHODS.build({"type": name, **TOY[name]})(batch()["images"].float(), mode="train")


def test_preprocessor_normalises_without_touching_the_loaders_tensor():
    data = batch()
    before = data["images"].clone()
    out = METHODS.build({"type": "ImagePreprocessor"})(data, True)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    assert torch.equal(data["images"], before)
    assert torch.allclose(out["images"], (before.float() - mean) / std)
    assert out["images"].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(out["pids"], data["pids"])


def test_only_names_that_start_with_loss_are_minimised():
    method = METHODS.build({"type": "IDE", **TOY["IDE"]})
    total, logged = method.parse_losses(
        {"loss_id": torch.tensor(2.0), "loss_b": torch.tensor(1.0), "accuracy": torch.tensor(0.5)}
    )
    assert total == 3
    assert logged["accuracy"] == 0.5
    for losses in ({"closs": torch.tensor(1.0), "loss_id": torch.tensor(1.0)}, {"accuracy": torch.tensor(1.0)}, {}):
        with pytest.raises(UserError, match="start with 'loss_'"):
            method.parse_losses(losses)
