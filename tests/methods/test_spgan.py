"""SPGAN's pairs and their weights, its schedule in steps, and a restart at any of them."""

import copy

import pytest
import torch
from torch import nn
from toy_gans import batch, build, moved, normalised, optimisers, picture

from reidzoo.base.errors import UserError
from reidzoo.methods.cyclegan import Drawn
from reidzoo.methods.spgan import PAIR_MODES

POSITIVE = (("x_s", "fake_t"), ("x_t", "fake_s"))
MIXED, REAL = (("fake_t", "x_t"), ("fake_s", "x_s")), (("x_s", "x_t"),)


def weights(positive, negative, pairs):
    return {**{(*pair, True): positive for pair in POSITIVE}, **{(*pair, False): negative for pair in pairs}}


#: weight of each pair within L_con: mode, whose loss
WEIGHTS = {
    ("paper", "generators"): weights(1 / 4, 1 / 4, MIXED),
    ("paper", "siamese"): weights(1 / 4, 1 / 4, MIXED),
    ("torch", "generators"): weights(1 / 4, 1 / 8, MIXED),
    ("torch", "siamese"): weights(1 / 3, 2 / 3, REAL),
    ("tf", "generators"): weights(1 / 3, 2 / 3, REAL),
    ("tf", "siamese"): weights(1 / 3, 2 / 3, REAL),
}
every_use = pytest.mark.parametrize(("mode", "use"), sorted(WEIGHTS))


class WritesPairsDown(nn.Module):
    """A loss of 1 for every pair, each a leaf of the graph that afterwards knows its weight."""

    def __init__(self):
        super().__init__()
        self.terms = {}

    def forward(self, first, second, same):
        names = [("x_s", "x_t", "fake_t", "fake_s")[int(rows[0])] for rows in (first, second)]
        self.terms[*names, same] = torch.ones((), requires_grad=True)
        return self.terms[*names, same]


class Numbers(nn.Module):
    """An image's feature is its first pixel."""

    def forward(self, images):
        return images[:, 0, 0, :1]


def numbered():
    """A batch and what was drawn, in which every image is filled with its number."""
    x_s, x_t, fake_t, fake_s = (torch.full((2, 3, 32, 16), float(number)) for number in range(4))
    return {"source_images": x_s, "target_images": x_t}, Drawn(fake_t, fake_s, None, None)


@every_use
def test_pairs_and_their_weights(mode, use):
    method = build("SPGAN", pair_mode=mode)
    method.siamese, method.contrastive_loss = Numbers(), WritesPairsDown()
    method.contrast(*numbered(), for_generators=use == "generators").backward()
    given = {key: term.grad.item() for key, term in method.contrastive_loss.terms.items()}
    assert given == pytest.approx(WEIGHTS[mode, use])


@pytest.mark.parametrize(
    ("mode", "expected"), [("tf", weights(2 / 3, 4 / 3, REAL)), ("torch", weights(1 / 2, 1 / 4, MIXED))]
)
def test_weights_in_the_generators_objective_of_the_two_releases(mode, expected):
    """lambda_3 = 2; mode tf's negative pair has a weight and no gradient, see below."""
    method = build("SPGAN", pair_mode=mode)
    method.siamese, method.contrastive_loss = Numbers(), WritesPairsDown()
    method.generator_losses(*numbered())["loss_contrastive"].backward()
    given = {key: term.grad.item() for key, term in method.contrastive_loss.terms.items()}
    assert given == pytest.approx(expected)


def slow_contrast(mode, use, margin, vectors):
    """L_con, equation 7, over lists of unit vectors."""
    total = 0.0
    for (first, second, same), weight in WEIGHTS[mode, use].items():
        pairs = list(zip(vectors[first], vectors[second], strict=True))
        for one, other in pairs:
            distance = sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
            total += weight * (distance**2 if same else max(0.0, margin - distance) ** 2) / len(pairs)
    return total


@every_use
@pytest.mark.parametrize("margin", [0.0, 1.0, 2.0])
def test_the_contrastive_term_is_that_of_the_formula(mode, use, margin):
    method = (
        build("SPGAN", pair_mode=mode, contrastive_weight=3.0, contrastive_loss=contrastive(margin)).double().eval()
    )
    data = normalised(method)
    drawn = method.draw(data, with_same=False)
    images = {"x_s": data["source_images"], "x_t": data["target_images"], **drawn._asdict()}
    vectors = {
        name: [method.siamese(image[None])[0].tolist() for image in images[name]]
        for name in ("x_s", "x_t", "fake_t", "fake_s")
    }
    twin = slow_contrast(mode, use, margin, vectors)
    if use == "generators":
        ours = method.generator_losses(data, drawn)["loss_contrastive"] / 3
    else:
        ours = method.siamese_loss(data, drawn)
    assert ours.item() == pytest.approx(twin, rel=1e-10)


def contrastive(margin):
    return {"type": "ContrastiveLoss", "margin": margin}


