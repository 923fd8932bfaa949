"""Batch norms that see the target before the test: their statistics are those of its images, all else stays."""

import copy

import pytest
import torch
from torch import nn

import reidzoo.engine.adaptation
from reidzoo.apis.configs import read_config
from reidzoo.apis.running import build_runner
from reidzoo.apis.stages import require_alike
from reidzoo.base.errors import UserError
from reidzoo.engine.adaptation import adapt_batch_norms


def loader(root, **changes):
    return {
        "batch_size": 6,
        "num_workers": 0,
        "collate_fn": {"type": "default_collate"},
        "sampler": {"type": "DefaultSampler", "shuffle": False},
        "dataset": {"type": "Market1501", "root": str(root), "split": "train"},
        **changes,
    }


def adapted_runner(config, tmp_path, adaptation):
    options = {"test_cfg": {"type": "AdaptedTestLoop", "adaptation_dataloader": adaptation}, "model.num_pids": 6}
    cfg = read_config(config, options)
    for key in ("train_dataloader", "train_cfg", "optim_wrapper"):
        cfg.pop(key)
    cfg.work_dir = str(tmp_path / "run")
    return build_runner(cfg)


class Toy(nn.Module):
    """Two norms in a row, the second of which sees what the first makes of a batch; a third is passed by."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.unused = nn.BatchNorm2d(3), nn.BatchNorm2d(3, momentum=0.3), nn.BatchNorm1d(3)
        self.drop = nn.Dropout(0.5)
        nn.init.uniform_(self.first.weight)

    def forward(self, batch):
        return self.second(self.drop(self.first(batch["images"]).relu()))


def test_statistics_are_the_averages_over_images_of_what_each_batch_shows():
    torch.manual_seed(0)
    model = Toy().double().eval()
    batches = [{"images": torch.randn(size, 3, 4, 2).double() * size + 1} for size in (6, 6, 2)]
    before = copy.deepcopy(model.state_dict())
    assert adapt_batch_norms(model, batches, model) == (3, 14)

    inputs = [batch["images"] for batch in batches]
    for norm in (model.first, model.second):
        for statistic, found in ((torch.mean, norm.running_mean), (torch.var, norm.running_var)):
            by_hand = sum(len(x) * statistic(x, dim=(0, 2, 3)) for x in inputs) / 14
            torch.testing.assert_close(found, by_hand)
        scale, shift = (value[:, None, None] for value in (norm.weight, norm.bias))
        centred = [x - x.mean(dim=(0, 2, 3), keepdim=True) for x in inputs]
        deviations = [(x.square().mean(dim=(0, 2, 3), keepdim=True) + norm.eps).sqrt() for x in centred]
        inputs = [(x / deviation * scale + shift).relu() for x, deviation in zip(centred, deviations, strict=True)]

    for name, value in model.state_dict().items():
        if not name.startswith(("first.running", "second.running", "first.num", "second.num")):
            assert torch.equal(value, before[name]), name
    assert [norm.momentum for norm in (model.first, model.second)] == [0.1, 0.3]
    assert not any(module.training for module in model.modules())


def test_processes_share_what_each_has_seen(monkeypatch):
    """A stand-in for the other process: the mean over both comes back."""
    monkeypatch.setattr(
        reidzoo.engine.adaptation, "all_reduce", lambda value, how: value.mul_(0.5 if how == "mean" else 2)
    )
    model = Toy().eval()
    images = torch.randn(8, 3, 4, 2)
    adapt_batch_norms(model, [{"images": images}], model)
    torch.testing.assert_close(model.first.running_mean, images.mean(dim=(0, 2, 3)) / 2)


def test_what_cannot_be_adapted_is_refused():
    with pytest.raises(UserError, match="statistics of batch norms, and Sequential has none"):
        adapt_batch_norms(nn.Sequential(nn.Conv2d(3, 3, 1), nn.InstanceNorm2d(3)), [], print)
    model = Toy().eval()
    with pytest.raises(UserError, match=r"a batch of a single image, .* drop_last=True"):
        adapt_batch_norms(model, [{"images": torch.randn(1, 3, 4, 2)}], model)


def test_the_loop_adapts_a_method_and_tests_it(toy_config, toy_market, tmp_path):
    runner = adapted_runner(toy_config(), tmp_path, loader(toy_market))
    plain = copy.deepcopy(runner.model)
    metrics = runner.test()
    assert metrics["num_queries"] == 6

    weights = dict(plain.named_parameters())
    assert all(torch.equal(value, weights[name]) for name, value in runner.model.named_parameters())
    adapt_batch_norms(plain.eval(), runner.test_loop.adaptation_dataloader, plain.test_step)
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(runner.model.state_dict()[name], value)
    features = torch.cat([plain.test_step(batch) for batch in runner.test_dataloader])
    found = torch.from_numpy(runner.test_evaluator.metrics[0].last_features)
    torch.testing.assert_close(found, nn.functional.normalize(features.detach()), atol=1e-5, rtol=1e-4)


def test_test_images_are_for_the_test(toy_config, toy_market, tmp_path):
    dataset = {"type": "Market1501", "root": str(toy_market), "split": "test"}
    runner = adapted_runner(toy_config(), tmp_path, loader(toy_market, dataset=dataset))
    with pytest.raises(UserError, match="has split='test': write split='train'"):
        runner.test()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batchsize": 3}, "test_cfg.adaptation_dataloader has no key 'batchsize', did you mean 'batch_size'"),
        ({"batch_size": 0}, "test_cfg.adaptation_dataloader.batch_size is a whole number of at least 1, got 0"),
        ({"sampler": {"type": "Market1501"}}, "'Market1501' .* does not belong here, expected one of shelf samplers"),
        ({"dataset": {"type": "Market1502"}}, "no 'Market1502' on shelf datasets"),
        ({"dataset": {"type": "Market1501", "rot": "x"}}, "Market1501 has no argument 'rot'"),
    ],
)
def test_the_config_check_reads_the_loader_inside(toy_config, toy_market, tmp_path, changes, said):
    with pytest.raises(UserError, match=said):
        adapted_runner(toy_config(), tmp_path, loader(toy_market, **changes))


def test_the_loop_needs_its_loader(toy_config, tmp_path):
    runner = adapted_runner(toy_config(), tmp_path, None)
    with pytest.raises(UserError, match="test_cfg has no adaptation_dataloader: give it one"):
        runner.test()
    with pytest.raises(UserError, match="takes dict or None as 'adaptation_dataloader', got the text 'market'"):
        adapted_runner(toy_config(), tmp_path, "market")


def test_the_adapted_config_tests_models_of_the_direct_transfer():
    folder = "configs/ide"
    for trained in ("synthped-day", "synthped-day2dusk"):
        require_alike(
            f"{folder}/ide-map_osnet-x0-25_{trained}.py", f"{folder}/ide-map-adabn_osnet-x0-25_synthped-day2dusk.py"
        )
