"""DG-Net's step computes what the released order computes, and each term teaches whom it taught there."""

import copy

import pytest
import torch
from torch import nn
from toy_benchmarks import measured
from toy_dgnet import batch, build

from reidzoo.engine.optimizers import MethodOptimWrapperConstructor

LIVE, SCALE = 0.4, 1.0  # a coin that lets E_s learn; of the learning rates, so that a few steps move every network
CLOSE = (1e-11, 1e-8, 1e-6)  # at each step, in float64: norms of few rows and Adam widen what rounding began
DRAWS, RECOGNISES = {"E_s", "G"}, {"E_a"}
#: whom each term of the release teaches; the re-encoded structure by the coin, first where E_s learns from it
FLOW = {
    "adv": (DRAWS, DRAWS),
    "recon_x": (DRAWS, DRAWS),
    "recon_xp": (DRAWS, DRAWS),
    "recon_s": ({"E_s"}, DRAWS),
    "recon_f": (set(), set()),
    "cyc": (DRAWS, DRAWS),
    "recon_id": (DRAWS, DRAWS),
    "id": (RECOGNISES, RECOGNISES),
    "pid": (RECOGNISES, RECOGNISES),
    "prim": (RECOGNISES, RECOGNISES),
    "fine": (RECOGNISES, RECOGNISES),
}


@pytest.fixture
def twins(monkeypatch, request):
    monkeypatch.syspath_prepend(request.config.rootpath / "benchmarks")
    import dgnet_twin

    return dgnet_twin


@pytest.fixture(params=[LIVE, 0.6], ids=["encoder learns", "images learn"])
def coin(request, monkeypatch):
    """What decides whom the re-encoded structure teaches."""
    toss(monkeypatch, request.param)
    return request.param


def toss(monkeypatch, value):
    draw = torch.rand
    monkeypatch.setattr(torch, "rand", lambda *size: torch.tensor(value) if size == ((),) else draw(*size))


def erase(images, prob=0.5):
    """A corner of every image, in place of chance."""
    erased = images.clone()
    erased[..., :20, :20] = 0
    return erased


def lively(**changes):
    """In float64, with weights and biases at which every layer matters."""
    method = build(**changes).double()
    with torch.no_grad():
        for name in ("backbone", "head", "generator", "discriminator"):
            for parameter in getattr(method, name).parameters():
                if parameter.ndim > 1:
                    parameter.mul_(1.5)
                else:
                    parameter.add_(torch.randn_like(parameter), alpha=0.2)
    return method


