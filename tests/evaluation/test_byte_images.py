"""Masks on images, and masks that do not fit."""

import numpy as np
import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.evaluation import apply_masks, mask_ssim

IMAGES = torch.arange(2 * 3 * 8 * 8).reshape(2, 3, 8, 8).remainder(256).byte()
MASKS = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)


def test_the_person_stays_and_the_rest_turns_black():
    masks = MASKS.clone()
    masks[1, 0, 2:5, 3] = 255
    masked = apply_masks(IMAGES, masks)
    assert masked.dtype == torch.uint8
    assert torch.equal(masked[1, :, 2:5, 3], IMAGES[1, :, 2:5, 3])
    assert masked.count_nonzero() == IMAGES[1, :, 2:5, 3].count_nonzero()


def test_every_byte_under_every_weight_is_rounded():
    levels = torch.arange(256, dtype=torch.uint8)
    images = levels[:, None].expand(256, 256).expand(1, 3, 256, 256)
    masks = levels[None, :].expand(256, 256)[None, None].clone()
    expected = np.rint(np.outer(np.arange(256.0), np.arange(256)) / 255)
    np.testing.assert_array_equal(apply_masks(images, masks)[0, 2].numpy(), expected)


@pytest.mark.parametrize(
    ("masks", "says"),
    [
        (MASKS.bool(), r"uint8 tensor of 0 and 255, got \(2, 1, 8, 8\) torch.bool"),
        (MASKS[:, 0], r"got \(2, 8, 8\) torch.uint8"),
        (MASKS.expand(2, 3, 8, 8), r"got \(2, 3, 8, 8\)"),
        (None, "got NoneType"),
        (MASKS[:1], "got 2 images and 1 masks"),
        (torch.zeros(2, 1, 8, 4, dtype=torch.uint8), "masks of 8 x 4 and images of 8 x 8"),
        (torch.ones_like(MASKS), "masks of 0 and 1: multiply"),
    ],
)
@pytest.mark.parametrize("call", [apply_masks, lambda images, masks: mask_ssim(images, images, masks)])
def test_refuses_masks(call, masks, says):
    with pytest.raises(UserError, match=says):
        call(IMAGES, masks)


def test_refuses_images_that_are_no_bytes():
    with pytest.raises(UserError, match="uint8 RGB tensor, got"):
        apply_masks(IMAGES.float(), MASKS)
