"""DG-Net: its ramps, its switches, its start, its test and its drawing; its step has a twin of its own."""

import copy
import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from toy_dgnet import PIDS, TOY, batch, build
from toy_gans import optimisers

from reidzoo.base.errors import UserError
from reidzoo.methods.preprocessor import MEAN, STD

NETWORKS = ("backbone", "head", "generator", "discriminator")
SGD = {"optimizer": {"type": "SGD", "lr": 1e-2}}
UNTAUGHT = {"primary_target": "one-hot", "teacher": None}


def test_a_step_copies_no_network(monkeypatch):
    method = build()
    wrappers = optimisers(method)
    method.train_step(batch(), wrappers)  # which builds the teacher

    def refuse(*arguments):
        raise AssertionError("a step copied something whole")

    monkeypatch.setattr(copy, "deepcopy", refuse)
    method.train_step(batch(), wrappers)


def test_losses_at_the_start():
    """The card, section 1.13: an untrained D answers near 0, untrained heads believe in nobody."""
    torch.manual_seed(0)
    method = build(dropout=True)
    data = {**batch(8), "pids": torch.arange(8) % PIDS}
    logged = method.train_step(data, optimisers(method))
    assert logged["loss_d"].item() == pytest.approx(6, abs=0.1)
    assert logged["loss_adv"].item() == pytest.approx(12, abs=0.2)
    assert logged["loss_pid"].item() == pytest.approx(2 * math.log(PIDS), abs=0.1)
    assert logged["loss_id"].item() == pytest.approx((2 + 2 * 0.4) * math.log(PIDS), abs=0.1)
    assert logged["loss_recon_id"].item() == pytest.approx(math.log(PIDS), abs=0.1)


def test_ramps_of_the_release():
    method = build(warm_up_steps=30_000, ramp_per_step=0.0005)
    expected = {
        0: (0, 0, 0, 0),
        30_000: (0, 0, 0, 0),
        30_001: (0.0005, 0.0005, 0.0005, 0.0001),
        32_000: (1, 1, 1, 0.2),
        33_000: (1, 1.5, 1.5, 0.3),
        34_000: (1, 2, 2, 0.4),
        99_999: (1, 2, 2, 0.4),
    }
    for step, weights in expected.items():
        method.steps.fill_(step)
        assert tuple(method.weights()) == pytest.approx(weights)


def test_before_the_ramps_nothing_ramped_is_computed():
    method = build(warm_up_steps=1, **UNTAUGHT)
    wrappers = optimisers(method, **SGD)
    fine = copy.deepcopy(method.head.fine.state_dict())
    logged = method.train_step(batch(), wrappers)
    late = {"loss_recon_s", "loss_recon_f", "loss_cyc", "loss_prim", "loss_fine"}
    assert not late & set(logged)
    assert int(method.steps) == 2
    for name, parameter in method.head.fine.named_parameters():
        assert torch.equal(parameter, fine[name]), name
    assert late < set(method.train_step(batch(), wrappers))


def test_the_counter_is_part_of_the_state_and_the_teacher_is_not():
    method = build()
    method.train_step(batch(), optimisers(method))
    resumed = build()
    resumed.load_state_dict(method.state_dict())
    assert int(resumed.steps) == 2
    assert {name.split(".")[0] for name in method.state_dict()} == {*NETWORKS, "steps"}


@pytest.mark.slow
def test_the_gradient_at_the_codes_goes_on_through_the_appearance_encoder(monkeypatch):
    """Two backward passes that meet at the codes, against one of everything, in float64."""
    monkeypatch.setattr(torch, "rand", lambda *size: torch.full(size[0] if size and size[0] == () else size, 0.6))
    method = build(appearance_gradient=True, code_trains_decoder=True, **UNTAUGHT).double()
    twin = copy.deepcopy(method)
    method.train_step(batch(), optimisers(method, **SGD))

    data, weights = twin.data_preprocessor(batch(), True), twin.weights()
    drawn = twin.draw_all(data["images"], data["positive_images"], trains_encoder=True)
    own, positive = drawn.encoded.chunk(2)
    images = twin.generator.decode(torch.cat([drawn.structure] * 3), torch.cat([own.roll(2, 0), own, positive]))
    drawn = drawn._replace(
        codes=drawn.encoded, **dict(zip(("cross", "same", "positive"), images.chunk(3), strict=True))
    )
    twin.update_discriminator(data, drawn, optimisers(twin, **SGD)["discriminator"])
    twin.backbone.requires_grad_(False), twin.head.requires_grad_(False)  # in recognise, E_a judges only
    asked = twin.generator_losses(data, drawn, weights)
    twin.backbone.requires_grad_(True), twin.head.requires_grad_(True)
    taught = twin.appearance_losses(data, drawn, weights)
    total = sum(asked.values()) + sum(value for name, value in taught.items() if name.startswith("loss_"))
    networks = [twin.backbone, twin.head, twin.generator]
    optimizer = torch.optim.SGD(itertools.chain(*(each.parameters() for each in networks)), lr=1e-2)
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    for name, value in twin.state_dict().items():
        if name != "steps":
            torch.testing.assert_close(method.state_dict()[name], value, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.slow
def test_gradients_accumulate_over_steps_also_through_the_codes():
    """Two steps of one batch with half the share each equal one step, for E_a that learns by drawing, too."""
    changes = {"appearance_gradient": True, "code_weight": 0.0, "cycle_weight": 0.0, **UNTAUGHT}  # no coin
    once, twice = build(**changes).double(), build(**changes).double()
    wrappers = optimisers(once, **SGD), optimisers(twice, accumulative_counts=2, **SGD)
    for each in (once, twice):  # drawn images are judged by the discriminator after its update: it stays as it is
        each.update_discriminator = lambda *arguments: {}
    once.train_step(batch(), wrappers[0])
    twice.train_step(batch(), wrappers[1])
    twice.train_step(batch(), wrappers[1])
    for (name, one), (_, two) in zip(once.named_parameters(), twice.named_parameters(), strict=True):
        torch.testing.assert_close(one, two, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"primary_weight": 0.0, "teacher": None}, "loss_prim"),
        ({"fine_weight": 0.0}, "loss_fine"),
        ({"mining_weight": 0.0, "teacher": None}, "loss_prim"),
    ],
)
def test_views_are_switched_off_by_their_weights(changes, absent):
    method = build(**changes)
    logged = method.train_step(batch(), optimisers(method))
    assert absent not in logged
    assert {"loss_id", "loss_recon_s"} < set(logged)


