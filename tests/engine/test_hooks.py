"""What a run carries across its restart, and only across that; and that a method knows its epoch."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from torch import nn

from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.engine.distributed import SeparateDistributedDataParallel
from reidzoo.engine.hooks import KeepTrainingState, LogRenderingShare, TellEpoch
from reidzoo.methods.base import ReIDMethod
from reidzoo.registry import METHODS


class Diary(nn.Module):
    """Writes down a number a step."""

    def __init__(self):
        super().__init__()
        self.entries = torch.zeros(0)

    def training_state(self):
        return {"entries": self.entries.clone()}

    def load_training_state(self, state):
        self.entries = state["entries"].cpu()


class Plain(ReIDMethod):
    """One convolution."""

    def __init__(self, num_pids):
        super().__init__()
        self.network = nn.Conv2d(3, 1, 1)

    def losses(self, images, pids):
        return {"loss_size": self.embed(images).square().mean()}

    def embed(self, images):
        return self.network(images).mean((2, 3))


class Remembering(Plain):
    """Parts of it keep diaries: one of its own, one inside another module."""

    def __init__(self, num_pids):
        super().__init__(num_pids)
        self.diary = Diary()
        self.shelf = nn.ModuleDict({"second": Diary()})

    def losses(self, images, pids):
        for diary in (self.diary, self.shelf["second"]):
            diary.entries = torch.cat([diary.entries, images.mean().reshape(1)])
        return super().losses(images, pids)


class Counting(Plain):
    """Writes down which epoch it was told, a number a step."""

    def __init__(self, num_pids):
        super().__init__(num_pids)
        self.told, self.seen = [], []

    def set_epoch(self, epoch):
        self.told.append(epoch)

    def losses(self, images, pids):
        self.seen.append(self.told[-1])
        return super().losses(images, pids)


@pytest.fixture
def small_config(toy_config, monkeypatch):
    """Path of a config that trains one of these methods, six steps an epoch."""
    monkeypatch.setitem(METHODS.module_dict, "Remembering", Remembering)
    monkeypatch.setitem(METHODS.module_dict, "Plain", Plain)
    monkeypatch.setitem(METHODS.module_dict, "Counting", Counting)

    def write(epochs, method="Remembering"):
        return toy_config(**{"train_cfg.max_epochs": epochs, "model": {"_delete_": True, "type": method}})

    return write


def test_training_state_survives_a_restart(small_config, tmp_path):
    whole = train(small_config(3), work_dir=tmp_path / "whole").model
    train(small_config(1), work_dir=tmp_path / "parts")
    resumed = train(small_config(3), work_dir=tmp_path / "parts", resume=True).model
    assert len(whole.diary.entries) == 18
    assert torch.equal(resumed.diary.entries, whole.diary.entries)
    assert torch.equal(resumed.shelf["second"].entries, whole.shelf["second"].entries)


def test_a_checkpoint_with_training_state_is_data_only(small_config, tmp_path):
    model = train(small_config(1), work_dir=tmp_path / "run").model
    checkpoint = torch.load(tmp_path / "run" / "epoch_1.pth", weights_only=True)
    assert set(checkpoint["training_state"]) == {"diary", "shelf.second"}
    assert torch.equal(checkpoint["training_state"]["diary"]["entries"], model.diary.entries)
    assert not any("diary" in name for name in checkpoint["state_dict"])


def test_weights_that_are_loaded_bring_no_training_state(small_config, tmp_path):
    train(small_config(2), work_dir=tmp_path / "first")
    options = {"load_from": str(tmp_path / "first" / "epoch_2.pth")}
    model = train(small_config(1), work_dir=tmp_path / "second", options=options).model
    assert len(model.diary.entries) == 6


def test_a_method_without_training_state_leaves_no_trace(small_config, tmp_path):
    train(small_config(1, "Plain"), work_dir=tmp_path / "run")
    assert "training_state" not in torch.load(tmp_path / "run" / "epoch_1.pth", weights_only=True)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("Remembering", "Plain", "of diary, shelf.second, the config's method keeps one in no module"),
        ("Plain", "Remembering", "of no module, the config's method keeps one in diary, shelf.second: resume with"),
    ],
)
def test_resuming_with_another_method(small_config, tmp_path, first, second, said):
    train(small_config(1, first), work_dir=tmp_path / "run")
    with pytest.raises(UserError, match=said):
        train(small_config(2, second), work_dir=tmp_path / "run", resume=True)


class Party(nn.Module):
    """A network that remembers, and a memory beside it."""

    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(nn.Linear(2, 2), Diary())
        self.diary = Diary()


class OnlyAModel:
    """What the hook looks at of a Runner."""

    _resume, epoch = True, 4

    def __init__(self, model):
        self.model = model


@pytest.mark.parametrize("wrapper", [MMDistributedDataParallel, SeparateDistributedDataParallel])
def test_names_are_those_of_a_single_process(wrapper):
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        party, hook, checkpoint = Party(), KeepTrainingState(), {}
        wrapped = wrapper(party)
        party.diary.entries = torch.ones(3)
        hook.before_save_checkpoint(OnlyAModel(wrapped), checkpoint)
    finally:
        torch.distributed.destroy_process_group()
    assert set(checkpoint["training_state"]) == {"network.1", "diary"}
    alone = Party()
    hook.after_load_checkpoint(OnlyAModel(alone), checkpoint)
    assert alone.diary.entries.tolist() == [1, 1, 1]


def test_a_method_is_told_its_epoch_from_1_and_goes_on_counting_after_a_restart(small_config, tmp_path):
    first = train(small_config(2, "Counting"), work_dir=tmp_path / "run").model
    assert first.told == [1, 2]
    assert first.seen == [1] * 6 + [2] * 6
    resumed = train(small_config(4, "Counting"), work_dir=tmp_path / "run", resume=True).model
    assert resumed.told == [3, 4]
    assert resumed.seen == [3] * 6 + [4] * 6


@pytest.mark.parametrize("wrapper", [MMDistributedDataParallel, SeparateDistributedDataParallel])
def test_a_method_in_its_wrapper_is_told_its_epoch(wrapper):
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        method = Counting(num_pids=2)
        TellEpoch().before_train_epoch(OnlyAModel(wrapper(method)))
        TellEpoch().before_train_epoch(OnlyAModel(wrapper(Plain(num_pids=2))))  # has no use for it
    finally:
        torch.distributed.destroy_process_group()
    assert method.told == [5]


# --- the share of rendering


class At:
    """A moment that a test chose."""

    def __init__(self, seconds):
        self.seconds = seconds

    def seconds_until(self, later):
        return later.seconds - self.seconds


def test_the_share_of_rendering_is_logged_a_step_later(monkeypatch):
    clock = iter([0.0, 4.0, 10.0, 12.0, 20.0, 21.0])  # begin and end of three steps
    monkeypatch.setattr("reidzoo.engine.hooks.Moment", lambda device: At(next(clock)))
    model = nn.Linear(1, 1)
    model.data_preprocessor = nn.Identity()
    hub = {}
    runner = SimpleNamespace(model=model, message_hub=SimpleNamespace(update_scalar=hub.__setitem__))
    hook, seen = LogRenderingShare(), []
    for began, ended in ((1.0, 2.0), (10.0, 11.5), (20.0, 20.5)):
        hook.before_train_iter(runner, 0)
        model.data_preprocessor.rendering = (At(began), At(ended))
        hook.after_train_iter(runner, 0)
        seen.append(hub.get("train/share_rendering"))
    assert seen == [None, 0.25, 0.75]


def test_a_preprocessor_that_renders_nothing_logs_no_share():
    hub = {}
    runner = SimpleNamespace(model=Plain(2), message_hub=SimpleNamespace(update_scalar=hub.__setitem__))
    hook = LogRenderingShare()
    for _ in range(3):
        hook.before_train_iter(runner, 0)
        hook.after_train_iter(runner, 0)
    assert hub == {}
