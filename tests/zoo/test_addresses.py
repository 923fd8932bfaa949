"""``zoo://NAME`` wherever weights are named: loaded verified, recorded by name."""

import json

import pytest
import torch
from safetensors.torch import save_file
from toy_zoo import FILE, NAME, metafile

from reidzoo.apis.configs import read_config
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stages import RECORD, training_part
from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import train
from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint, read_weights
from reidzoo.engine.hooks import start_of
from reidzoo.registry import BACKBONES
from reidzoo.zoo import download

STUDIO = "zoo://osnet-x0-25_synthped-studio"
BACKBONE = {"type": "OSNet", "width": 0.25, "embedding": True, "weights": STUDIO}


@pytest.fixture
def no_network(monkeypatch):
    """Whoever asks a mirror fails."""

    def refuse(*arguments):
        raise AssertionError("asked a mirror")

    monkeypatch.setattr(download, "open_mirror", refuse)


def test_paths_are_themselves(tmp_path):
    assert local_file(str(tmp_path / "a.pth")) == local_file(tmp_path / "a.pth") == tmp_path / "a.pth"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("zo://x", r"'zo://x' is no path and no address of a known kind, did you mean 'zoo'\?"),
        ("zoo://osnet-x0-25_synthped-stdio", "no model 'osnet-x0-25_synthped-stdio' in the zoo, did you mean 'osnet"),
    ],
)
def test_mistakes(address, said):
    with pytest.raises(UserError, match=said):
        read_weights(address)


@pytest.mark.usefixtures("no_network")
def test_a_network_starts_from_the_checkouts_file(tmp_path, monkeypatch):
    monkeypatch.setenv("REIDZOO_HOME", str(tmp_path / "home"))
    network = BACKBONES.build(BACKBONE)
    state = read_weights("model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors")
    assert all(torch.equal(network.state_dict()[name], tensor.to(torch.float32)) for name, tensor in state.items())
    assert not (tmp_path / "home").exists()


@pytest.mark.usefixtures("no_network", "zoo")
def test_reading_a_config_fetches_nothing_and_keeps_the_name(toy_config):
    config = toy_config(**{"model.backbone": {**BACKBONE, "weights": f"zoo://{NAME}"}, "load_from": f"zoo://{NAME}"})
    cfg = read_config(config)
    assert cfg.load_from == f"zoo://{NAME}"
    assert training_part(cfg)["model"]["backbone"]["weights"] == f"zoo://{NAME}"


@pytest.mark.usefixtures("zoo")
def test_a_changed_file_in_the_cache_is_not_loaded(zoo):
    zoo.mkdir(parents=True)
    (zoo / FILE).write_bytes(b"not the card's")
    with pytest.raises(UserError, match="no mirror is known"):
        read_weights(f"zoo://{NAME}")


@pytest.mark.slow
def test_a_training_starts_from_a_name_and_its_rows_say_so(toy_config, tmp_path):
    config = toy_config(**{"model.backbone": BACKBONE})
    train(config, work_dir=tmp_path / "run")
    checkpoint = read_checkpoint(tmp_path / "run" / "epoch_2.pth")
    assert f"weights='{STUDIO}'" in checkpoint["meta"]["cfg"]
    row = evaluate(config, tmp_path / "run" / "epoch_2.pth")
    assert row["init"] == STUDIO
    cfg = read_config(config, {"load_from": "zoo://other"})
    assert start_of(cfg) == "zoo://other", "what the whole model starts from replaces what its backbone did"
    cfg.load_from = str(tmp_path / "a.pth")
    assert start_of(cfg) == "a.pth"


@pytest.mark.slow
def test_a_whole_model_of_the_zoo_is_tested_and_trained_further(toy_config, write_zoo, tmp_path, monkeypatch):
    first = toy_config()
    train(first, work_dir=tmp_path / "run")
    state = read_weights(tmp_path / "run" / "epoch_2.pth")
    (tmp_path / "mirror").mkdir()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, tmp_path / "mirror" / FILE)
    content = metafile((tmp_path / "mirror" / FILE).read_bytes())
    content["Models"][0]["Weights"]["Mirrors"] = [(tmp_path / "mirror").as_uri()]
    write_zoo(content)
    monkeypatch.chdir(tmp_path)
    row = evaluate(first, f"zoo://{NAME}", options={"model.num_pids": 6})
    assert row["checkpoint"] == FILE
    assert row["checkpoint_sha256"] == content["Models"][0]["Weights"]["SHA256"]
    assert row["metrics"] == evaluate(first, tmp_path / "run" / "epoch_2.pth")["metrics"]
    assert (tmp_path / "work_dirs" / "toy" / "test").is_dir(), "the log lies in a work folder, not in the cache"
    assert sorted(path.name for path in (tmp_path / "home" / "checkpoints").iterdir()) == [FILE]
    further = toy_config(**{"load_from": f"zoo://{NAME}", "optim_wrapper.optimizer.lr": 0.0})
    last = train_stages([further], work_dir=tmp_path / "further")
    assert torch.equal(read_weights(last)["backbone.conv1.conv.weight"], state["backbone.conv1.conv.weight"])
    digest = content["Models"][0]["Weights"]["SHA256"]
    assert json.loads((last.parent / RECORD).read_text())["started_from"] == digest
    assert train_stages([further], work_dir=tmp_path / "further") == last
    content["Models"][0]["Weights"]["SHA256"] = "0" * 64
    write_zoo(content)
    with pytest.raises(UserError, match=rf"did not start from today's 'zoo://{NAME}'"):
        train_stages([further], work_dir=tmp_path / "further")
