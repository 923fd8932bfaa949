"""Methods that draw from noise, trained as users train them: resumed, in their wrappers, on two processes."""

import pytest
import torch
from test_processes import TRAIN, on_two_processes
from toy_gan_runs import ADAM, MODELS, write_toy_gan

from reidzoo.apis.configs import read_config
from reidzoo.apis.training import train
from reidzoo.base.weights import read_checkpoint
from reidzoo.engine.distributed import SeparateDistributedDataParallel
from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.registry import DATASETS, METHODS

every_method = pytest.mark.parametrize("name", sorted(MODELS))


@every_method
def test_a_resumed_run_ends_as_the_uninterrupted_one(toy_market, tmp_path, name):
    whole, part = tmp_path / "whole", tmp_path / "part"
    train(write_toy_gan(tmp_path, toy_market, name), work_dir=whole)
    train(write_toy_gan(tmp_path, toy_market, name, epochs=1), work_dir=part)
    train(write_toy_gan(tmp_path, toy_market, name), work_dir=part, resume=True)
    ends = [read_checkpoint(folder / "epoch_2.pth") for folder in (whole, part)]
    torch.testing.assert_close(ends[1]["state_dict"], ends[0]["state_dict"], rtol=0, atol=0)
    first = read_checkpoint(part / "epoch_1.pth")["state_dict"]
    assert any(not torch.equal(first[key], value) for key, value in ends[0]["state_dict"].items())


@every_method
def test_wrapping_its_networks_changes_nothing_in_a_methods_step(toy_market, tmp_path, name):
    """One process: two passes of D before its backward pass, slopes at its images, batch norms that move meanwhile."""
    cfg = read_config(write_toy_gan(tmp_path, toy_market, name))
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    images = torch.stack([dataset[index]["images"] for index in range(4)])
    ends = []
    for wrapped in (False, True):
        torch.manual_seed(0)
        method = METHODS.build(cfg.model).train()
        if wrapped:
            torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
        try:
            model = SeparateDistributedDataParallel(method) if wrapped else method
            optimisers = MethodOptimWrapperConstructor({key: ADAM for key in method.optimized()})(model)
            for step in range(3):
                torch.manual_seed(step)
                model.train_step({"images": images}, optimisers)
            drawn = method.sample(method.noise(2, torch.Generator().manual_seed(0)))
        finally:
            if wrapped:
                torch.distributed.destroy_process_group()
        ends.append({**method.state_dict(), "drawn": drawn})
    torch.testing.assert_close(ends[1], ends[0], rtol=0, atol=0)


@pytest.mark.slow
@every_method
def test_two_processes_end_with_equal_parameters_and_a_picture(toy_market, tmp_path, name):
    hook = {"type": "SampleGridHook", "rows": 1, "columns": 2}
    config = write_toy_gan(tmp_path, toy_market, name, hooks=[hook])
    script, work_dir = tmp_path / "train_two.py", tmp_path / "run"
    script.write_text(TRAIN)
    on_two_processes(script, config, work_dir)
    assert (work_dir / "digest-0").read_text() == (work_dir / "digest-1").read_text()
    assert (work_dir / "samples_epoch_2.png").is_file()
    first, second = (read_checkpoint(work_dir / f"epoch_{epoch}.pth")["state_dict"] for epoch in (1, 2))
    for network in ("g.", "d."):
        assert any(not torch.equal(first[key], value) for key, value in second.items() if key.startswith(network))
    alone = train(config, work_dir=tmp_path / "alone").model.state_dict()
    assert set(alone) == set(second)
