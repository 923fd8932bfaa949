"""The association of tracklets against its formula, its known values, and what the released code makes of it."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidzoo.base.errors import UserError
from reidzoo.losses import TrackletAssociation

FAR = torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0], [6.0, 8.0]])  # means (0, 0), (3, 4) and (6, 8)
TRACKLETS, CAMERAS = torch.tensor([0, 2, 2, 4]), torch.tensor([0, 1, 1, 0])


def slow_twin(features, tracklets, cameras, released=False):
    """The formula, one tracklet after the other, float64."""
    members = {}
    for feature, tracklet, camera in zip(features, tracklets, cameras, strict=True):
        members.setdefault((tracklet, camera), []).append(feature)
    means = {
        key: [math.fsum(column) / len(rows) for column in zip(*rows, strict=True)] for key, rows in members.items()
    }
    half = len(set(cameras)) // 2
    values = []
    for one in means:
        e = {other: math.exp(-math.dist(means[one], means[other]) / 8) for other in means}
        elsewhere = sorted((e[other] for other in means if other[1] != one[1]), reverse=True)
        near = math.fsum(elsewhere if released else elsewhere[:half])
        values.append(-math.log(near / math.fsum(e.values())))
    return math.fsum(values) / len(values)


def drawn_batch(seed, sizes):
    """One camera after the other, whose tracklets have these numbers of images; shuffled."""
    generator = torch.Generator().manual_seed(seed)
    table = [(tracklet, camera) for camera, of_camera in enumerate(sizes) for tracklet in range(len(of_camera))]
    images = [size for of_camera in sizes for size in of_camera]
    numbers = torch.arange(len(table)).repeat_interleave(torch.tensor(images))
    numbers = numbers[torch.randperm(len(numbers), generator=generator)]
    cameras = torch.tensor([camera for _, camera in table])[numbers]
    return 5 * torch.randn(len(numbers), 6, generator=generator, dtype=torch.float64), numbers, cameras


def test_known_values():
    e = math.exp(-5 / 8)
    expected = (2 * -math.log(e / (1 + e + e * e)) - math.log(e / (1 + 2 * e))) / 3  # the middle one has two, K = 1
    assert TrackletAssociation()(FAR, TRACKLETS, CAMERAS).item() == pytest.approx(expected, abs=1e-6)
    assert expected == pytest.approx(1.267471, abs=1e-6)
    released = (2 * -math.log(e / (1 + e + e * e)) - math.log(2 * e / (1 + 2 * e))) / 3
    assert TrackletAssociation(released=True)(FAR, TRACKLETS, CAMERAS).item() == pytest.approx(released, abs=1e-6)


@pytest.mark.parametrize(("cameras", "near"), [(2, 1), (3, 1), (4, 2), (6, 3), (7, 3)])
def test_known_values_at_the_ends(cameras, near):
    """All tracklets in one point: ln(G / K). Each among K + 1 in one point, all else far away: ln((K + 1) / K)."""
    numbers = torch.arange(2 * cameras)
    camids = numbers % cameras
    coincide = TrackletAssociation()(torch.ones(2 * cameras, 4), numbers, camids)
    assert coincide.item() == pytest.approx(math.log(2 * cameras / near), abs=1e-5)
    apart = torch.zeros(2 * cameras, 4, dtype=torch.float64)
    apart[:, 0] = 1e4 * (numbers // (near + 1))
    whole = (near + 1) * (2 * cameras // (near + 1))  # the last point may have fewer
    value = TrackletAssociation()(apart[:whole], numbers[:whole], camids[:whole])
    assert value.item() == pytest.approx(math.log((near + 1) / near), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=2, max_size=6),
    released=st.booleans(),
)
def test_equals_the_slow_twin(seed, sizes, released):
    features, tracklets, cameras = drawn_batch(seed, sizes)
    expected = slow_twin(features.tolist(), tracklets.tolist(), cameras.tolist(), released)
    loss = TrackletAssociation(released)(features, tracklets, cameras)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def gradient(features, tracklets, cameras, released):
    features = features.clone().requires_grad_()
    TrackletAssociation(released)(features, tracklets, cameras).backward()
    return features.grad


def test_two_tracklets_are_drawn_together_and_as_released_pushed_apart():
    """ln(1 + exp(d / 8)), whose slope in d is positive; as released only -exp(-d / 8) / (8 (1 + exp(-d / 8)))."""
    pair, numbers = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=torch.float64), torch.arange(2)
    direction = torch.tensor([3.0, 4.0], dtype=torch.float64) / 5  # from the first to the second
    e = math.exp(-5 / 8)
    pull = gradient(pair, numbers, numbers, released=False)[1] @ direction
    push = gradient(pair, numbers, numbers, released=True)[1] @ direction
    assert pull.item() == pytest.approx(1 / (8 * (1 + e)))
    assert push.item() == pytest.approx(-e / (8 * (1 + e)))


def test_the_numerator_has_a_gradient_unless_released():
    """The released gradient is that of the denominator alone, and so knows no cameras."""
    features, tracklets, cameras = drawn_batch(3, [[2, 1], [3, 2], [1], [2, 2]])
    other = (tracklets + 1) % 4  # of each tracklet another camera
    released = gradient(features, tracklets, cameras, released=True)
    assert torch.equal(released, gradient(features, tracklets, other, released=True))
    denominator = features.clone().requires_grad_()
    means = torch.stack([denominator[tracklets == number].mean(0) for number in range(7)])
    apart = (means[:, None] - means).square().sum(2)
    apart = torch.where(torch.eye(7, dtype=torch.bool), 0.0, apart.clamp_min(1e-30).sqrt())
    (-apart / 8).exp().sum(1).log().mean().backward()
    torch.testing.assert_close(released, denominator.grad)
    assert not torch.allclose(gradient(features, tracklets, cameras, released=False), released, atol=1e-4)


def test_gradients_are_those_of_the_slow_formula():
    features, tracklets, cameras = drawn_batch(8, [[2, 1], [3], [1, 2]])

    def loss(values):
        return TrackletAssociation()(values, tracklets, cameras)

    assert torch.autograd.gradcheck(loss, features.requires_grad_())


def test_tracklets_in_one_point_have_finite_gradients():
    assert gradient(torch.ones(6, 5), torch.arange(6) // 2, torch.arange(6) // 2, released=False).isfinite().all()


def test_bf16_features_are_compared_in_float32():
    with torch.autocast("cpu", torch.bfloat16):
        loss = TrackletAssociation()(FAR.bfloat16(), TRACKLETS, CAMERAS)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(1.267471, abs=1e-6)


def test_a_batch_of_one_camera():
    with pytest.raises(UserError, match=r"a batch of 4 images with 3 tracklet\(s\) of a single camera: use Tracklet"):
        TrackletAssociation()(FAR, TRACKLETS, torch.zeros_like(CAMERAS))
