"""Deformable GAN: its steps against loops written from the card, its four objectives, and what people call."""

import copy
import itertools

import pytest
import torch
from toy_gans import descend, moved, optimisers, picture

from reidzoo.base.errors import UserError
from reidzoo.losses import NearestNeighbourLoss
from reidzoo.methods.preprocessor import MEAN, STD
from reidzoo.models.early_layer import EarlyLayer
from reidzoo.registry import METHODS

SIZE = (64, 48)
STEPS = 4
OSNET = {"type": "OSNet", "width": 0.25}
#: the four objectives of the ablation
OBJECTIVES = {
    "baseline": {"reconstruction_loss": {"type": "L1Loss"}, "reconstruction_weight": 100.0},
    "dsc": {"reconstruction_loss": {"type": "L1Loss"}, "reconstruction_weight": 100.0},
    "feature": {
        "reconstruction_loss": {"type": "L1Loss"},
        "reconstruction_weight": 0.5,
        "features": OSNET,
        "feature_layer": "conv1",
    },
    "full": {
        "reconstruction_loss": {"type": "NearestNeighbourLoss", "window": 3},
        "reconstruction_weight": 0.01,
        "features": OSNET,
        "feature_layer": "conv1",
    },
}
every_objective = pytest.mark.parametrize("objective", sorted(OBJECTIVES))


def build(objective="full", **changes):
    """A method with weights of a spread at which every layer matters, and without dropout."""
    torch.manual_seed(0)
    generator = {"type": "DeformableGenerator", "width": 2, "image_size": SIZE, "deformable": objective != "baseline"}
    discriminator = {"type": "DeformableDiscriminator", "width": 2}
    arguments = {"generator": generator, "discriminator": discriminator, **OBJECTIVES[objective], **changes}
    method = METHODS.build({"type": "DeformableGAN", **arguments})
    with torch.no_grad():
        for parameter in itertools.chain(method.g.parameters(), method.d.parameters()):
            parameter.normal_(mean=float(parameter.ndim == 0), std=0.2)
    for block in method.g.up:
        block.dropout.p = 0.0
    return method


