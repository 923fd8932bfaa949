"""Each workaround with a test that fails without it."""

import logging
import pickle

import numpy as np
import pytest
import torch
from mmengine.fileio import LocalBackend
from mmengine.logging import HistoryBuffer

from reidzoo.engine.compat import AtomicLocalBackend, HarmlessWarnings, SafeCheckpointHook


def checkpoint():
    buffer = HistoryBuffer()
    for value in (3.0, 2.0, 1.5):
        buffer.update(value)
    return {
        "meta": {"epoch": 1, "score": np.float64(0.5), "steps": [np.int64(3)]},
        "state_dict": {"weight": torch.ones(2)},
        "message_hub": {"log_scalars": {"train/loss": buffer}, "runtime_info": {}, "resumed_keys": {}},
    }


def test_mmengine_checkpoints_do_not_load_safely_and_ours_do(tmp_path):
    path = tmp_path / "plain.pth"
    torch.save(checkpoint(), path)
    with pytest.raises(pickle.UnpicklingError):  # the break: weights_only=True is torch's default since 2.6
        torch.load(path, weights_only=True)

    ours = checkpoint()
    SafeCheckpointHook().before_save_checkpoint(None, ours)
    torch.save(ours, path)
    loaded = torch.load(path, weights_only=True)
    assert loaded["meta"] == {"epoch": 1, "score": 0.5, "steps": [3]}
    SafeCheckpointHook().after_load_checkpoint(None, loaded)
    rebuilt = loaded["message_hub"]["log_scalars"]["train/loss"]
    assert isinstance(rebuilt, HistoryBuffer)
    assert rebuilt.mean() == checkpoint()["message_hub"]["log_scalars"]["train/loss"].mean()


def test_published_weights_have_no_message_hub():
    state = {"state_dict": {}}
    SafeCheckpointHook().after_load_checkpoint(None, state)
    assert state == {"state_dict": {}}


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "epoch_1.pth"
    path.write_bytes(b"old")
    for backend, left in ((AtomicLocalBackend(), b"old"), (LocalBackend(), b"")):
        with pytest.raises(TypeError):
            backend.put("not bytes", str(path))  # stands for a disk that fills up while writing
        assert path.read_bytes() == left
    assert [entry.name for entry in tmp_path.iterdir()] == ["epoch_1.pth"]


def test_only_the_harmless_warnings_are_dropped():
    def kept(text):
        return HarmlessWarnings().filter(logging.LogRecord("mmengine", logging.WARNING, "", 0, text, None, None))

    assert not kept('"FileClient" will be deprecated in future. Please use io functions')
    assert not kept('"HardDiskBackend" is the alias of "LocalBackend"')
    assert not kept('Failed to search registry with scope "reidzoo" in the "visualizer" registry tree.')
    assert kept("The value of random seed in the checkpoint differs")
