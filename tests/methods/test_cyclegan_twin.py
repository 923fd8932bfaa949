"""The method's step, with its joined passes and its memory order, computes what the published loop computes."""

import pytest
import torch
from toy_benchmarks import measured
from toy_gans import spread

from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.methods.cyclegan import CycleGAN

LR, STEPS = 2e-4, 20


@pytest.fixture
def twin_type(monkeypatch, request):
    monkeypatch.syspath_prepend(request.config.rootpath / "benchmarks")
    from cyclegan_twin import CycleGANTwin

    return CycleGANTwin


def adam():
    optimizer = {"type": "Adam", "lr": LR, "betas": (0.5, 0.999), "fused": True}
    return {"type": "AutocastOptimWrapper", "optimizer": optimizer}


@pytest.mark.parametrize(("batch", "pool_size"), [(1, 3), (2, 5)])
def test_equals_the_published_loop_over_twenty_steps(twin_type, batch, pool_size):
    """float64, weights with a spread at which every layer matters, a pool that is full after a few steps."""
    torch.manual_seed(0)
    method = CycleGAN(
        {"type": "ResNetGenerator", "width": 4, "blocks": 1},
        {"type": "PatchDiscriminator", "width": 4, "layers": 1},
        pool_size=pool_size,
    ).double()
    spread(method)
    twin = twin_type(width=4, blocks=1, layers=1, lr=LR, pool_size=pool_size).double()
    twin.start_from(method)
    start = [parameter.clone() for parameter in method.parameters()]
    optimisers = MethodOptimWrapperConstructor({"generators": adam(), "discriminators": adam()})(method)
    for step in range(STEPS):
        source, target = torch.randint(0, 256, (2, batch, 3, 16, 8), dtype=torch.uint8)
        torch.manual_seed(step)
        method.train_step({"source_images": source, "target_images": target}, optimisers)
        torch.manual_seed(step)
        twin.step(*((images.double() - 127.5) / 127.5 for images in (source, target)))
    for (name, ours), theirs in zip(method.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-8, msg=lambda text, name=name: f"{name}: {text}")
    moved = [(end - begin).abs().max() for begin, end in zip(start, method.parameters(), strict=True)]
    assert sorted(moved)[len(moved) // 2] > 10 * LR  # nor did they agree by standing still
    assert len(twin.pool_s.images) == pool_size


@pytest.mark.slow
def test_the_benchmark_of_both_runs_and_tells_what_it_measured(tmp_path):
    figures, printed = measured("cyclegan_step.py", "--profile", "--precision", "fp32", folder=tmp_path)
    assert (figures["width"], figures["precision"], len(figures["ratios"])) == (4, "fp32", 2)
    assert "generators backward" in printed
    assert "aten::" in printed
