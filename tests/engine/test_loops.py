"""The seed of a step follows from seed, process and step, and from nothing else; flipping doubles the view at test."""

import pytest
import torch

from reidzoo.apis.configs import parse_options, read_config
from reidzoo.apis.running import build_runner
from reidzoo.engine.loops import step_seed


def test_step_seeds_are_distinct_and_repeatable():
    seeds = [step_seed(seed, rank, step) for seed in range(3) for rank in range(3) for step in range(50)]
    assert len(set(seeds)) == len(seeds)
    assert seeds[0] == step_seed(0, 0, 0)
    assert all(0 <= seed < 2**63 for seed in seeds)


HEADS = {"linear": {"type": "LinearHead", "hidden": 16, "test_feature": "hidden"}, "bnneck": {"type": "BNNeckHead"}}


def flip_runner(config, tmp_path):
    """A runner that only tests, its loop switched from the command line."""
    cfg = read_config(config, parse_options(["test_cfg.type=FlipTestLoop", "model.num_pids=6"]))
    for key in ("train_dataloader", "train_cfg", "optim_wrapper"):
        cfg.pop(key)
    cfg.work_dir = str(tmp_path / "run")
    return build_runner(cfg)


@pytest.mark.parametrize("head", HEADS)
def test_flip_adds_the_features_of_the_mirror_images(toy_config, tmp_path, head):
    runner = flip_runner(toy_config(**{"model.head": {"_delete_": True, **HEADS[head]}}), tmp_path)
    metrics = runner.test()
    assert metrics["num_queries"] == 6
    found = torch.from_numpy(runner.test_evaluator.metrics[0].last_features)

    images = torch.stack([torch.as_tensor(sample["images"]) for sample in runner.test_dataloader.dataset])
    mean, std = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
    normalised = (images.float() - mean[:, None, None]) / std[:, None, None]
    with torch.no_grad():
        here, there = (runner.model.embed(view) for view in (normalised, normalised[..., list(range(15, -1, -1))]))
    by_hand = torch.nn.functional.normalize(here + there)
    torch.testing.assert_close(found, by_hand, atol=1e-5, rtol=1e-4)
    assert (torch.nn.functional.normalize(here) - by_hand).abs().max() > 1e-4  # a flip matters here


def test_flipping_leaves_the_batch_of_the_evaluator_alone(toy_config, tmp_path):
    runner = flip_runner(toy_config(), tmp_path)
    seen = []
    process = runner.test_evaluator.process
    runner.test_loop.evaluator.process = lambda **given: seen.append(given["data_batch"]) or process(**given)
    runner.test()
    dataset = runner.test_dataloader.dataset
    for batch in seen:
        for image, index in zip(batch["images"], batch["indices"], strict=True):
            assert torch.equal(image, torch.as_tensor(dataset[int(index)]["images"]))