def pulls(mode, margin):
    """The gradient of L_con that reaches the fakes, without dropout."""
    method = build("SPGAN", pair_mode=mode, contrastive_loss=contrastive(margin)).double().eval()
    data = normalised(method)
    drawn = Drawn(*(image.detach().requires_grad_() for image in method.draw(data, with_same=False)[:2]), None, None)
    return torch.autograd.grad(method.contrast(data, drawn, for_generators=True), drawn[:2])


@pytest.mark.parametrize("mode", PAIR_MODES)
def test_negative_pairs_pull_at_the_generators_except_in_the_tensorflow_release(mode):
    for without, with_negatives in zip(pulls(mode, 0.0), pulls(mode, 2.0), strict=True):
        assert without.abs().max() > 0
        assert torch.equal(without, with_negatives) is (mode == "tf")


def test_the_siamese_step_reaches_the_siamese_network_only():
    method = build("SPGAN").train()
    data = normalised(method)
    method.siamese_loss(data, method.draw(data, with_same=False)).backward()
    assert all(parameter.grad is not None for parameter in method.siamese.parameters())
    others = (
        parameter
        for network in (method.g_st, method.g_ts, method.d_s, method.d_t)
        for parameter in network.parameters()
    )
    assert all(parameter.grad is None for parameter in others)


def test_dropout_acts_in_both_steps():
    method = build("SPGAN").train()
    data = normalised(method)
    drawn = method.draw(data, with_same=False)
    for for_generators in (True, False):
        first, second = (method.contrast(data, drawn, for_generators=for_generators) for _ in range(2))
        assert first != second


def step(method, wrappers, number):
    torch.manual_seed(number)  # as SeededEpochLoop does before every step
    return method.train_step(batch(seed=number), wrappers)


@pytest.mark.parametrize("every", [1, 2, 3])
def test_the_schedule_counts_steps(every):
    method = build("SPGAN", siamese_from=1, contrastive_from=4, generator_every=every).train()
    wrappers = optimisers(method)
    for number in range(7):
        before = {name: picture(network) for name, network in method.named_children()}
        losses = step(method, wrappers, number)
        turn = number % every == 0
        assert moved(method.g_st, before["g_st"])[0] is moved(method.g_ts, before["g_ts"])[0] is turn
        assert moved(method.d_s, before["d_s"])[0] is moved(method.d_t, before["d_t"])[0] is True
        assert moved(method.siamese, before["siamese"])[0] is (number >= 1) is ("loss_siamese" in losses)
        assert ("loss_cycle" in losses) is turn
        assert ("loss_contrastive" in losses) is (turn and number >= 4)
    assert method.steps == 7


def state_of(method, wrappers):
    pools = {name: getattr(method, name).training_state() for name in ("pool_s", "pool_t")}
    return copy.deepcopy((method.state_dict(), pools, wrappers.state_dict()))


def test_a_run_interrupted_at_any_step_continues_bit_by_bit():
    schedule = {"siamese_from": 1, "contrastive_from": 2, "generator_every": 2, "pool_size": 3}
    method = build("SPGAN", **schedule).train()
    wrappers, states, last = optimisers(method), [], 5
    for number in range(last):
        states.append(state_of(method, wrappers))
        step(method, wrappers, number)
    end = state_of(method, wrappers)
    for start, (weights_then, pools, optimisers_then) in enumerate(states):
        resumed = build("SPGAN", **schedule).train()
        resumed_wrappers = optimisers(resumed)
        resumed.load_state_dict(weights_then)
        resumed_wrappers.load_state_dict(optimisers_then)
        for name, state in pools.items():
            getattr(resumed, name).load_training_state(state)
        for number in range(start, last):
            step(resumed, resumed_wrappers, number)
        torch.testing.assert_close(state_of(resumed, resumed_wrappers)[:2], end[:2], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("argument", "value", "least"), [("siamese_from", -1, 0), ("contrastive_from", -1, 0), ("generator_every", 0, 1)]
)
def test_a_schedule_that_never_comes(argument, value, least):
    with pytest.raises(UserError, match=f"SPGAN expects {argument} of at least {least}, got {value}"):
        build("SPGAN", **{argument: value})


def test_another_pair_mode():
    with pytest.raises(UserError, match="SPGAN knows pair_mode torch, tf, paper, got 'caffe'"):
        build("SPGAN", pair_mode="caffe")


def test_images_of_another_size_are_refused_before_the_warm_up_is_over():
    method = build("SPGAN", siamese={"type": "SiameseNet", "width": 4, "image_size": (128, 64)}, siamese_from=9)
    with pytest.raises(UserError, match="built for images of 128 x 64"):
        method.train_step(batch(), optimisers(method))


def test_a_siamese_network_for_images_of_another_size():
    method = build("SPGAN", siamese={"type": "SiameseNet", "form": "torch", "width": 4, "image_size": (64, 64)})
    with pytest.raises(
        UserError, match=r"built for images of 64 x 64, got 32 x 16: build it with image_size=\(32, 16\)"
    ):
        method.train_step(batch(), optimisers(method))
