"""One thread everywhere: two busy pairs of OpenMP threads collapse to a tenth of the speed."""

import os
import socket

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import pytest
import torch
from mmengine.config import Config
from toy_market import write_toy_market

torch.set_num_threads(1)
cv2.setNumThreads(0)


@pytest.fixture(autouse=True)
def _from_repository_root(monkeypatch, request):
    """Configs name data and weights relative to the repository; tests start there as users do."""
    monkeypatch.chdir(request.config.rootpath)


@pytest.fixture(autouse=True)
def _without_network(monkeypatch):
    """Tests run on machines without a network: only this machine itself may be called."""
    connect = socket.socket.connect

    def local(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test calls {address[0]}: serve what it needs on 127.0.0.1")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)


@pytest.fixture(scope="session")
def toy_market(tmp_path_factory):
    """Read-only toy data: 6 training and 3 test identities, 2 cameras, 2 images each."""
    return write_toy_market(tmp_path_factory.mktemp("toy-market"))


@pytest.fixture
def toy_config(toy_market, tmp_path):
    """Path of a config that trains a small IDE on the toy data in a second."""

    def write(**changes):
        cfg = Config(
            {
                "default_scope": "reidzoo",
                "randomness": {"seed": 3},
                "log_level": "ERROR",
                "model": {
                    "type": "IDE",
                    "backbone": {"type": "OSNet", "width": 0.25},
                    "head": {"type": "LinearHead", "hidden": 16},
                },
                "train_dataloader": {
                    "batch_size": 4,
                    "num_workers": 0,
                    "drop_last": True,
                    "collate_fn": {"type": "default_collate"},
                    "sampler": {"type": "ShuffleSampler"},
                    "dataset": {
                        "type": "Market1501",
                        "root": str(toy_market),
                        "transforms": [{"type": "RandomFlip"}, {"type": "RandomErasing"}],
                    },
                },
                "test_dataloader": {
                    "batch_size": 5,
                    "num_workers": 0,
                    "collate_fn": {"type": "default_collate"},
                    "sampler": {"type": "DefaultSampler", "shuffle": False},
                    "dataset": {"type": "Market1501", "root": str(toy_market), "split": "test"},
                },
                "test_evaluator": {"type": "RetrievalMetric"},
                "test_cfg": {"type": "TestLoop"},
                "train_cfg": {"type": "SeededEpochLoop", "max_epochs": 2},
                "optim_wrapper": {"type": "AutocastOptimWrapper", "optimizer": {"type": "SGD", "lr": 0.01}},
                "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
            }
        )
        cfg.merge_from_dict(changes)
        path = tmp_path / "toy.py"
        cfg.dump(str(path))
        return path

    return write


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """Folder of a SynthPed domain: the one under data/, or rendered once for the session."""
    from reidzoo.data.synthped.benchmark import make_synthped  # a slow import, for slow tests only

    folders = {}

    def render(root):
        if not root.is_dir() and root not in folders:
            folders[root] = tmp_path_factory.mktemp("synthped") / root.name
            make_synthped(folders[root], root.name.removeprefix("synthped-"), "default", progress=False)
        return folders.get(root, root)

    return render
