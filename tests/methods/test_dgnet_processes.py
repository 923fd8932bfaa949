"""DG-Net on several processes: the same step, and gradients that are those of all of them."""

import pytest
import torch
import torch.distributed
import torch.multiprocessing
from toy_dgnet import batch, build
from toy_gans import optimisers

from reidzoo.engine.distributed import SeparateDistributedDataParallel

SGD = {"optimizer": {"type": "SGD", "lr": 1e-2}}
#: no coin, which every process tosses for itself, and no dropout
QUIET = {"primary_target": "one-hot", "teacher": None, "code_weight": 0.0, "cycle_weight": 0.0}


def start(store, rank, size):
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=size)


@pytest.mark.slow
@pytest.mark.parametrize("switches", [{}, {"appearance_gradient": True, "code_trains_decoder": True}])
def test_one_process_in_the_wrapper_steps_as_without(switches):
    alone, method = build(**switches).double(), build(**switches).double()
    for each in (alone, method):
        each.teacher.load().double()
    wrappers = optimisers(alone, **SGD)
    start(torch.distributed.HashStore(), 0, 1)
    try:
        wrapped = SeparateDistributedDataParallel(method)
        theirs = optimisers(method, **SGD)
        for step in range(3):  # the third would fail where a pass of the second waited for gradients in vain
            torch.manual_seed(step)
            expected = alone.train_step(batch(seed=step), wrappers)
            torch.manual_seed(step)
            logged = wrapped.train_step(batch(seed=step), theirs)
            for name, value in expected.items():
                torch.testing.assert_close(logged[name], value, msg=lambda text, name=name: f"{name}: {text}")
        wrapped.eval()
        alone.eval()
        seen = {"images": batch()["images"]}
        torch.testing.assert_close(wrapped.test_step(seen), alone.test_step(seen))
        images = batch()["images"]
        assert torch.equal(method.swap(images, images.flip(0)), alone.swap(images, images.flip(0)))
    finally:
        torch.distributed.destroy_process_group()


def step_of(rank, folder):
    start(torch.distributed.FileStore(f"{folder}/store", 2), rank, 2)
    wrapped = SeparateDistributedDataParallel(build(**QUIET, appearance_gradient=True).double())
    wrapped.train_step(batch(seed=rank), optimisers(wrapped.module, **SGD))
    torch.save(wrapped.module.state_dict(), f"{folder}/{rank}.pth")
    torch.distributed.destroy_process_group()


def step_alone(rank, judge=None):
    """Parameters after the step of one of two processes by itself, with D as given or updated by itself, too."""
    method = build(**QUIET, appearance_gradient=True).double()

    def put(*arguments):
        method.discriminator.load_state_dict(judge)
        return {}

    if judge is not None:
        method.update_discriminator = put
    method.train_step(batch(seed=rank), optimisers(method, **SGD))
    return {name: parameter.detach() for name, parameter in method.named_parameters()}


def mean_of(one, other):
    """Of parameters after a step from the same start: a step by the mean of both gradients."""
    return {name: (value + other[name]) / 2 for name, value in one.items()}


@pytest.mark.slow
def test_two_processes_learn_the_mean_of_their_gradients(tmp_path):
    torch.multiprocessing.spawn(step_of, args=(tmp_path,), nprocs=2)
    own = "discriminator."
    judge = mean_of(step_alone(0), step_alone(1))  # D learns first, and its mean judges the images of both
    judge = {name.removeprefix(own): value for name, value in judge.items() if name.startswith(own)}
    expected = mean_of(step_alone(0, judge), step_alone(1, judge))
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pth")
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, msg=lambda text, name=name: f"{name}: {text}")
