"""Pictures in every form give the features that a test of the same checkpoint compares."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from reidzoo.apis import Embedder, embed_folder
from reidzoo.apis.configs import read_config
from reidzoo.apis.running import build_runner
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.reading import decode

RESIZE = [{"type": "Resize", "height": 48, "width": 24, "interpolation": "bicubic"}]


@pytest.fixture(scope="module")
def trained(toy_market, tmp_path_factory):
    """Config and checkpoint of a toy run whose test resizes; trained once for this file."""
    folder = tmp_path_factory.mktemp("embedder")
    loader = {"num_workers": 0, "collate_fn": {"type": "default_collate"}}
    data = {"type": "Market1501", "root": str(toy_market)}
    config = Config(
        {
            "default_scope": "reidzoo",
            "log_level": "ERROR",
            "model": {
                "type": "IDE",
                "backbone": {"type": "OSNet", "width": 0.25},
                "head": {"type": "LinearHead", "hidden": 16},
            },
            "train_dataloader": {**loader, "batch_size": 8, "sampler": {"type": "ShuffleSampler"}, "dataset": data},
            "test_dataloader": {
                **loader,
                "batch_size": 5,
                "sampler": {"type": "DefaultSampler", "shuffle": False},
                "dataset": {**data, "split": "test", "transforms": RESIZE},
            },
            "test_evaluator": {"type": "RetrievalMetric"},
            "test_cfg": {"type": "TestLoop"},
            "train_cfg": {"type": "SeededEpochLoop", "max_epochs": 1},
            "optim_wrapper": {"type": "AutocastOptimWrapper", "optimizer": {"type": "SGD", "lr": 0.01}},
            "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
        }
    )
    config.dump(str(folder / "toy.py"))
    train(folder / "toy.py", work_dir=folder / "run")
    return folder / "toy.py", folder / "run" / "epoch_1.pth"


@pytest.fixture(scope="module")
def embedder(trained):
    return Embedder(*trained, device="cpu", batch_size=4)


@pytest.fixture(scope="module")
def files(toy_market):
    return image_files(toy_market / "query")


def features_of_test(config, checkpoint, tmp_path, **options):
    """Records and features of a test, as ``tools/test.py`` compares them."""
    cfg = read_config(config, options)
    cfg.model.num_pids, cfg.load_from, cfg.work_dir = 6, str(checkpoint), str(tmp_path)
    for key in ("train_dataloader", "train_cfg", "optim_wrapper"):
        cfg.pop(key)
    runner = build_runner(cfg)
    runner.test()
    return runner.test_dataloader.dataset.records, runner.test_evaluator.metrics[0].last_features


@pytest.mark.parametrize("loop", ["TestLoop", "FlipTestLoop"])
def test_features_are_those_of_a_test(trained, tmp_path, loop):
    records, expected = features_of_test(*trained, tmp_path, **{"test_cfg.type": loop})
    embed = Embedder(*trained, device="cpu", flip=loop == "FlipTestLoop", batch_size=3)
    features = embed([record.path for record in records])
    assert features.dtype == np.float32
    assert features.shape == expected.shape
    assert np.abs(features - expected).max() < 1e-6


def test_every_form_of_a_picture_gives_the_same(embedder, files, toy_market):
    expected = embedder(files)
    arrays = [decode(path) for path in files]
    forms = {
        "folder": toy_market / "query",
        "text": [str(path) for path in files],
        "arrays": arrays,
        "PIL": [Image.fromarray(array) for array in arrays],
        "tensor": torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2),
        "mixed": [files[0], *arrays[1:3], *map(Image.fromarray, arrays[3:])],
    }
    for form, images in forms.items():
        assert np.abs(embedder(images) - expected).max() < 1e-6, form
    for one in (files[0], str(files[0]), arrays[0], Image.fromarray(arrays[0])):
        assert np.abs(embedder(one) - expected[:1]).max() < 1e-6, type(one)


def test_features_have_length_one_unless_asked_otherwise(embedder, files):
    assert np.linalg.norm(embedder(files), axis=1) == pytest.approx(1, abs=1e-6)
    raw = embedder(files, normalize=False)
    assert np.abs(raw / np.linalg.norm(raw, axis=1, keepdims=True) - embedder(files)).max() < 1e-6
    assert not np.allclose(np.linalg.norm(raw, axis=1), 1, atol=1e-3)


def test_bf16_is_close_and_still_float32_outside(trained, embedder, files):
    features = Embedder(*trained, device="cpu", precision="bf16")(files)
    assert features.dtype == np.float32
    assert (features * embedder(files)).sum(1).min() > 0.99
    assert not np.array_equal(features, embedder(files))


def test_progress_is_shown_on_request_only(trained, files, capsys):
    Embedder(*trained, device="cpu")(files)
    assert capsys.readouterr().err == ""
    Embedder(*trained, device="cpu", progress=True)(files)
    assert "embedding" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("images", "answer"),
    [
        ([], "no picture"),
        ("no/such.jpg", "no such file or folder: .no/such.jpg"),
        (np.zeros((8, 8), np.uint8), "H x W x 3 of uint8 .RGB., got 8 x 8 of uint8"),
        (np.zeros((8, 8, 3), np.float32), "got 8 x 8 x 3 of float32"),
        (torch.zeros(3, 8, 8, dtype=torch.uint8), "B x 3 x H x W of uint8 .RGB., got 3 x 8 x 8"),
        (torch.zeros(1, 3, 8, 8), "got 1 x 3 x 8 x 8 of float32"),
        ([3], "got int"),
    ],
    ids=["none", "no file", "grey", "float array", "one tensor", "float tensor", "number"],
)
def test_refused_pictures(embedder, images, answer):
    with pytest.raises(UserError, match=answer):
        embedder(images)


def test_an_empty_folder_and_a_broken_file_are_named(embedder, tmp_path):
    with pytest.raises(UserError, match=f"no picture to embed in the folder '{tmp_path}'"):
        embedder(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"broken\.jpg"):
        embedder(tmp_path)


def test_sizes_must_agree_where_the_config_resizes_nothing(toy_config, trained):
    plain = Embedder(toy_config(), trained[1], device="cpu")
    with pytest.raises(UserError, match="8 x 8 and 16 x 8"):
        plain([np.zeros((8, 8, 3), np.uint8), np.zeros((16, 8, 3), np.uint8)])


def test_refused_models(trained, toy_config, tmp_path):
    config, checkpoint = trained
    with pytest.raises(UserError, match="name a checkpoint of it, too"):
        Embedder(config)
    with pytest.raises(UserError, match="no model 'no-such-model' in the zoo"):
        Embedder("no-such-model")
    with pytest.raises(UserError, match="'resnet18_synthped-studio' is a backbone to start training from"):
        Embedder("resnet18_synthped-studio")
    with pytest.raises(UserError, match="names a model of the zoo, which has its weights"):
        Embedder("no-such-model", checkpoint)
    with pytest.raises(UserError, match="no device 'gpu3' here"):
        Embedder(config, checkpoint, device="gpu3")
    with pytest.raises(UserError, match="precision is one of fp32, bf16, got 'fp8'"):
        Embedder(config, checkpoint, precision="fp8")
    with pytest.raises(UserError, match="at least 1, got 0"):
        Embedder(config, checkpoint, batch_size=0)
    with pytest.raises(UserError, match="weights do not fit IDE"):
        Embedder(toy_config(**{"model.backbone.width": 0.5}), checkpoint)
    torch.save(torch.load(checkpoint, weights_only=True)["state_dict"], tmp_path / "bare.pth")
    with pytest.raises(UserError, match="does not say how many identities"):
        Embedder(config, tmp_path / "bare.pth")


def test_importing_apis_is_free_and_names_are_checked():
    code = (
        "import sys, reidzoo.apis; assert 'torch' not in sys.modules; assert 'Embedder' in dir(reidzoo.apis); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    import reidzoo.apis

    for name in reidzoo.apis.__all__:
        assert callable(getattr(reidzoo.apis, name))
    with pytest.raises(AttributeError, match="no attribute 'embeder'"):
        reidzoo.apis.embeder  # noqa: B018


def test_a_folder_becomes_names_and_features_in_one_order(trained, toy_market, tmp_path):
    config, checkpoint = trained
    names = embed_folder(config, checkpoint, toy_market, tmp_path / "features.npz")
    file = np.load(tmp_path / "features.npz")
    assert file["names"].tolist() == names == sorted(names)
    assert {"query", "bounding_box_train"} <= {name.split("/")[0] for name in names}, "folders in it count"
    alone = Embedder(config, checkpoint)(str(toy_market / names[3]))[0]
    np.testing.assert_allclose(file["features"][3], alone, atol=1e-5)


def test_a_folder_without_pictures_or_another_kind_of_file(trained, tmp_path):
    config, checkpoint = trained
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no picture to embed"):
        embed_folder(config, checkpoint, tmp_path / "empty", tmp_path / "x.npz")
    with pytest.raises(UserError, match=r"written as \.npz, got the name"):
        embed_folder(config, checkpoint, tmp_path / "empty", tmp_path / "x.csv")
    assert not (tmp_path / "x.npz").exists()
