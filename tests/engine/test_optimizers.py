"""Several optimisers for one method: who updates what, refusals, schedules, and resuming."""

import pytest
import torch
from torch import nn

from reidzoo.apis.configs import read_config
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint
from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.methods.base import ReIDMethod
from reidzoo.methods.generative import frozen
from reidzoo.registry import METHODS


class ToyGame(ReIDMethod):
    """A generator of one colour map against a discriminator of one score a pixel."""

    def __init__(self, num_pids=1):
        super().__init__()
        self.generator = nn.Conv2d(3, 3, 1)
        self.discriminator = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Tanh(), nn.Conv2d(4, 1, 1))

    def optimized(self):
        return {"generators": [self.generator], "discriminators": [self.discriminator]}

    def train_step(self, data, optim_wrapper):
        images = self.data_preprocessor(data, True)["images"]
        generators, discriminators = optim_wrapper["generators"], optim_wrapper["discriminators"]
        with frozen(self.discriminator), generators.optim_context(self):
            fake = self.generator(images)
            loss_g = -self.discriminator(fake).mean()
        generators.update_params(loss_g)
        with discriminators.optim_context(self):
            loss_d = (self.discriminator(fake.detach()) - self.discriminator(images)).mean().square()
        discriminators.update_params(loss_d)
        return {"loss_generator": loss_g, "loss_discriminator": loss_d}

    def losses(self, images, pids):
        raise NotImplementedError

    def embed(self, images):
        return self.generator(images).mean((2, 3))


