"""The Fréchet distance against closed forms, scipy's root of a matrix, and torchmetrics; degenerate sets."""

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.evaluation import FrechetDistance


def features(count, size, seed, scale=1.0, shift=0.0):
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed)) * scale + shift


def distance(real, fake, batch=7):
    frechet = FrechetDistance(real.shape[1])
    for side, images in ((True, real), (False, fake)):
        for part in images.split(batch):
            frechet.update(part, real=side)
    return frechet.compute()


def twin(real, fake):
    """Equation 6 of the paper as it stands."""
    real, fake = real.double().numpy(), fake.double().numpy()
    one, other = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = scipy.linalg.sqrtm(one @ other)
    return ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(one + other - 2 * root.real)


def whitened(count, size, seed):
    """Features whose mean is 0 and whose covariance is the unit matrix, up to rounding."""
    drawn = features(count, size, seed).double()
    drawn = drawn - drawn.mean(0)
    return torch.linalg.solve_triangular(torch.linalg.cholesky(torch.cov(drawn.T)), drawn.T, upper=False).T


def test_diagonal_gaussians_have_a_closed_form():
    means, deviations = torch.tensor([[0.0, 1.0, -2.0, 5.0], [1.0, 1.0, 0.5, 4.0]]), torch.tensor([1.0, 2.0, 0.5, 3.0])
    others = torch.tensor([2.0, 2.0, 1.5, 0.0])
    real, fake = whitened(40, 4, 0) * deviations + means[0], whitened(90, 4, 1) * others + means[1]
    # |m - m_w|^2 = 1 + 0 + 6.25 + 1 and sum (s - s_w)^2 = 1 + 0 + 1 + 9
    assert distance(real, fake) == pytest.approx(8.25 + 11.0, abs=1e-10)


def test_one_feature():
    assert distance(torch.tensor([[0.0], [2.0]]), torch.tensor([[5.0], [9.0]])) == pytest.approx(36 + 2, abs=1e-12)


@pytest.mark.parametrize(("counts", "size"), [((60, 45), 8), ((300, 200), 40)])
def test_the_equation_in_float64(counts, size):
    real, fake = features(counts[0], size, 0), features(counts[1], size, 1, scale=1.7, shift=0.3)
    assert distance(real, fake) == pytest.approx(twin(real, fake), rel=1e-10)


class Given(nn.Module):
    """What torchmetrics calls a feature network: the features themselves."""

    num_features = 12

    def forward(self, features):
        return features


@pytest.mark.slow  # importing torchmetrics
def test_torchmetrics_on_the_same_features():
    fid = pytest.importorskip("torchmetrics.image.fid").FrechetInceptionDistance(feature=Given())
    real, fake = features(50, 12, 0).double(), features(30, 12, 1, scale=0.5, shift=-1.0).double()
    fid.update(real, real=True)
    fid.update(fake, real=False)
    assert distance(real, fake) == pytest.approx(float(fid.compute()), rel=1e-10)


@pytest.mark.parametrize("count", [2, 20, 200])
def test_a_set_and_itself(count):
    real = features(count, 64, 0, scale=3.0, shift=10.0)
    assert distance(real, real.flip(0)) == pytest.approx(0.0, abs=1e-10)


def test_neither_order_nor_batches_nor_sides_count():
    real, fake = features(50, 16, 0), features(40, 16, 1, shift=1.0)
    expected = distance(real, fake, batch=50)
    shuffled = real[torch.randperm(50, generator=torch.Generator().manual_seed(2))]
    assert distance(shuffled, fake, batch=1) == pytest.approx(expected, rel=1e-12)
    assert distance(fake, real, batch=9) == pytest.approx(expected, rel=1e-12)
    mixed = FrechetDistance(16)
    for row in range(50):
        mixed.update(real[row : row + 1], real=True)
        mixed.update(fake[row : row + 1], real=False)  # the last ten are empty
    assert mixed.compute() == pytest.approx(expected, rel=1e-12)
    assert (mixed.count(real=True), mixed.count(real=False)) == (50, 40)


def test_far_from_zero_nothing_cancels():
    real, fake = features(100, 6, 0).double(), features(80, 6, 1, scale=1.5).double()
    assert distance(real + 1e6, fake + 1e6) == pytest.approx(distance(real, fake), rel=1e-6)


def test_rank_deficient_sets():
    """5 and 4 images span 4 and 3 of 32 dimensions: the closed form is that of the space they span."""
    basis = torch.linalg.qr(features(32, 4, 0).double())[0]
    real, fake = features(5, 4, 1).double(), features(5, 4, 2, scale=2.0).double()
    assert distance(real @ basis.T, fake @ basis.T) == pytest.approx(twin(real, fake), rel=1e-10)
    constant = torch.ones(3, 32)
    assert distance(constant, constant * 3) == pytest.approx(4 * 32, rel=1e-12)


def test_two_halves_of_one_set_are_a_floor():
    halves = features(400, 8, 0).split(200)
    assert 0 < distance(*halves) < distance(halves[0], features(200, 8, 1, scale=1.5)) / 5


@pytest.mark.parametrize(("counts", "named"), [((9, 9), None), ((8, 9), "8 real images"), ((9, 3), "3 fake images")])
def test_no_more_images_than_features_warn_with_both_numbers(counts, named):
    frechet = FrechetDistance(8)
    for real, count in zip((True, False), counts, strict=True):
        frechet.update(features(count, 8, 0), real=real)
    warning = frechet.warning()
    assert np.isfinite(frechet.compute())
    if named is None:
        assert warning is None
    else:
        assert named in warning
        assert "8 features" in warning
        assert warning.count("images with") == 1


def test_refusals():
    frechet = FrechetDistance(8)
    with pytest.raises(UserError, match="at least 2 images a side, got 0 real"):
        frechet.compute()
    frechet.update(features(2, 8, 0), real=True)
    frechet.update(features(1, 8, 0), real=False)
    with pytest.raises(UserError, match=r"got 1 fake one\(s\)"):
        frechet.compute()
    with pytest.raises(UserError, match="expects B x 8, got 2 x 9"):
        frechet.update(features(2, 9, 0), real=True)
    with pytest.raises(UserError, match="the fake images is not finite"):
        frechet.update(torch.full((2, 8), float("nan")), real=False)
    with pytest.raises(UserError, match="num_features=0"):
        FrechetDistance(0)
