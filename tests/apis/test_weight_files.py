"""Headers of published files: a config as data, read from the text of a checkpoint without running it."""

import pytest
import torch
from mmengine.config import Config

from reidzoo.apis.weight_files import header_of, resolved_config, write_weights
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint


def test_the_text_of_a_config_becomes_the_config():
    content = {
        "model": {"type": "IDE", "sizes": [1, (2, -3.5)], "paramwise": {"a.b": None, "c": True}},
        "lr": 1e-3,
        "schedule": [{"type": "A"}, {"type": "B", "end": 8}],
    }
    found = resolved_config(Config(content).pretty_text)
    assert found == {**content, "model": {**content["model"], "sizes": [1, [2, -3.5]]}}


def test_folders_of_the_machine_stay_there():
    text = (
        "work_dir = '/home/a/work'\nload_from = 'x.pth'\ndata = dict(root='/home/a/market1501', list=['/b/c', 'd/e'])"
    )
    assert resolved_config(text) == {"data": {"root": "market1501", "list": ["c", "d/e"]}}


@pytest.mark.parametrize(
    "text", ["model = open('x', 'w')", "import os", "model = dict(**other)", "model = [", "a.b = 1"]
)
def test_a_text_that_is_more_than_values_is_refused_and_not_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no list of plain values"):
        resolved_config(text)
    assert list(tmp_path.iterdir()) == []


def test_the_header_tells_whether_the_weights_are_an_average():
    content = {"meta": {"epoch": 3, "cfg": ""}, "state_dict": {}, "optimizer": {}}
    assert header_of(content)["averaging"] == "none was kept"
    assert header_of(content)["left_out"] == ["optimizer"]
    assert "moving average" in header_of({**content, "ema_state_dict": {}})["averaging"]


def test_shared_and_permuted_tensors_are_written(tmp_path):
    weight = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    state = {"a": weight, "b": weight, "count": torch.tensor(3)}
    header = write_weights(tmp_path / "x.safetensors", state, {"name": "x"}, "float32")
    found = read_checkpoint(tmp_path / "x.safetensors")
    assert found["meta"] == header == {"name": "x", "precision": "float32"}
    assert all(torch.equal(found["state_dict"][name], tensor) for name, tensor in state.items())
