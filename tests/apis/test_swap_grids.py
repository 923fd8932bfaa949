"""Pictures of swapped appearances during training: which images, in which places, and the run left as it was."""

from types import SimpleNamespace

import cv2
import pytest
import torch
from toy_pictures import Watched

from reidzoo.apis.swap_grids import swap_all
from reidzoo.base.errors import UserError
from reidzoo.registry import HOOKS
from reidzoo.visualization import image_grid


class Numbered(torch.utils.data.Dataset):
    """Images of 8 x 4 whose bytes are their item's number."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, draw):
        return {"images": torch.full((3, 8, 4), draw.index, dtype=torch.uint8)}


class Adding(Watched):
    """Draws ten times the appearance plus the structure, and disturbs what it can."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def swap(self, appearance, structure):
        self.train()
        torch.rand(1)
        self.batches.append(len(appearance))
        return 10 * appearance + structure


def runner_of(tmp_path, count):
    loader = SimpleNamespace(dataset=Numbered(count))
    return SimpleNamespace(model=Adding(), epoch=0, max_epochs=1, work_dir=str(tmp_path), train_dataloader=loader)


@pytest.mark.parametrize(
    ("count", "rows", "owners", "poses"),
    [(9, 2, [0, 5], [3, 8]), (3, 6, [0, 2], [1]), (1, 6, [0], [0])],
    ids=["spread", "few items", "one item"],
)
def test_each_appearance_is_drawn_in_each_structure(tmp_path, monkeypatch, count, rows, owners, poses):
    grids, runner, chance = [], runner_of(tmp_path, count), torch.get_rng_state()
    monkeypatch.setattr(image_grid, "draw_image_grid", lambda path, rows, **titles: grids.append((path.name, rows)))
    HOOKS.build({"type": "SwapGridHook", "rows": rows}).after_train_epoch(runner)
    ((name, shown),) = grids
    assert name == "swapped_epoch_1.png"
    values = [[int(image[0, 0, 0]) for image in row] for row in shown]
    assert values == [[255, *poses], *([owner, *(10 * owner + pose for pose in poses)] for owner in owners)]
    assert all(image.shape == (8, 4, 3) for row in shown for image in row)
    assert torch.equal(torch.get_rng_state(), chance)
    assert (runner.model.training, runner.model.held.training) == (True, False)


def test_the_picture_is_written(tmp_path):
    HOOKS.build({"type": "SwapGridHook"}).after_train_epoch(runner_of(tmp_path, 4))
    assert cv2.imread(str(tmp_path / "swapped_epoch_1.png")).shape[2] == 3


def test_batches_have_the_asked_size():
    method, images = Adding(), torch.zeros(3, 3, 8, 4, dtype=torch.uint8)
    assert swap_all(method, images, images[:2], batch_size=4).shape == (3, 2, 8, 4, 3)
    assert method.batches == [4, 2]


@pytest.mark.parametrize("wrong", [{"interval": 0}, {"rows": 0}])
def test_wrong_numbers(wrong):
    ((key, value),) = wrong.items()
    with pytest.raises(
        UserError, match=f"SwapGridHook draws at least 1 row, every 1 epoch or more, got .*{key}={value}"
    ):
        HOOKS.build({"type": "SwapGridHook", **wrong})