def optimisers(method):
    """The card's, section 1.8."""
    adam = {"type": "Adam", "lr": 1e-4 * SCALE, "betas": (0.0, 0.999), "weight_decay": 5e-4, "fused": True}
    sgd = {"type": "SGD", "lr": 0.02 * SCALE, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
    wrappers = {name: {"type": "AutocastOptimWrapper", "optimizer": adam} for name in ("generator", "discriminator")}
    slow = {"custom_keys": {"backbone": {"lr_mult": 0.1}}}
    wrappers["appearance"] = {"type": "AutocastOptimWrapper", "optimizer": sgd, "paramwise_cfg": slow}
    return MethodOptimWrapperConstructor(wrappers)(method)


def twin_of(method, twins, **options):
    """A twin that starts as ``method``, with networks of its own."""
    teacher = twins.Logits(method.teacher.load().to(next(method.parameters()).dtype))
    networks = (method.backbone, method.head, method.generator, method.discriminator, teacher)
    return twins.DGNetTwin(*copy.deepcopy(networks), **options)


def groups_of(method, data, twins):
    """a and b of a batch."""
    seen = method.data_preprocessor(data, True)
    parts = zip(*(seen[name].chunk(2) for name in ("images", "positive_images", "pids")), strict=True)
    return [twins.Group(*part) for part in parts]


def weights_of(method, twins):
    weights = method.weights()
    return twins.Weights(recon_s=weights.code, recon_f=weights.code, cyc=weights.cycle, teacher=weights.prim)


def gradients_at(*optimizers):
    """What the parameters' gradients are at each later step of these, in the order of the steps."""
    seen = []

    def note(optimizer, arguments, settings):
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        seen.append([torch.zeros_like(each) if each.grad is None else each.grad.clone() for each in parameters])

    for optimizer in optimizers:
        optimizer.register_step_pre_hook(note)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("ramped", [True, False])
def test_equals_the_released_order_over_steps(twins, monkeypatch, ramped):
    """float64: losses, gradients of every network, parameters; both outcomes of the coin; before and on the ramps."""
    monkeypatch.setattr("reidzoo.methods.dgnet.erase_at_random", erase)
    method = lively(ramp_per_step=0.4, warm_up_steps=0 if ramped else 100, erasing_prob=0.5)
    twin = twin_of(method, twins, erase=erase, lr=SCALE)
    wrappers = optimisers(method)
    start = {name: value.clone() for name, value in method.state_dict().items() if value.is_floating_point()}
    ours = gradients_at(*(wrappers[name].optimizer for name in ("discriminator", "generator", "appearance")))
    theirs = gradients_at(twin.discriminator_optimizer, twin.generator_optimizer, twin.appearance_optimizer)
    for step, coin in enumerate((LIVE, 0.6, LIVE)):
        toss(monkeypatch, coin)
        data = batch(rows=8, seed=step)
        expected = twin.step(*groups_of(method, data, twins), coin, weights_of(method, twins))
        logged = method.train_step(data, wrappers)
        losses = {name.removeprefix("loss_"): value for name, value in logged.items() if name.startswith("loss_")}
        losses["d"] += losses.pop("d_gradient")
        unweighted = {name for name in ("recon_s", "recon_f", "cyc") if not ramped}  # the release computes them
        assert set(losses) == set(expected) - unweighted
        for name, value in losses.items():
            close = {"rtol": CLOSE[step], "atol": 0, "msg": lambda text, name=name: f"{name}: {text}"}
            torch.testing.assert_close(value, expected[name], **close)
    assert len(ours) == len(theirs) == 3 * 3
    for update, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        largest = max(gradient.abs().max().item() for gradient in other)
        for one, two in zip(mine, other, strict=True):
            torch.testing.assert_close(one, two, rtol=0, atol=largest * CLOSE[update // 3], msg=f"update {update}")
    end = method.state_dict()
    for name, network in {"backbone": twin.appearance["backbone"], "head": twin.appearance["head"]}.items():
        for key, value in network.state_dict().items():
            torch.testing.assert_close(end[f"{name}.{key}"], value, rtol=1e-6, atol=1e-7)
    for name in ("generator", "discriminator"):
        for key, value in getattr(twin, name).state_dict().items():
            torch.testing.assert_close(end[f"{name}.{key}"], value, rtol=1e-6, atol=1e-7)
    still = {name for name, value in start.items() if torch.equal(value, end[name])}
    assert not still  # nor did they agree by standing still


def taught_by(loss, networks, codes=None):
    """Which of the networks a term has a gradient for; E_a's also comes through codes that it goes on from."""
    parts = {name: list(network.parameters()) for name, network in networks.items()}
    if codes is not None and codes.requires_grad:
        parts["E_a"].append(codes)
    taught = set()
    for name, tensors in parts.items():
        found = torch.autograd.grad(loss, tensors, retain_graph=True, allow_unused=True) if loss.requires_grad else ()
        if any(each is not None and each.any() for each in found):
            taught.add(name)
    return taught


def flow_of(method):
    """Whom each term of a whole step teaches, as the step froze and cut."""
    wrappers, drawn, terms = optimisers(method), [], {}
    for name in ("draw_all", "generator_losses", "appearance_losses"):
        wanted = getattr(method, name)

        def noted(*given, wanted=wanted):
            result = wanted(*given)
            drawn.append(result) if isinstance(result, tuple) else terms.update(result)
            return result

        setattr(method, name, noted)
    for name in ("discriminator", "generator", "appearance"):
        wrappers[name].update_params = lambda loss: loss.backward(retain_graph=True)
    method.train_step(batch(), wrappers)
    generator = method.generator
    networks = {
        "E_a": nn.ModuleList([method.backbone, method.head]),
        "E_s": generator.structure_encoder,
        "G": nn.ModuleList([generator.mlps, generator.decoder]),
        "D": method.discriminator,
    }
    losses = {name.removeprefix("loss_"): term for name, term in terms.items() if name.startswith("loss_")}
    return {name: taught_by(term, networks, drawn[0].codes) for name, term in losses.items()}


def released(coin):
    return {term: flows[coin != LIVE] for term, flows in FLOW.items()}


def test_each_term_teaches_whom_the_release_teaches(coin):
    assert flow_of(build()) == released(coin)


@pytest.mark.slow
def test_the_code_that_is_read_again_trains_what_draws_where_asked(coin):
    assert flow_of(build(code_trains_decoder=True)) == {**released(coin), "recon_f": DRAWS}


@pytest.mark.slow
def test_drawing_trains_the_appearance_encoder_where_asked(coin):
    drawn = {"adv", "recon_x", "recon_xp", "recon_id"} | ({"recon_s", "cyc"} if coin != LIVE else set())
    flow = flow_of(build(appearance_gradient=True))
    assert flow == {**released(coin), **dict.fromkeys(drawn, DRAWS | RECOGNISES)}


@pytest.mark.slow
def test_the_twin_itself_teaches_whom_the_release_teaches(coin, twins):
    method = build()
    twin = twin_of(method, twins)
    a, b = groups_of(method, batch(), twins)
    twin.draw(a, b)
    networks = {"E_a": twin.appearance, "E_s": twin.generator.structure_encoder}
    networks["G"] = nn.ModuleList([twin.generator.mlps, twin.generator.decoder])
    terms = twin.terms(a, b, coin, twins.Weights())
    assert {name: taught_by(term, networks) for name, term in terms.items()} == released(coin)


@pytest.mark.slow
def test_the_benchmark_of_both_runs_and_tells_what_it_measured(tmp_path):
    figures, printed = measured("dgnet_step.py", "--profile", "--precision", "fp32", folder=tmp_path)
    assert (figures["batch"], figures["precision"], len(figures["ratios"])) == (2, "fp32", 2)
    assert 0 < figures["step_mb"] < figures["twin_step_mb"]
    assert "generator backward" in printed
    assert "aten::" in printed