def entry(lr=0.1, **settings):
    return {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": lr}, **settings}


def entries(**settings):
    return {"generators": entry(), "discriminators": entry(0.01), **settings}


def changed(**optimized):
    """A game whose ``optimized`` has these entries instead."""
    game = ToyGame()
    original = ToyGame.optimized(game)
    game.optimized = lambda: {**original, **{name: pick(game) for name, pick in optimized.items()}}
    return game


@pytest.fixture
def game_config(toy_config, monkeypatch):
    """Path of a config that trains the toy game for two epochs of six steps."""
    monkeypatch.setitem(METHODS.module_dict, "ToyGame", ToyGame)

    def write(**changes):
        wrapper = {"_delete_": True, "constructor": "MethodOptimWrapperConstructor", **entries()}
        return toy_config(**{"model": {"_delete_": True, "type": "ToyGame"}, "optim_wrapper": wrapper, **changes})

    return write


def test_every_optimiser_updates_its_own_modules():
    game = ToyGame()
    wrappers = MethodOptimWrapperConstructor(entries())(game)
    assert set(wrappers.keys()) == {"generators", "discriminators"}
    for name, module, lr in (("generators", game.generator, 0.1), ("discriminators", game.discriminator, 0.01)):
        (group,) = wrappers[name].param_groups
        assert {id(each) for each in group["params"]} == {id(each) for each in module.parameters()}
        assert group["lr"] == lr


def test_an_entry_may_have_rates_for_parts_of_it():
    game = ToyGame()
    rates = {"custom_keys": {"discriminator.2.": {"lr_mult": 10.0}}}
    wrappers = MethodOptimWrapperConstructor(entries(discriminators=entry(0.01, paramwise_cfg=rates)))(game)
    found = {id(group["params"][0]): group["lr"] for group in wrappers["discriminators"].optimizer.param_groups}
    assert found[id(game.discriminator[2].weight)] == pytest.approx(0.1)
    assert found[id(game.discriminator[0].weight)] == 0.01
    assert len(found) == 4


def test_what_is_frozen_has_no_optimiser():
    game = ToyGame()
    game.discriminator[0].requires_grad_(False)
    wrappers = MethodOptimWrapperConstructor(entries())(game)
    assert len(wrappers["discriminators"].param_groups[0]["params"]) == 2


def test_modules_inside_each_other_are_counted_once():
    game = changed(discriminators=lambda game: [game.discriminator, game.discriminator[0]])
    assert len(MethodOptimWrapperConstructor(entries())(game)["discriminators"].param_groups[0]["params"]) == 4


@pytest.mark.parametrize(
    ("settings", "game", "said"),
    [
        (entries(), nn.Linear(1, 1), "asks a method for its optimized\\(\\), and Linear has none"),
        (entries(encoders=entry()), ToyGame(), "has discriminators, encoders, generators, and ToyGame optimises discr"),
        ({"generators": entry()}, ToyGame(), "optim_wrapper has generators, and ToyGame optimises discriminators, gen"),
        (entries(), changed(generators=lambda game: [game.generator, game.discriminator[0]]),
         "gives discriminator.0.weight to generators and discriminators: a parameter has one optimiser"),
        (entries(), changed(discriminators=lambda game: [game.discriminator[2]]),
         "leaves out discriminator.0.weight, discriminator.0.bias: name their module, or freeze them"),
        (entries(), changed(generators=lambda game: [nn.ModuleList([game.generator])]), "holds a ModuleList that"),
        (entries(), changed(generators=lambda game: [game.generator.requires_grad_(False)]),
         "optim_wrapper.generators has nothing to train"),
        (entries(generators=entry(paramwise_cfg={"custom_keys": {"discriminator": {}}})), ToyGame(),
         "no parameter's name contains 'discriminator', .*generator"),
        (entries(generators=entry(paramwise_cfg={"norm_mult": 1})), ToyGame(), "paramwise_cfg has no key 'norm_mult'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(settings, game, said):
    with pytest.raises(UserError, match=said):
        MethodOptimWrapperConstructor(settings)(game)


def test_wrong_entries_are_refused():
    with pytest.raises(UserError, match="paramwise_cfg belongs to one optimiser"):
        MethodOptimWrapperConstructor(entries(), {"bias_lr_mult": 2.0})
    with pytest.raises(UserError, match=r"optim_wrapper.type expects dict\(type=..., optimizer=.* got 'OptimWrapper'"):
        MethodOptimWrapperConstructor(entries(type="OptimWrapper"))


def test_a_resumed_run_equals_an_uninterrupted_one(game_config, tmp_path):
    """Both optimisers' moments and both schedules come back from the checkpoint."""
    steps = [{"type": "MultiStepLR", "milestones": [1], "gamma": 0.5, "end": 2}]
    schedules = {"param_scheduler": {"generators": steps, "discriminators": []}}
    whole = train(game_config(**schedules), work_dir=tmp_path / "whole")
    assert whole.optim_wrapper["generators"].get_lr()["lr"] == [0.05]
    assert whole.optim_wrapper["discriminators"].get_lr()["lr"] == [0.01]
    train(game_config(**schedules, **{"train_cfg.max_epochs": 1}), work_dir=tmp_path / "cut")
    resumed = train(game_config(**schedules), work_dir=tmp_path / "cut", resume=True)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name
    saved = read_checkpoint(tmp_path / "cut" / "epoch_2.pth")["optimizer"]
    assert all(saved[name]["state"][0]["step"] == whole.iter for name in ("generators", "discriminators"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"param_scheduler": {"generators": []}},
         "param_scheduler has schedules for generators, and optim_wrapper has discriminators, generators"),
        ({"optim_wrapper.constructor": "MethodOptimConstructor"}, "did you mean 'MethodOptimWrapperConstructor'"),
        ({"optim_wrapper": {"_delete_": True, **entries()}}, "optim_wrapper has no 'optimizer'"),
        ({"optim_wrapper.generators.type": "AutocastOptim"}, "generators: no 'AutocastOptim' on shelf optim_wrappers"),
        ({"optim_wrapper.generators.optimizer.type": "Adamm"}, "optim_wrapper.generators.optimizer: no 'Adamm'"),
        ({"param_scheduler": {"generators": [{"type": "StepLR", "step": 1}], "discriminators": []}},
         "param_scheduler.generators.0.: StepLR.* has no argument 'step'"),
    ],
)  # fmt: skip
def test_the_config_check_knows_several_optimisers(game_config, changes, said):
    plain = {key: value for key, value in changes.items() if not key.startswith("optim_wrapper.")}
    options = {key: value for key, value in changes.items() if key not in plain}
    with pytest.raises(UserError, match=said):
        read_config(game_config(**plain), options)


def test_schedules_by_name_need_optimisers_by_name(toy_config):
    with pytest.raises(UserError, match="schedules for generators, and optim_wrapper has a single optimiser"):
        read_config(toy_config(param_scheduler={"generators": []}))
