"""An exported network gives torch's features for any batch, or is not written."""

import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config

from reidzoo.apis import Embedder, export_onnx
from reidzoo.apis.configs import read_config
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.listing import image_files
from reidzoo.registry import METHODS

onnx = pytest.importorskip("onnx")  # an optional extra
runtime = pytest.importorskip("onnxruntime")

OSNET = {"type": "OSNet", "width": 0.25}
MODELS = {
    "IDE": {"type": "IDE", "backbone": {**OSNET, "embedding": True}, "head": {"type": "LinearHead", "hidden": None}},
    "OSNet-AIN, BNNeck": {
        "type": "IDE",
        "backbone": {**OSNET, "variant": "ain"},
        "head": {"type": "BNNeckHead"},
    },
    "PCB": {"type": "PCB", "backbone": OSNET, "head": {"type": "PCBHead", "parts": 2}},
    "RPP": {"type": "PCB", "backbone": OSNET, "head": {"type": "PCBHead", "parts": 2, "refined": True}},
    "ResNet-18": {
        "type": "IDE",
        "backbone": {"type": "TorchvisionResNet", "depth": 18},
        "head": {"type": "LinearHead", "hidden": 16},
    },
}


@pytest.fixture
def saved(toy_market, tmp_path):
    """Write the config of a model and a checkpoint with random weights and norms that have seen something."""

    def write(model, **test):
        transforms = [{"type": "Resize", "height": 64, "width": 32}]
        data = {"type": "Market1501", "root": str(toy_market), "split": "test", "transforms": transforms}
        loader = {"batch_size": 4, "dataset": data, "sampler": {"type": "DefaultSampler", "shuffle": False}}
        content = {
            "default_scope": "reidzoo",
            "model": model,
            "test_dataloader": loader,
            "test_cfg": {"type": "TestLoop", **test},
            "test_evaluator": {"type": "RetrievalMetric"},
        }
        Config(content).dump(str(tmp_path / "model.py"))
        cfg = read_config(tmp_path / "model.py")
        torch.manual_seed(0)
        method = METHODS.build({**cfg.model, "num_pids": 6})
        method.train()
        with torch.no_grad():
            for _ in range(3):
                images = torch.randint(0, 256, (8, 3, 64, 32), dtype=torch.uint8)
                method(**method.data_preprocessor({"images": images}), mode="predict")
        state = {"state_dict": method.state_dict(), "meta": {"dataset_meta": {"num_pids": 6}}}
        torch.save(state, tmp_path / "model.pth")
        return tmp_path / "model.py", tmp_path / "model.pth"

    return write


def features_of(path, images):
    return runtime.InferenceSession(str(path)).run(None, {"images": images})[0]


@pytest.mark.parametrize("name", ["IDE", *(pytest.param(name, marks=pytest.mark.slow) for name in list(MODELS)[1:])])
def test_exported_features_are_torchs_for_every_batch_size(saved, toy_market, tmp_path, name):
    config, checkpoint = saved(MODELS[name])
    files = image_files(toy_market / "bounding_box_test")
    done = export_onnx(config, checkpoint, out=tmp_path / "model.onnx", images=files)
    assert done.cosine > 0.9999
    assert (done.shape, done.pictures) == ((64, 32), len(files))
    embedder = Embedder(config, checkpoint, device="cpu")
    expected = embedder(files)
    assert done.feature_dim == expected.shape[1]
    batch = next(embedder.prepare(files)).numpy()
    for size in (1, 2, len(files)):
        assert np.abs(features_of(done.path, batch[:size]) - expected[:size]).max() < 1e-5
    model = onnx.load(str(done.path))
    assert {"name", "images", "features"} <= {entry.key for entry in model.metadata_props}
    shape = model.graph.input[0].type.tensor_type
    assert shape.elem_type == onnx.TensorProto.UINT8
    assert [axis.dim_param or axis.dim_value for axis in shape.shape.dim] == ["batch", 3, 64, 32]


@pytest.mark.slow
def test_the_mirror_image_is_exported_where_the_config_tests_with_it(saved, toy_market, tmp_path):
    config, checkpoint = saved(MODELS["IDE"], type="FlipTestLoop")
    files = image_files(toy_market / "query")
    done = export_onnx(config, checkpoint, out=tmp_path / "model.onnx", images=files)
    embedder = Embedder(config, checkpoint, device="cpu", flip=True)
    found = features_of(done.path, next(embedder.prepare(files)).numpy())
    assert np.abs(found - embedder(files)).max() < 1e-5
    assert np.abs(found - Embedder(config, checkpoint, device="cpu", flip=False)(files)).max() > 1e-4


def test_a_network_that_differs_leaves_no_file(saved, toy_market, tmp_path, monkeypatch):
    config, checkpoint = saved(MODELS["IDE"])
    write = torch.onnx.export

    def another(network, *arguments, **options):
        for parameter in network.parameters():
            parameter.data = parameter.data + 0.05 * torch.randn_like(parameter)
        write(network, *arguments, **options)

    features = Embedder(config, checkpoint, device="cpu")(toy_market / "query")
    monkeypatch.setattr("reidzoo.apis.onnx_export.Embedder.__call__", lambda self, images: features)
    monkeypatch.setattr(torch.onnx, "export", another)
    folder = tmp_path / "out"
    with pytest.raises(UserError, match=r"smallest cosine 0\.\d+, expected at least 0.9999\), so .* was not written"):
        export_onnx(config, checkpoint, out=folder / "model.onnx", images=toy_market / "query")
    assert list(folder.iterdir()) == []


def test_refusals(saved, toy_market, tmp_path, monkeypatch):
    config, checkpoint = saved(MODELS["IDE"])
    with pytest.raises(UserError, match=r"\.onnx file, got 'model.pt'"):
        export_onnx(config, checkpoint, out="model.pt")
    with pytest.raises(UserError, match="at least 3 crops to compare with, got 1"):
        export_onnx(config, checkpoint, out=tmp_path / "x.onnx", images=image_files(toy_market / "query")[0])
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"onnxruntime, which is not installed: pip install 'reidzoo\[onnx\]'"):
        export_onnx(config, checkpoint, out=tmp_path / "x.onnx")
