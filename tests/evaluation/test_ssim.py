"""SSIM in both presets against scikit-image, torchmetrics and hand-worked cases; masks; what is refused."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from reidzoo.base.errors import UserError
from reidzoo.evaluation import mask_ssim, ssim
from reidzoo.evaluation.ssim import SSIM_PRESETS


def pictures(count=3, size=(32, 16), seed=0, low=0, high=256):
    """Smooth in places and noisy in others, so that means and variances both matter."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(low, high, size=(count, 3, -(-size[0] // 4), -(-size[1] // 4)))
    images = np.kron(coarse, np.ones((4, 4)))[..., : size[0], : size[1]]
    noisy = images + rng.normal(0, 12, images.shape) * (rng.random(images.shape) < 0.3)
    return torch.from_numpy(noisy.clip(low, high - 1).round().astype(np.uint8))


def scikit(first, second, preset):
    """One pair after the other, as the released scripts call it."""
    values = []
    for real, fake in zip(first, second, strict=True):
        options = {"data_range": 255}
        if preset == "deform":
            spread = float(fake.max()) - float(fake.min())
            options = {"data_range": spread, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        real, fake = (image.permute(1, 2, 0).numpy() for image in (real, fake))
        values.append(structural_similarity(real, fake, channel_axis=2, **options))
    return np.array(values)


@pytest.mark.parametrize("preset", SSIM_PRESETS)
@pytest.mark.parametrize("size", [(128, 64), (33, 18), (11, 40), (11, 11)])
def test_equals_scikit_image(preset, size):
    real, fake = pictures(size=size), pictures(size=size, seed=1, low=30, high=190)
    fake[0] = (real[0].int() + fake[0]).div(2, rounding_mode="floor").byte()  # one pair that is alike
    found = ssim(real, fake, preset)
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), scikit(real, fake, preset), rtol=0, atol=1e-12)


def test_pg2_takes_the_smallest_images_its_window_fits_in():
    real, fake = pictures(size=(7, 7)), pictures(size=(7, 7), seed=1)
    np.testing.assert_allclose(ssim(real, fake, "pg2").numpy(), scikit(real, fake, "pg2"), rtol=0, atol=1e-12)


