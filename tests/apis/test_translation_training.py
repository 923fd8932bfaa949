"""Translations trained as users train them: resumed, on two processes, beyond the end of the schedule."""

import pytest
import torch
from mmengine.optim.scheduler import LinearLR
from test_processes import TRAIN, on_two_processes
from toy_translation import write_toy_translation

from reidzoo.apis.configs import read_config
from reidzoo.apis.training import train
from reidzoo.base.weights import read_checkpoint
from reidzoo.engine.distributed import SeparateDistributedDataParallel
from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.registry import DATASETS, METHODS

OPTIMIZER = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 1e-3}}
SIAMESE = {"type": "SiameseNet", "form": "tf", "width": 4, "image_size": (32, 16)}
#: as the configs have it: constant, then to 0
TO_ZERO = {"type": "LinearLR", "start_factor": 1.0, "end_factor": 0.0, "convert_to_iter_based": True}
OPTIONS = {
    "CycleGAN": {"model.pool_size": 3},
    "SPGAN": {
        "model.type": "SPGAN",
        "model.pool_size": 3,
        "model.siamese": SIAMESE,
        "model.siamese_from": 1,
        "model.contrastive_from": 2,
        "model.generator_every": 2,  # with three steps an epoch, the second one begins in an off step
        "optim_wrapper.siamese": OPTIMIZER,
    },
}
every_method = pytest.mark.parametrize("name", sorted(OPTIONS))


@pytest.fixture
def config(toy_market, tmp_path):
    return write_toy_translation(tmp_path, "gan", toy_market, toy_market, cameras=[0])


def options(name, epochs, **changes):
    return {
        **OPTIONS[name],
        "optim_wrapper.generators": OPTIMIZER,
        "optim_wrapper.discriminators": OPTIMIZER,
        "param_scheduler": [{**TO_ZERO, "begin": 1, "end": 2}],
        "train_dataloader.num_batch_per_epoch": 3,
        "train_cfg.max_epochs": epochs,
        **changes,
    }


def rates(runner):
    return {rate for wrapper_rates in runner.optim_wrapper.get_lr().values() for rate in wrapper_rates}


@every_method
def test_a_resumed_run_ends_as_the_uninterrupted_one(config, tmp_path, name):
    whole = train(config, work_dir=tmp_path / "whole", options=options(name, 2))
    train(config, work_dir=tmp_path / "parts", options=options(name, 1))
    train(config, work_dir=tmp_path / "parts", options=options(name, 2), resume=True)
    ends = [read_checkpoint(tmp_path / part / "epoch_2.pth") for part in ("whole", "parts")]
    for end in ends:
        end["moments"] = {name: adam["state"] for name, adam in end["optimizer"].items()}
    for key in ("state_dict", "training_state", "moments"):
        torch.testing.assert_close(ends[1][key], ends[0][key], rtol=0, atol=0)
    assert ends[1]["param_schedulers"] == ends[0]["param_schedulers"]
    assert set(ends[0]["training_state"]) == {"pool_s", "pool_t"}
    assert all(len(pool["images"]) == 3 for pool in ends[0]["training_state"].values())
    if name == "SPGAN":
        assert ends[0]["state_dict"]["steps"] == 6
    first = read_checkpoint(tmp_path / "parts" / "epoch_1.pth")["state_dict"]
    assert not torch.equal(first["g_st.body.0.weight"], ends[0]["state_dict"]["g_st.body.0.weight"])
    assert rates(whole) == {0.0}


def test_the_learning_rate_ends_at_zero_and_stays_there():
    """Constant for 3 epochs of 7 steps, to 0 in 3 more, and then 2 that nobody planned."""
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=2e-4)
    settings = {key: value for key, value in TO_ZERO.items() if key not in ("type", "convert_to_iter_based")}
    schedule = LinearLR.build_iter_from_epoch(optimizer=optimizer, begin=3, end=6, epoch_length=7, **settings)
    factors = []
    for _ in range(8 * 7):
        factors.append(optimizer.param_groups[0]["lr"] / 2e-4)
        optimizer.step()
        schedule.step()
    assert factors == pytest.approx([min(1.0, max(0.0, 1 - (i - 21) / 20)) for i in range(8 * 7)], abs=1e-12)
    assert min(factors) == 0.0
    assert factors[41:] == [0.0] * 15


@pytest.mark.slow
def test_a_run_resumed_beyond_the_end_of_its_schedule_stands_still(config, tmp_path):
    train(config, work_dir=tmp_path / "run", options=options("CycleGAN", 2))
    runner = train(config, work_dir=tmp_path / "run", options=options("CycleGAN", 3), resume=True)
    assert rates(runner) == {0.0}
    second, third = (read_checkpoint(tmp_path / "run" / f"epoch_{epoch}.pth")["state_dict"] for epoch in (2, 3))
    torch.testing.assert_close(third, second, rtol=0, atol=0)


@every_method
def test_wrapping_its_networks_changes_nothing_in_a_methods_step(config, name):
    """One process: networks that run several times a step, and not at all in some, give the same gradients."""
    cfg = read_config(config, options(name, 1))
    item = DATASETS.build(cfg.train_dataloader.dataset)[0]
    ends = []
    for wrapped in (False, True):
        torch.manual_seed(0)
        method = METHODS.build(cfg.model).train()
        if wrapped:
            torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
        try:
            model = SeparateDistributedDataParallel(method) if wrapped else method
            optimisers = MethodOptimWrapperConstructor({key: OPTIMIZER for key in method.optimized()})(model)
            for step in range(3):
                torch.manual_seed(step)
                model.train_step({key: value[None] for key, value in item.items()}, optimisers)
        finally:
            if wrapped:
                torch.distributed.destroy_process_group()
        ends.append(method.state_dict())
    torch.testing.assert_close(ends[1], ends[0], rtol=0, atol=0)


@pytest.mark.slow
@every_method
def test_two_processes_end_with_equal_parameters_and_pictures_of_their_progress(config, tmp_path, name):
    script, work_dir = tmp_path / "train_two.py", tmp_path / "run"
    changes = options(name, 2, custom_hooks=[{"type": "TranslationGridHook", "rows": 1}])
    script.write_text(TRAIN.replace("work_dir=sys.argv[2]", f"options={changes!r}, work_dir=sys.argv[2]"))
    on_two_processes(script, config, work_dir)
    assert (work_dir / "digest-0").read_text() == (work_dir / "digest-1").read_text()
    assert (work_dir / "translated_epoch_2.png").is_file()
    first, second = (read_checkpoint(work_dir / f"epoch_{epoch}.pth")["state_dict"] for epoch in (1, 2))
    for network in ["g_st", "g_ts", "d_s", "d_t"] + ["siamese"] * (name == "SPGAN"):
        assert any(not torch.equal(first[key], value) for key, value in second.items() if key.startswith(network))
