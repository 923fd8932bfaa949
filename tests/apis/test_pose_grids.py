"""Pictures of what a method draws in other poses during its training: the same items in every epoch."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from golden_poses import golden_points
from toy_pictures import Watched

from reidzoo.apis.pose_grids import COLUMNS
from reidzoo.base.errors import UserError
from reidzoo.registry import HOOKS
from reidzoo.visualization import image_grid


class Numbered(torch.utils.data.Dataset):
    """Images of 16 x 8 whose bytes are their item's number; targets are 100 more."""

    def __len__(self):
        return 9

    def __getitem__(self, draw):
        image = torch.full((3, 16, 8), draw.index, dtype=torch.uint8)
        source, target = golden_points() / 8
        return {
            "source_images": image,
            "target_images": image + 100,
            "source_points": source,
            "target_points": target,
        }


class Brighter(Watched):
    """Adds 50 to its images, and disturbs what it can."""

    def repose(self, images, source_points, target_points):
        assert source_points.shape == target_points.shape == (len(images), 18, 2)
        assert not torch.equal(source_points, target_points)
        self.train()
        torch.rand(1)
        return images + 50


def runner_of(tmp_path, epoch=0, max_epochs=9):
    loader = SimpleNamespace(dataset=Numbered())
    return SimpleNamespace(
        model=Brighter(), epoch=epoch, max_epochs=max_epochs, work_dir=str(tmp_path), train_dataloader=loader
    )


def test_rows_are_spread_over_the_training_set_and_nothing_is_disturbed(tmp_path, monkeypatch):
    grids = []
    monkeypatch.setattr(image_grid, "draw_image_grid", lambda path, rows, **titles: grids.append((path, rows, titles)))
    hook, runner, chance = HOOKS.build({"type": "PoseGridHook", "rows": 3}), runner_of(tmp_path), torch.get_rng_state()
    hook.after_train_epoch(runner)
    ((path, rows, titles),) = grids
    assert path == tmp_path / "posed_epoch_1.png"
    assert titles == {"column_titles": COLUMNS, "title": "epoch 1"}
    for row, number in zip(rows, (0, 4, 8), strict=True):
        source, pose, target, drawn = row
        assert source.shape == target.shape == drawn.shape == (16, 8, 3)
        assert pose.shape == (64, 32, 3)
        assert [int(np.unique(image).item()) for image in (source, target, drawn)] == [
            number,
            number + 100,
            number + 50,
        ]
        assert (pose < 255).any()
    assert torch.equal(torch.get_rng_state(), chance)
    assert runner.model.training
    assert not runner.model.held.training


def test_the_picture_is_written_and_small_sets_have_fewer_rows(tmp_path):
    HOOKS.build({"type": "PoseGridHook", "rows": 40}).after_train_epoch(runner_of(tmp_path))
    assert (tmp_path / "posed_epoch_1.png").is_file()
    assert len(HOOKS.build({"type": "PoseGridHook", "rows": 40}).rows_of(Brighter(), runner_of(tmp_path))) == 9


def test_every_second_epoch_and_the_last(tmp_path):
    hook = HOOKS.build({"type": "PoseGridHook", "interval": 2, "rows": 1})
    for epoch in range(3):
        hook.after_train_epoch(runner_of(tmp_path, epoch, max_epochs=3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["posed_epoch_2.png", "posed_epoch_3.png"]


@pytest.mark.parametrize("wrong", [{"interval": 0}, {"rows": 0}])
def test_wrong_numbers(wrong):
    ((key, value),) = wrong.items()
    with pytest.raises(
        UserError, match=f"PoseGridHook draws at least 1 row, every 1 epoch or more, got .*{key}={value}"
    ):
        HOOKS.build({"type": "PoseGridHook", **wrong})
