"""Both stages of PG2: their steps against loops written from the card, and what the second leaves alone."""

import copy

import pytest
import torch
import torch.nn.functional as F
from toy_gans import descend, moved, optimisers, picture, spread

from reidzoo.base.errors import UserError
from reidzoo.base.pose_masks import pose_mask
from reidzoo.base.weights import load_weights
from reidzoo.methods.pg2 import DISCRIMINATOR_FORMS, person_masks
from reidzoo.registry import METHODS

SIZE = (32, 16)
G1 = {"type": "PG2Generator", "width": 2, "bottleneck": 3, "image_size": SIZE}
TOY = {
    "PG2StageOne": {"generator": G1},
    "PG2StageTwo": {
        "generator": G1,
        "refiner": {"type": "PG2Refiner", "width": 2, "image_size": SIZE},
        "discriminator": {"type": "PG2Discriminator", "width": 2, "image_size": SIZE},
    },
}
STEPS = 5

both_stages = pytest.mark.parametrize("name", sorted(TOY))
every_form = pytest.mark.parametrize("form", DISCRIMINATOR_FORMS)


def build(name="PG2StageTwo", **changes):
    torch.manual_seed(0)
    return spread(METHODS.build({"type": name, **TOY[name], **changes}))


def batch(count=3, seed=0):
    """What the loader gives; a joint of ten is missing."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (2, count, 3, *SIZE), dtype=torch.uint8, generator=generator)
    points = (torch.rand(2, count, 18, 2, generator=generator) * torch.tensor(SIZE)).floor()
    points[torch.rand(2, count, 18, generator=generator) < 0.1] = -1
    return {
        "source_images": images[0],
        "target_images": images[1],
        "source_points": points[0],
        "target_points": points[1],
        "source_pids": torch.arange(count),
    }


def normalised(data):
    """Float64 images in [-1, 1] by the letters of the paper, the target pose, and the target's mask."""
    source, target = ((data[f"{name}_images"].double() - 127.5) / 127.5 for name in ("source", "target"))
    return source, target, data["target_points"], (pose_mask(data["target_points"], SIZE) > 0).double()


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.999))


def distance(drawn, image, mask):
    """The card, section 1.5: both terms."""
    absolute = (drawn - image).abs()
    return absolute.mean() + (absolute * mask).mean()


def bce(scores, label):
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))


def assert_same_weights(network, twin, start):
    assert moved(network, start)[0]  # nor do they agree by standing still
    for (key, ours), theirs in zip(network.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9, msg=lambda text, key=key: f"{key}: {text}")


def test_stage_one_equals_the_loop_of_its_formula():
    method = build("PG2StageOne").double()
    start, twin = picture(method.g1), copy.deepcopy(method.g1)
    wrappers, optimizer = optimisers(method), adam(twin)
    for step in range(STEPS):
        data = batch(seed=step)
        logged = method.train_step(data, wrappers)
        source, target, pose, mask = normalised(data)
        loss = distance(twin(source, pose, pose), target, mask)
        descend(optimizer, loss)
        assert list(logged) == ["loss_g1"]
        torch.testing.assert_close(logged["loss_g1"], loss)
    assert_same_weights(method.g1, twin, start)


@every_form
def test_stage_two_equals_the_loop_of_its_formula(form):
    """The card, sections 1.4 to 1.6: one pass of D for a batch, in which G2's and D's losses have their parts."""
    weight = 3.0
    in_channels = {"pair": 6}.get(form, 3)
    method = build(discriminator_form=form, reconstruction_weight=weight).double()
    assert next(method.d.parameters()).shape[1] == in_channels
    start = [picture(method.g2), picture(method.d)]
    g1, g2, d = (copy.deepcopy(network) for network in (method.g1, method.g2, method.d))
    wrappers, g_optimizer, d_optimizer = optimisers(method), adam(g2), adam(d)

    def losses(source, target, coarse, refined):
        """Of G2 and of D."""
        if form == "pair":
            shown = [torch.cat([source, target], dim=1), torch.cat([source, refined], dim=1)]
            real, fake = d(torch.cat(shown)).split(len(source))
            return bce(fake, 1), 0.5 * bce(real, 1) + 0.5 * bce(fake, 0)
        shown = {"source": source, "refined": refined, "target": target}
        if form == "triplet":
            shown["coarse"] = coarse  # in the statistics of D's batch norms only
        scores = dict(zip(shown, d(torch.cat(list(shown.values()))).split(len(source)), strict=True))
        of_d = 0.5 * bce(scores["target"], 1) + 0.25 * bce(scores["source"], 0) + 0.25 * bce(scores["refined"], 0)
        return bce(scores["refined"], 1), of_d

    for step in range(STEPS):
        data = batch(seed=step)
        logged = method.train_step(data, wrappers)
        source, target, pose, mask = normalised(data)
        coarse = g1(source, pose, pose).detach()
        refined = coarse + g2(coarse, source)
        adversarial, reconstruction = losses(source, target, coarse, refined)[0], distance(refined, target, mask)
        descend(g_optimizer, adversarial + weight * reconstruction)
        of_d = losses(source, target, coarse, refined.detach())[1]
        descend(d_optimizer, of_d)
        expected = {"loss_g2": adversarial, "loss_reconstruction": weight * reconstruction, "loss_d": of_d}
        for key, value in expected.items():
            torch.testing.assert_close(logged.pop(key), value)
        assert not logged
    assert_same_weights(method.g2, g2, start[0])
    assert_same_weights(method.d, d, start[1])