def test_in_bfloat16_a_step_is_finite_and_draws_as_in_float32():
    logged = {}
    for precision in ("fp32", "bf16"):
        method = build(**UNTAUGHT)
        logged[precision] = method.train_step(batch(), optimisers(method, precision=precision))
    assert all(value.isfinite() for value in logged["bf16"].values())
    assert all(parameter.isfinite().all() for parameter in method.parameters())
    for name in ("loss_d", "loss_adv", "loss_recon_x", "loss_recon_xp"):
        assert logged["bf16"][name].item() == pytest.approx(logged["fp32"][name].item(), rel=0.02), name


def test_both_views_and_both_images_of_a_person_are_compared():
    method = build().eval()
    images = method.data_preprocessor(batch())["images"]
    feature = method(images, mode="predict")
    views = [method.head.embed(method.backbone(view)) for view in (images, images.flip(-1))]
    halves = sum(F.normalize(view.view(4, 2, 8), dim=2) for view in views)
    prim, fine = F.normalize(halves, dim=2).unbind(1)
    expected = prim @ prim.T + 0.5 * fine @ fine.T
    torch.testing.assert_close(feature @ feature.T, expected)
    torch.testing.assert_close(method.embed(images.flip(-1)), feature)
    method.alpha = 0.0
    assert not method.embed(images)[:, 8:].any()
    method.alpha = float("inf")
    torch.testing.assert_close(method.embed(images), torch.cat([torch.zeros_like(fine), fine], dim=1))


def test_swapped_images_have_the_code_of_one_and_the_structure_of_the_other():
    method = build()
    method.train_step(batch(), optimisers(method))
    data = batch()
    swapped = method.swap(data["images"], data["positive_images"])
    assert method.training
    method.eval()
    one, other = (method.data_preprocessor(data)[name] for name in ("images", "positive_images"))
    code = F.adaptive_max_pool2d(method.backbone(one), (4, 1)).flatten(1)
    drawn = method.generator.decode(method.generator.structure(other.mean(1, keepdim=True)), code)
    pixels = drawn * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)
    assert torch.equal(swapped, pixels.round().clamp(0, 255).byte())
    alone = method.swap(data["images"][1:2], data["positive_images"][1:2])
    assert (alone.int() - swapped[1:2].int()).abs().max() <= 1


def test_rows_of_cross_have_their_own_structure_and_the_other_half_s_appearance():
    method = build().eval()
    data = method.data_preprocessor(batch())
    drawn = method.draw_all(data["images"], data["positive_images"], trains_encoder=False)
    for row in range(4):
        expected = method.draw(data["images"][[(row + 2) % 4]], data["images"][[row]])
        torch.testing.assert_close(drawn.cross[[row]], expected, rtol=1e-3, atol=1e-4)


def test_the_teacher_s_file_is_asked_for_in_the_first_step_and_never_by_a_test():
    method = build(warm_up_steps=1000, teacher_weights="work_dirs/teacher/seed0/epoch_9.pth")
    method.swap(batch()["images"], batch()["images"])
    method(method.data_preprocessor(batch())["images"], mode="predict")
    with pytest.raises(UserError, match="train 'teacher' first"):
        method.train_step(batch(), optimisers(method))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fine_weight": -1.0}, "DGNet expects fine_weight of at least 0, got -1.0"),
        ({"warm_up_steps": -1}, "DGNet expects warm_up_steps of at least 0, got -1"),
        ({"erasing_prob": 1.5}, "DGNet expects an erasing_prob of 0 to 1, got 1.5"),
        ({"primary_target": "onehot"}, "DGNet has no primary_target 'onehot', did you mean 'one-hot'"),
        ({"alpha": -0.5}, "alpha weighs the second half of a feature and is at least 0 .*, got -0.5"),
        ({"teacher": None}, "DGNet with primary_target 'teacher' learns from a teacher: give model.teacher"),
        ({"teacher": {**TOY["teacher"], "num_pids": 7}}, "the teacher tells 7 identities apart .* has 5"),
        ({"head": {"type": "LinearHead"}}, "its head is a PrimaryFineHead, got LinearHead"),
        ({"discriminator": {"type": "PatchDiscriminator"}}, "needs a MultiScaleDiscriminator, got PatchDiscriminator"),
    ],
)
def test_refusals_of_arguments(changes, said):
    with pytest.raises(UserError, match=said):
        build(**changes)


def test_refusals_of_batches():
    method = build(**UNTAUGHT)
    wrappers = optimisers(method)
    for rows in (2, 5):
        with pytest.raises(UserError, match=rf"swaps the two halves of a batch, .* got {rows} image"):
            method.train_step(batch(rows), wrappers)
    alone = batch()
    del alone["positive_images"]
    with pytest.raises(UserError, match="train it on the data set PositivePairs"):
        method.train_step(alone, wrappers)
    with pytest.raises(UserError, match="DGNet learns by three updates a step"):
        method(method.data_preprocessor(batch())["images"], batch()["pids"], mode="loss")
