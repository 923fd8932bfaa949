"""PTGAN's foreground term: both norms against a slow twin, the mask's place, batches without masks."""

import pytest
import torch
from toy_gans import batch, build, normalised, optimisers

from reidzoo.base.errors import UserError


def slow_change(norm, fake, image, mask):
    """Pixel by pixel in float64: mean over images of the mean squared change under the mask, or of its root."""
    images = []
    for b in range(len(image)):
        total = 0.0
        for y in range(image.shape[2]):
            for x in range(image.shape[3]):
                if mask[b, 0, y, x]:
                    total += sum((fake[b, c, y, x].item() - image[b, c, y, x].item()) ** 2 for c in range(3))
        mean = total / image[b].numel()
        images.append(mean if norm == "squared" else mean**0.5)
    return sum(images) / len(images)


@pytest.mark.parametrize("norm", ["squared", "l2"])
def test_the_foreground_term_is_that_of_the_formula(norm):
    method = build("PTGAN", foreground_weight=4.0, foreground_norm=norm).double()
    data, shown = normalised(method), batch()
    drawn = method.draw(data, with_same=False)
    ours = method.generator_losses(data, drawn)["loss_foreground"].item()
    pairs = (drawn.fake_t, "source"), (drawn.fake_s, "target")
    twin = sum(
        slow_change(norm, fake.detach(), (shown[f"{side}_images"].double() - 127.5) / 127.5, shown[f"{side}_masks"])
        for fake, side in pairs
    )
    assert ours == pytest.approx(4 * twin, rel=1e-10)


@pytest.mark.parametrize("norm", ["squared", "l2"])
def test_only_changes_under_the_mask_count(norm):
    method = build("PTGAN", foreground_norm=norm)
    image, mask = torch.zeros(2, 3, 8, 4), torch.zeros(2, 1, 8, 4)
    mask[:, :, 2:4] = 1
    fake = (1 - mask).repeat(1, 3, 1, 1).requires_grad_()  # everything but the person changed
    change = method.foreground_change(fake, image, mask)
    change.backward()
    assert change == 0
    assert (fake.grad == 0).all()  # and no root of 0 made it NaN
    moved = mask.roll(1, dims=2)  # one row down: a quarter of all rows masked, half of them changed by 1
    squared = 1 / 8
    expected = squared if norm == "squared" else squared**0.5
    assert method.foreground_change(fake, image, moved).item() == pytest.approx(expected)


def test_the_foreground_term_stands_in_the_place_of_the_identity_mapping():
    method = build("PTGAN").train()
    losses = method.train_step(batch(), optimisers(method))
    assert set(losses) == {"loss_g_st", "loss_g_ts", "loss_cycle", "loss_foreground", "loss_d_s", "loss_d_t"}


@pytest.mark.parametrize("missing", ["source_masks", "target_masks"])
def test_batches_without_masks(missing):
    method = build("PTGAN")
    data = batch()
    del data[missing]
    with pytest.raises(UserError, match=r"PTGAN needs masks .* got none of the (source|target): .* a LoadMask"):
        method.train_step(data, optimisers(method))


def test_another_norm():
    with pytest.raises(UserError, match="PTGAN knows foreground_norm squared and l2, got 'l1'"):
        build("PTGAN", foreground_norm="l1")