def test_the_loop_would_notice_another_form():
    """Coarse images in D's batch change its scores."""
    logged = []
    for form in ("triplet", "triplet-without-coarse"):
        method = build(discriminator_form=form).double()
        logged.append(method.train_step(batch(), optimisers(method))["loss_d"])
    assert (logged[0] - logged[1]).abs() > 1e-3


def test_stage_two_leaves_stage_one_as_it_is():
    method = build()
    start = picture(method.g1)
    wrappers = optimisers(method)
    for step in range(2):
        method.train_step(batch(seed=step), wrappers)
    assert not moved(method.g1, start)[0]
    assert all(parameter.grad is None for parameter in method.g1.parameters())
    trained = {id(each) for wrapper in wrappers.values() for each in wrapper.optimizer.param_groups[0]["params"]}
    assert trained == {id(each) for network in (method.g2, method.d) for each in network.parameters()}


@both_stages
def test_reposed_images_are_clipped_bytes_and_do_not_depend_on_the_batch(name):
    method, data = build(name).double(), batch(4)
    given = data["source_images"], data["source_points"], data["target_points"]
    drawn = method.repose(*given)
    assert (drawn.dtype, drawn.shape) == (torch.uint8, given[0].shape)
    assert torch.equal(torch.cat([method.repose(*(each[i : i + 1] for each in given)) for i in range(4)]), drawn)
    source, _, pose, _ = normalised(data)
    with torch.no_grad():
        expected = method.g1(source, pose, pose)
        if name == "PG2StageTwo":
            expected = expected + method.g2(expected, source)
    assert torch.equal(drawn, (127.5 * expected + 127.5).round().clamp(0, 255).byte())


@both_stages
def test_what_is_drawn_is_cut_off_at_black_and_white(name):
    method, data = build(name), batch(2)
    last = method.g1.last if name == "PG2StageOne" else method.g2.last
    for bias, byte in ((50.0, 255), (-50.0, 0)):
        torch.nn.init.constant_(last.bias, bias)
        drawn = method.repose(data["source_images"], data["source_points"], data["target_points"])
        assert (drawn == byte).all()


def test_stage_two_starts_from_stage_one():
    one, two = build("PG2StageOne"), build()
    torch.nn.init.normal_(one.g1.first[0].weight)
    with pytest.raises(UserError, match=r"do not fit PG2StageTwo"):
        load_weights(two, one.state_dict(), source="stage I")
    load_weights(two, one.state_dict(), source="stage I", allow_partial=["g2.", "d."])
    assert not moved(two.g1, picture(one.g1))[0]
    data = batch(2)
    with torch.no_grad():
        for layer in (two.g2.last.weight, two.g2.last.bias):
            layer.zero_()  # nothing to add
    given = data["source_images"], data["source_points"], data["target_points"]
    assert torch.equal(two.repose(*given), one.repose(*given))


def test_masks_are_those_of_the_target_pose():
    data = batch(2)
    masks = person_masks({"target_images": torch.zeros(2, 3, *SIZE), "target_points": data["target_points"]})
    assert masks.unique().tolist() == [0, 1]
    assert torch.equal(masks.bool(), pose_mask(data["target_points"], SIZE) == 255)


@both_stages
def test_losses_are_float32_under_bf16(name):
    method = build(name)
    for value in method.train_step(batch(), optimisers(method, precision="bf16")).values():
        assert value.dtype == torch.float32
        assert value.isfinite()


@both_stages
def test_images_of_another_size(name):
    method, data = build(name), batch()
    data["source_images"] = torch.cat([data["source_images"]] * 2, dim=2)
    with pytest.raises(UserError, match=r"built for images of 32 x 16, got 64 x 16: .*image_size=\(64, 16\)"):
        method.train_step(data, optimisers(method))


def test_a_batch_of_one_pair():
    method = build()
    with pytest.raises(UserError, match=r"got a batch of 1 pair, .*batch norm .*batch_size, or .*drop_last=True"):
        method.train_step(batch(1), optimisers(method))


def test_arguments_that_make_no_sense():
    with pytest.raises(UserError, match="reconstruction_weight of at least 0, got -1"):
        build(reconstruction_weight=-1)
    with pytest.raises(UserError, match="no discriminator_form 'triple', did you mean 'triplet'"):
        build(discriminator_form="triple")