def batch(count=2, seed=0):
    """What the loader gives; a joint of ten is missing, none of a torso."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (2, count, 3, *SIZE), dtype=torch.uint8, generator=generator)
    points = (torch.rand(2, count, 18, 2, generator=generator) * torch.tensor(SIZE)).floor()
    gone = torch.rand(2, count, 18, generator=generator) < 0.1
    gone[..., [2, 5, 8, 11]] = False
    points[gone] = -1
    return {
        "source_images": images[0],
        "target_images": images[1],
        "source_points": points[0],
        "target_points": points[1],
        "source_pids": torch.arange(count),
    }


def poses(data):
    return data["source_images"], data["source_points"], data["target_points"]


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.999))


@every_objective
def test_steps_equal_the_loop_of_their_formulas(objective):
    """The card, section 2.5, logarithms of probabilities with 1e-7: D on real and fake, then G on what it drew."""
    method = build(objective).double()
    g, d = copy.deepcopy(method.g), copy.deepcopy(method.d)
    start = [picture(g), picture(d)]
    g_optimizer, d_optimizer = adam(g), adam(d)
    wrappers = optimisers(method)

    def distance(drawn, target):
        if objective in ("baseline", "dsc"):
            return 100 * (drawn - target).abs().mean()
        bytes_of = [127.5 * images + 127.5 for images in (drawn, target)]
        mean, std = (torch.tensor(each, dtype=torch.float64).view(3, 1, 1) for each in (MEAN, STD))
        first, second = (method.features((images - mean) / std) for images in bytes_of)
        if objective == "feature":
            return 0.5 * (first - second).abs().mean()
        return 0.01 * NearestNeighbourLoss(3)(first, second)

    for step in range(STEPS):
        data = batch(seed=step)
        logged = method.train_step(data, wrappers)
        source, target = ((data[f"{name}_images"].double() - 127.5) / 127.5 for name in ("source", "target"))
        of_source, of_target = data["source_points"], data["target_points"]
        drawn = g(source, of_source, of_target)
        real = d(source, of_source, target, of_target).sigmoid()
        fake = d(source, of_source, drawn.detach(), of_target).sigmoid()
        loss_d = -(real + 1e-7).log().mean() - (1 - fake + 1e-7).log().mean()
        descend(d_optimizer, loss_d)
        loss_g = -(d(source, of_source, drawn, of_target).sigmoid() + 1e-7).log().mean()
        loss_reconstruction = distance(drawn, target)
        descend(g_optimizer, loss_g + loss_reconstruction)
        expected = {"loss_d": loss_d, "loss_g": loss_g, "loss_reconstruction": loss_reconstruction}
        assert list(logged) == list(expected)
        for key, value in expected.items():
            torch.testing.assert_close(logged[key], value, rtol=0, atol=1e-4)  # 1e-7 in a logarithm of 1e-3
    for network, twin, before in ((method.g, g, start[0]), (method.d, d, start[1])):
        assert moved(network, before)[0]
        for (key, ours), theirs in zip(network.named_parameters(), twin.named_parameters(), strict=True):
            torch.testing.assert_close(ours, theirs[1], rtol=0, atol=1e-5, msg=lambda text, key=key: f"{key}: {text}")


def test_each_update_leaves_the_other_networks_alone():
    method, data = build(), batch()
    wrappers, normalised = optimisers(method), method.data_preprocessor(data, True)
    before = {name: picture(module) for name, module in (("g", method.g), ("d", method.d), ("f", method.features))}
    drawn = method(*poses(normalised))
    method.update_discriminator(normalised, drawn.detach(), wrappers["discriminator"])
    assert moved(method.d, before["d"])[0]
    assert not moved(method.g, before["g"])[0]
    before["d"] = picture(method.d)
    method.update_generator(normalised, drawn, wrappers["generator"])
    assert moved(method.g, before["g"])[0]
    assert not moved(method.d, before["d"])[0]
    assert not moved(method.features, before["f"])[0]
    assert all(parameter.requires_grad for parameter in (*method.g.parameters(), *method.d.parameters()))


def test_bfloat16_steps_are_finite_and_losses_float32():
    method = build()
    wrappers = optimisers(method, type="AutocastOptimWrapper", precision="bf16")
    for step in range(2):
        losses = method.train_step(batch(seed=step), wrappers)
        assert all(value.dtype == torch.float32 and value.isfinite() for value in losses.values())


def test_dropout_is_on_in_training_and_off_at_repose():
    method, given = build(), poses(batch())
    for block in method.g.up:
        block.dropout.p = 0.5
    method.train()
    chance = torch.get_rng_state()
    drawn = method.repose(*given)
    assert torch.equal(method.repose(*given), drawn)
    assert torch.equal(torch.get_rng_state(), chance)
    assert all(block.training for block in method.g.up)
    normalised = method.data_preprocessor({"images": given[0]})["images"]
    assert not torch.equal(method(normalised, *given[1:]), method(normalised, *given[1:]))


def test_reposed_images_are_bytes_and_do_not_depend_on_the_batch():
    method, given = build().double(), poses(batch(3))
    drawn = method.repose(*given)
    assert (drawn.dtype, drawn.shape) == (torch.uint8, given[0].shape)
    assert torch.equal(torch.cat([method.repose(*(each[i : i + 1] for each in given)) for i in range(3)]), drawn)
    with torch.no_grad():
        expected = 127.5 * method.g((given[0].double() - 127.5) / 127.5, *given[1:]) + 127.5
    assert torch.equal(drawn, expected.round().byte())
    assert drawn.unique().numel() > 100


def test_features_are_fixed_stated_in_the_log_and_part_of_the_checkpoint(monkeypatch):
    said = []
    monkeypatch.setattr("reidzoo.methods.deformable_gan.print_log", lambda text, logger: said.append(text))
    weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
    method = build(features={**OSNET, "weights": weights})
    assert said == [f"DeformableGAN compares images by 'conv1' of OSNet, weights '{weights}'"]
    build()
    assert said[1].endswith("of OSNet, weights drawn at random")
    build("dsc")
    assert len(said) == 2
    assert isinstance(method.features, EarlyLayer)
    method.train()
    assert not any(module.training for module in method.features.modules())
    assert not any(parameter.requires_grad for parameter in method.features.parameters())
    other = build()
    other.load_state_dict(method.state_dict())  # whoever has the checkpoint needs no other file
    data = method.data_preprocessor(batch(), True)["target_images"]
    assert torch.equal(other.seen(data), method.seen(data))


@pytest.mark.parametrize("joint", [2, 5, 8, 11])
def test_an_incomplete_torso_is_refused(joint):
    images, source, target = poses(batch(3))
    source[1:, joint] = -1
    with pytest.raises(
        UserError, match=r"both shoulders and hips, which 2 of 3 poses in source_points lack, first nu.* 1:"
    ):
        build().repose(images, source, target)
    with pytest.raises(UserError, match=r"in target_points lack"):
        build().repose(images, target, source)


def test_what_repose_does_not_take():
    method, (images, source, target) = build(), poses(batch(3))
    with pytest.raises(UserError, match=r"takes a B x 3 x H x W uint8 tensor, got \(3, 3, 64, 48\) torch.float32: "):
        method.repose(images.float(), source, target)
    with pytest.raises(UserError, match=r"uint8 tensor, got list: "):
        method.repose([images], source, target)
    with pytest.raises(UserError, match=r"source_points of 3 x 18 x 2, a pose for each image, got \(2, 18, 2\)"):
        method.repose(images, source[:2], target)
    with pytest.raises(UserError, match=r"target_points of 3 x 18 x 2, .* got \(3, 17, 2\)"):
        method.repose(images, source, target[:, 1:])
    with pytest.raises(UserError, match=r"built for images of 64 x 48, got 64 x 32"):
        method.repose(images[..., :32], source, target)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reconstruction_weight": -1}, "reconstruction_weight of at least 0, got -1"),
        (
            {"feature_layer": None},
            "features and feature_layer together, got .*OSNet.*feature_layer=None: give both, or",
        ),
        ({"features": None}, "features and feature_layer together, got features=None"),
        ({"feature_layer": "conv9"}, "OSNet has no layer 'conv9'"),
    ],
)
def test_arguments_that_make_no_sense(changes, said):
    with pytest.raises(UserError, match=said):
        build(**changes)
