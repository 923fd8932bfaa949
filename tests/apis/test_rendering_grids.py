"""Pictures of persons in many contexts during a training, and what the log says of their masks."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from toy_market import write_toy_market
from toy_pictures import Watched

from reidzoo.apis.configs import complete_for_training, read_config
from reidzoo.apis.rendering_grids import rendered_rows
from reidzoo.base.errors import UserError
from reidzoo.data.datasets import UnpairedImages
from reidzoo.registry import HOOKS
from reidzoo.visualization import image_grid

CONFIG = "configs/cr_gan/cr-gan_unet_synthped-day2dusk.py"


class Numbered(torch.utils.data.Dataset):
    """Persons whose bytes are their item's number before contexts whose bytes are 100 more; masks are the left half."""

    def __len__(self):
        return 11

    def __getitem__(self, draw):
        image, mask = torch.full((3, 8, 4), draw.index, dtype=torch.uint8), torch.zeros(1, 8, 4, dtype=torch.uint8)
        mask[..., :2] = 255
        return {
            "source_images": image,
            "source_masks": mask,
            "target_images": image + 100,
            "target_masks": mask.flip(2),
        }


class CutAndPaste(Watched):
    """Pastes the person into the context, and disturbs what it can."""

    def render(self, source_images, source_masks, target_images, target_masks):
        assert source_images.shape == target_images.shape
        assert torch.equal(source_masks, target_masks.flip(3))
        self.train()
        torch.rand(1)
        return torch.where(source_masks == 255, source_images, target_images)


def runner_of(tmp_path, dataset=None):
    loader = SimpleNamespace(dataset=dataset or Numbered())
    return SimpleNamespace(
        model=CutAndPaste(), epoch=0, max_epochs=9, work_dir=str(tmp_path), train_dataloader=loader,
        logger=logging.getLogger("test_rendering_grids"),
    )  # fmt: skip


def test_each_person_stands_in_each_context(tmp_path, monkeypatch):
    grids = []
    monkeypatch.setattr(image_grid, "draw_image_grid", lambda path, rows, **titles: grids.append((path, rows)))
    hook = HOOKS.build({"type": "RenderingGridHook", "rows": 2, "columns": 3})
    runner, chance = runner_of(tmp_path), torch.get_rng_state()
    hook.after_train_epoch(runner)
    ((path, (contexts, *persons)),) = grids
    assert path == tmp_path / "rendered_epoch_1.png"
    # five items spread over eleven: 0, 2 (persons), 5, 8, 10 (contexts)
    assert [int(image.max()) for image in contexts] == [255, 105, 108, 110]
    assert [int(row[0].max()) for row in persons] == [0, 2]
    for row in persons:
        for column, image in enumerate(row[1:], start=1):
            assert (image[:, :2] == row[0][0, 0]).all()
            assert (image[:, 2:] == contexts[column][0, 0]).all()
    assert torch.equal(torch.get_rng_state(), chance)
    assert runner.model.training
    assert not runner.model.held.training


def test_the_picture_is_written_and_small_sets_show_items_twice(tmp_path):
    hook = HOOKS.build({"type": "RenderingGridHook", "rows": 9, "columns": 9})
    hook.after_train_epoch(runner_of(tmp_path))
    assert (tmp_path / "rendered_epoch_1.png").is_file()
    rows = hook.rows_of(CutAndPaste(), runner_of(tmp_path))
    assert {len(row) for row in rows} == {1 + 9}
    assert len(rows) == 1 + 9


def test_rows_are_arrays_of_bytes():
    items = [Numbered()[SimpleNamespace(index=index)] for index in (1, 2)]
    images, masks, contexts, others = (torch.stack([item[key] for item in items]) for key in items[0])
    rows = rendered_rows(CutAndPaste(), images[:1], masks[:1], contexts, others)
    assert [image.shape for row in rows for image in row] == [(8, 4, 3)] * 6
    assert {image.dtype for row in rows for image in row} == {np.dtype(np.uint8)}


def test_the_log_says_where_masks_are_from(tmp_path, caplog):
    root = str(write_toy_market(tmp_path / "market", train_pids=2))
    source = {"type": "Market1501", "root": root, "transforms": [{"type": "LoadMask"}, {"type": "RandomFlip"}]}
    target = {"type": "Market1501", "root": root, "transforms": [{"type": "EllipseMask", "width": 0.5}]}
    runner = runner_of(tmp_path, UnpairedImages(source, target))
    with caplog.at_level(logging.INFO):
        HOOKS.build({"type": "RenderingGridHook"}).before_train(runner)
    assert [record.getMessage() for record in caplog.records if "masks" in record.getMessage()] == [
        "masks of the source's persons: files in 'masks'",
        "masks of the target's persons: an ellipse of 0.95 of the image's height and 0.5 of its width",
    ]


@pytest.mark.parametrize("wrong", [{"interval": 0}, {"rows": 0}, {"columns": 0}])
def test_wrong_numbers(wrong):
    ((key, value),) = wrong.items()
    with pytest.raises(UserError, match=f"RenderingGridHook draws at least 1 .*{key}={value}"):
        HOOKS.build({"type": "RenderingGridHook", **wrong})


# --- what a config of CR-GAN is told of its data


def two_markets(tmp_path, **target):
    roots = [str(write_toy_market(tmp_path / name, train_pids=pids)) for name, pids in (("one", 3), ("other", 2))]
    cfg = read_config(CONFIG)
    cfg.train_dataloader.dataset.source = {"type": "Market1501", "root": roots[0]}
    cfg.train_dataloader.dataset.target = {"type": "Market1501", "root": roots[1], **target}
    return cfg


def test_persons_and_cameras_are_counted_in_the_data(tmp_path):
    cfg = two_markets(tmp_path)
    complete_for_training(cfg)
    assert (cfg.model.num_pids, cfg.model.num_target_cams) == (3, 2)


def test_a_target_without_camera_ids_is_refused(tmp_path):
    cfg = two_markets(tmp_path)
    person = tmp_path / "own" / "train" / "anna"
    person.mkdir(parents=True)
    next((tmp_path / "other" / "bounding_box_train").glob("*.jpg")).rename(person / "1.jpg")
    cfg.train_dataloader.dataset.target = {"type": "ImageFolder", "root": str(tmp_path / "own")}
    with pytest.raises(UserError, match="CRGAN learns the target's cameras, and UnpairedImages has none: train on"):
        complete_for_training(cfg)
    cfg.model.update(camera_weight=0.0, num_target_cams=None)
    complete_for_training(cfg)


def test_a_source_that_is_the_target_is_refused(tmp_path):
    cfg = two_markets(tmp_path)
    cfg.train_dataloader.dataset.target = cfg.train_dataloader.dataset.source
    with pytest.raises(UserError, match="a source and a target without common images, got 12 that are in both"):
        complete_for_training(cfg)
