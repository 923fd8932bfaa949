"""Pictures of a translation during its training: same rows in every epoch, and the run as it would be without."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from toy_pictures import Watched

from reidzoo.apis import translation_grids
from reidzoo.apis.training import train
from reidzoo.apis.translation_grids import TranslationGridHook
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint
from reidzoo.registry import HOOKS
from reidzoo.visualization import image_grid

ADAM = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 1e-3}}
HOOK = {"type": "TranslationGridHook", "rows": 3}


@pytest.fixture
def gan_config(toy_market, tmp_path):
    """Path of a config that trains a tiny CycleGAN between the toy images and themselves for two epochs."""

    def write(hooks, **changes):
        side = {"type": "Market1501", "root": str(toy_market), "transforms": [{"type": "RandomFlip"}]}
        generator = {"type": "ResNetGenerator", "width": 4, "blocks": 1, "dropout": 0.5}
        cfg = Config(
            {
                "default_scope": "reidzoo",
                "randomness": {"seed": 3},
                "log_level": "ERROR",
                "model": {
                    "type": "CycleGAN",
                    "stochastic": True,
                    "generator": generator,
                    "discriminator": {"type": "PatchDiscriminator", "width": 4, "layers": 1},
                },
                "train_dataloader": {
                    "batch_size": 12,
                    "num_workers": 0,
                    "collate_fn": {"type": "default_collate"},
                    "sampler": {"type": "ShuffleSampler"},
                    "dataset": {"type": "UnpairedImages", "source": side, "target": side},
                },
                "train_cfg": {"type": "SeededEpochLoop", "max_epochs": 2},
                "optim_wrapper": {
                    "constructor": "MethodOptimWrapperConstructor",
                    "generators": ADAM,
                    "discriminators": ADAM,
                },
                "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
                "custom_hooks": hooks,
            }
        )
        cfg.merge_from_dict(changes)
        cfg.dump(str(tmp_path / "gan.py"))
        return tmp_path / "gan.py"

    return write


@pytest.fixture
def drawn(monkeypatch):
    """What the hook gives to the picture, a list of grids."""
    grids = []
    rows = translation_grids.translated_rows

    def kept(*arguments):
        grids.append(rows(*arguments))
        return grids[-1]

    monkeypatch.setattr(translation_grids, "translated_rows", kept)
    return grids


@pytest.mark.slow
def test_a_run_with_pictures_is_the_run_without(gan_config, tmp_path, drawn):
    train(gan_config([HOOK]), work_dir=tmp_path / "with")
    train(gan_config([]), work_dir=tmp_path / "without")
    one, other = (read_checkpoint(tmp_path / run / "epoch_2.pth")["state_dict"] for run in ("with", "without"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    for epoch in (1, 2):
        assert cv2.imread(str(tmp_path / "with" / f"translated_epoch_{epoch}.png")).shape[2] == 3
    first, second = (np.array(grid) for grid in drawn)
    assert first.shape == (3, 6, 32, 16, 3)
    for column, changes in enumerate((False, True, True, False, True, True)):
        assert np.array_equal(first[:, column], second[:, column]) != changes


@pytest.mark.slow
def test_a_resumed_run_draws_the_rows_of_the_whole_one(gan_config, tmp_path, drawn):
    train(gan_config([HOOK]), work_dir=tmp_path / "whole")
    train(gan_config([HOOK], **{"train_cfg.max_epochs": 1}), work_dir=tmp_path / "parts")
    train(gan_config([HOOK]), work_dir=tmp_path / "parts", resume=True)
    whole, last = drawn[1], drawn[-1]
    assert np.array_equal(whole, last)


class Shifter(Watched):
    """Adds what it draws, and says in which mode it was left."""

    def translate(self, images, direction):
        self.eval()
        torch.rand(1)
        return images + (1 if direction == "s2t" else 2)

    def reconstruct(self, images, direction):
        return self.translate(images, direction) + 10


def runner_of(tmp_path, epoch, max_epochs=9):
    images = [torch.full((3, 8, 4), index, dtype=torch.uint8) for index in range(5)]

    class Items:
        def __len__(self):
            return len(images)

        def __getitem__(self, draw):
            return {"source_images": images[draw.index], "target_images": images[draw.index] + 100}

    return SimpleNamespace(
        model=Shifter().train(),
        train_dataloader=SimpleNamespace(dataset=Items()),
        epoch=epoch,
        max_epochs=max_epochs,
        work_dir=str(tmp_path),
    )


def test_each_column_is_what_it_is_called(tmp_path, drawn):
    runner = runner_of(tmp_path, epoch=0)
    modes = [module.training for module in runner.model.modules()]
    runner.model.held.eval()
    state = torch.get_rng_state()
    TranslationGridHook(rows=3).after_train_epoch(runner)
    values = [[int(image[0, 0, 0]) for image in row] for row in drawn[0]]
    assert values == [[index, index + 1, index + 11, index + 100, index + 102, index + 112] for index in (0, 2, 4)]
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in runner.model.modules()] == [*modes[:-1], False]
    assert (tmp_path / "translated_epoch_1.png").is_file()


def test_more_rows_than_items_and_every_second_epoch(tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(image_grid, "draw_image_grid", lambda path, *contents, **titles: path.touch())
    hook = TranslationGridHook(interval=2, rows=50)
    for epoch in range(5):
        hook.after_train_epoch(runner_of(tmp_path, epoch, max_epochs=5))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"translated_epoch_{epoch}.png" for epoch in (2, 4, 5)]  # the last one, too
    assert len(drawn[0]) == 5


@pytest.mark.parametrize("wrong", [{"interval": 0}, {"rows": 0}])
def test_wrong_numbers(wrong):
    with pytest.raises(UserError, match="at least 1 row, every 1 epoch or more"):
        HOOKS.build({"type": "TranslationGridHook", **wrong})
