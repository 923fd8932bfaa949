"""Pictures of what a method draws during its training: the same noise in every epoch, and the run as without them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from toy_gan_runs import write_toy_gan
from toy_pictures import Watched

from reidzoo.apis.sample_grids import SampleGridHook
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint
from reidzoo.registry import HOOKS
from reidzoo.visualization import image_grid

HOOK = {"type": "SampleGridHook", "rows": 2, "columns": 3}


@pytest.fixture
def drawn(monkeypatch):
    """What the hook gives to the picture: path and rows, in place of the picture."""
    grids = []
    monkeypatch.setattr(
        image_grid, "draw_image_grid", lambda path, rows, **titles: grids.append((path, np.array(rows), titles))
    )
    return grids


@pytest.mark.slow
def test_a_run_with_pictures_is_the_run_without_and_a_resumed_one_draws_the_same(toy_market, tmp_path, drawn):
    train(write_toy_gan(tmp_path, toy_market, hooks=[HOOK]), work_dir=tmp_path / "with")
    train(write_toy_gan(tmp_path, toy_market), work_dir=tmp_path / "without")
    one, other = (read_checkpoint(tmp_path / run / "epoch_2.pth")["state_dict"] for run in ("with", "without"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    train(write_toy_gan(tmp_path, toy_market, epochs=1, hooks=[HOOK]), work_dir=tmp_path / "part")
    train(write_toy_gan(tmp_path, toy_market, hooks=[HOOK]), work_dir=tmp_path / "part", resume=True)
    assert [path.relative_to(tmp_path).as_posix() for path, _, _ in drawn] == [
        "with/samples_epoch_1.png", "with/samples_epoch_2.png",
        "part/samples_epoch_1.png", "part/samples_epoch_2.png",
    ]  # fmt: skip
    first, second, *again = (rows for _, rows, _ in drawn)
    assert first.shape == (2, 3, 32, 16, 3)
    assert not np.array_equal(first, second)
    assert np.array_equal(again, [first, second])
    assert drawn[1][2] == {"column_titles": (), "title": "epoch 2"}


class Dots(Watched):
    """Draws one pixel an image, the rank of its noise, and disturbs what it can."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def noise(self, count, rng):
        self.seen.append(torch.rand(count, generator=rng))
        return torch.arange(count)

    def sample(self, noise):
        self.train()
        torch.rand(1)
        return noise.byte().view(-1, 1, 1, 1).expand(-1, 3, 8, 4)


def runner_of(tmp_path, method, epoch, max_epochs=9):
    return SimpleNamespace(model=method, epoch=epoch, max_epochs=max_epochs, work_dir=str(tmp_path))


def test_rows_are_filled_one_after_the_other_and_nothing_is_disturbed(tmp_path):
    method, chance = Dots(), torch.get_rng_state()
    hook = SampleGridHook(rows=2, columns=3)
    for epoch in range(2):
        hook.after_train_epoch(runner_of(tmp_path, method, epoch))
        assert (tmp_path / f"samples_epoch_{epoch + 1}.png").is_file()
    assert torch.equal(*method.seen)
    rows = hook.rows_of(method, None)
    assert [[int(image[0, 0, 0]) for image in row] for row in rows] == [[0, 1, 2], [3, 4, 5]]
    assert torch.equal(torch.get_rng_state(), chance)
    assert method.training
    assert not method.held.training


def test_every_second_epoch_and_the_last(tmp_path, drawn):
    hook = HOOKS.build({**HOOK, "interval": 2})
    for epoch in range(5):
        hook.after_train_epoch(runner_of(tmp_path, Dots(), epoch, max_epochs=5))
    assert [path.name for path, _, _ in drawn] == [f"samples_epoch_{epoch}.png" for epoch in (2, 4, 5)]


@pytest.mark.parametrize("wrong", [{"interval": 0}, {"rows": 0}, {"columns": 0}])
def test_wrong_numbers(wrong):
    ((key, value),) = wrong.items()
    with pytest.raises(UserError, match=f"at least 1 row and 1 column, every 1 epoch or more, got .*{key}={value}"):
        HOOKS.build({"type": "SampleGridHook", **wrong})
