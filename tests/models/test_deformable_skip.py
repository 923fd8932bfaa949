import deformable_twin as twin
import numpy as np
import pytest
import torch
from golden_poses import SIZE, golden_points

from reidzoo.models.deformable_skip import SAMPLINGS, deform, part_motion

TOY = (32, 16)


def toy_motion(batch=3, seed=0):
    rng = np.random.default_rng(seed)
    source, target = (torch.tensor(np.stack([twin.random_pose(rng, TOY) for _ in range(batch)])) for _ in range(2))
    return source, target, part_motion(source, target, TOY)


def toy_features(batch=3, channels=4, size=TOY, dtype=torch.float64):
    return torch.randn(batch, channels, *size, dtype=dtype, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("size", [TOY, (16, 8), (8, 4), (4, 2)])
def test_maps_of_every_size_agree_with_the_plain_twin(sampling, size):
    """The twin's maximum counts 0 only where some part is absent, which a ReLU does not see."""
    source, target, motion = toy_motion()
    features = toy_features(size=size)
    moved = deform(features, motion, sampling)
    for i in range(3):
        expected = twin.deform(features[i].numpy(), source[i].numpy(), target[i].numpy(), TOY, sampling)
        np.testing.assert_allclose(moved[i].numpy(), expected.clip(min=0), atol=1e-6)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_the_same_pose_keeps_the_positive_values(sampling):
    points = golden_points()
    motion = part_motion(points, points, SIZE)
    for size in (SIZE, (64, 32), (16, 8)):
        features = toy_features(2, size=size)
        torch.testing.assert_close(deform(features, motion, sampling), features.clamp(min=0))


def test_a_person_who_steps_aside_takes_the_picture_along():
    source = golden_points()
    seen = (source > -1).all(-1, keepdim=True)
    target = torch.where(seen, source + torch.tensor([4.0, 8.0]), source)  # 4 down, 8 to the right
    features = toy_features(2, size=(64, 32)).abs()
    moved = deform(features, part_motion(source, target, SIZE), "nearest")
    torch.testing.assert_close(moved[..., 2:, 4:], features[..., :-2, :-4])
    assert not moved[..., :2, :].any()
    assert not moved[..., :4].any()


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_gradients_flow_to_where_values_came_from(sampling):
    _, _, motion = toy_motion()
    features = toy_features(channels=2, size=(8, 4)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: deform(x, motion, sampling), features)


def test_an_incomplete_torso_moves_nothing():
    source, target, _ = toy_motion()
    target[1, 8] = -1
    moved = deform(toy_features(), part_motion(source, target, TOY), "nearest")
    assert not moved[1].any()
    assert moved[0].any()


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_channels_last_stay_so_and_bfloat16_stays_bfloat16(sampling):
    _, _, motion = toy_motion()
    features = toy_features(dtype=torch.float32)
    moved = deform(features, motion, sampling)
    last = deform(features.to(memory_format=torch.channels_last), motion, sampling)
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(last, moved)
    coarse = deform(features.bfloat16(), motion, sampling)
    assert coarse.dtype == torch.bfloat16
    torch.testing.assert_close(coarse.float(), moved, atol=0.02, rtol=0.02)