@pytest.mark.slow  # importing torchmetrics
def test_the_two_presets_are_those_of_torchmetrics_in_other_words():
    theirs = pytest.importorskip("torchmetrics.functional.image").structural_similarity_index_measure
    real, fake = pictures(), pictures(seed=1, low=30, high=190)
    sample = 0.03 * (48 / 49) ** 0.5  # dividing C2 by N / (N - 1) is multiplying the covariances by it
    _, full = theirs(
        fake.double(), real.double(), gaussian_kernel=False, kernel_size=7, data_range=255.0, k2=sample,
        reduction="none", return_full_image=True,
    )  # fmt: skip
    torch.testing.assert_close(ssim(real, fake, "pg2"), full[..., 3:-3, 3:-3].mean((1, 2, 3)), rtol=0, atol=1e-12)
    spread = (fake.amax((1, 2, 3), keepdim=True) - fake.amin((1, 2, 3), keepdim=True)).double()
    _, full = theirs(fake / spread, real / spread, data_range=1.0, reduction="none", return_full_image=True)
    torch.testing.assert_close(ssim(real, fake, "deform"), full[..., 5:-5, 5:-5].mean((1, 2, 3)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("preset", SSIM_PRESETS)
def test_equal_images_give_one(preset):
    images = torch.cat((pictures(), torch.full((1, 3, 32, 16), 9, dtype=torch.uint8)))
    assert ssim(images, images, preset).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("preset", SSIM_PRESETS)
def test_an_image_scores_the_same_in_any_batch(preset):
    real, fake = pictures(count=40, size=(64, 32)), pictures(count=40, size=(64, 32), seed=1)
    alone = [ssim(real[row : row + 1], fake[row : row + 1], preset).item() for row in range(40)]
    assert ssim(real, fake, preset).tolist() == alone
    assert ssim(real[:0], fake[:0], preset).shape == (0,)


def test_constant_images_of_two_levels_by_hand():
    real, fake = (torch.full((1, 3, 16, 16), level, dtype=torch.uint8) for level in (100, 50))
    c1 = 2.55**2  # without variance the luminance term is all there is
    expected = (2 * 100 * 50 + c1) / (100**2 + 50**2 + c1)
    assert ssim(real, fake, "pg2").item() == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose(ssim(real, fake, "pg2").numpy(), scikit(real, fake, "pg2"), atol=1e-12)


def test_deform_gives_a_generated_image_of_one_colour_the_smallest_range():
    real, fake = pictures(count=1), torch.full((1, 3, 32, 16), 128, dtype=torch.uint8)
    level = torch.full_like(fake, 64)
    with np.errstate(invalid="ignore"):
        assert np.isnan(scikit(level, fake, "deform")).all()  # 0/0: what the formula alone would give
    c1 = 0.01**2
    expected = (2 * 64 * 128 + c1) / (64**2 + 128**2 + c1)
    assert ssim(level, fake, "deform").item() == pytest.approx(expected, abs=1e-8)
    assert 0 <= ssim(real, fake, "deform").item() < 0.5


def test_deform_takes_the_range_of_the_second_image_and_pg2_of_neither():
    real, fake = pictures(count=1), pictures(count=1, seed=1, low=100, high=130)
    assert ssim(real, fake, "deform") != ssim(fake, real, "deform")
    assert ssim(real, fake, "pg2") == ssim(fake, real, "pg2")


@pytest.mark.parametrize("preset", SSIM_PRESETS)
def test_mask_ssim_is_ssim_of_blackened_images(preset):
    real, fake = pictures(), pictures(seed=1)
    masks = torch.zeros(3, 1, 32, 16, dtype=torch.uint8)
    masks[0, :, 5:20, 3:11] = 255
    masks[1] = 255
    black = [torch.where(masks == 255, images, torch.zeros_like(images)) for images in (real, fake)]
    found = mask_ssim(real, fake, masks, preset)
    np.testing.assert_allclose(found[:2].numpy(), scikit(black[0][:2], black[1][:2], preset), rtol=0, atol=1e-12)
    assert found[1] == ssim(real, fake, preset)[1]
    assert found[2] == 1  # nothing left to compare, and black is equal to black


@pytest.mark.parametrize(
    ("first", "second", "preset", "says"),
    [
        (pictures(), pictures(), "pg", "no preset 'pg': did you mean 'pg2'"),
        (pictures(), pictures(), None, "no preset None"),
        (pictures(), pictures().float(), "pg2", r"B x 3 x H x W uint8 RGB tensor, got \(3, 3, 32, 16\) torch.float32"),
        (pictures().numpy(), pictures(), "pg2", "uint8 RGB tensor, got .* uint8: convert"),
        ("a.jpg", pictures(), "pg2", "uint8 RGB tensor, got str"),
        (pictures()[0], pictures()[0], "pg2", r"got \(3, 32, 16\)"),
        (pictures()[:, :1], pictures()[:, :1], "pg2", r"got \(3, 1, 32, 16\)"),
        (pictures(), pictures(size=(16, 32)), "pg2", r"one size, got 32 x 16 and 16 x 32 \(height x width\)"),
        (pictures(), pictures(2), "pg2", "pair by pair, got 3 and 2"),
        (pictures(size=(9, 6)), pictures(size=(9, 6)), "pg2", "needs images of 7 x 7 pixels or more, got 9 x 6"),
        (pictures(size=(10, 32)), pictures(size=(10, 32)), "deform", "needs images of 11 x 11 .*, got 10 x 32"),
    ],
)
def test_refuses(first, second, preset, says):
    with pytest.raises(UserError, match=says):
        ssim(first, second, preset)
