"""Restraint and relaxation: what moves when, what the SVD keeps, and that a resumed run goes on in mid-phase."""

import copy

import pytest
import torch

from reidzoo.apis.configs import read_config
from reidzoo.apis.training import train
from reidzoo.base.errors import UserError
from reidzoo.engine.precision import AutocastOptimWrapper
from reidzoo.methods import svdnet
from reidzoo.methods.svdnet import SVDNet, decorrelated, orthogonality

BACKBONE = {"type": "OSNet", "width": 0.25}
HEAD = {"type": "EigenHead", "eigen_dim": 6}
ROUNDS = {"steps_before": 2, "rounds": 2, "restraint_steps": 3, "relaxation_steps": 2}


def toy(**arguments):
    torch.manual_seed(0)
    return SVDNet(BACKBONE, HEAD, num_pids=3, **{**ROUNDS, **arguments})


def adamw(method, **settings):
    optimizer = torch.optim.AdamW(method.parameters(), lr=1e-2, weight_decay=0.1)
    return AutocastOptimWrapper(optimizer, **settings)


def momentum_sgd(method, **settings):
    optimizer = torch.optim.SGD(method.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True)
    return AutocastOptimWrapper(optimizer, **settings)


def batch(seed):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (4, 3, 32, 16), dtype=torch.uint8, generator=generator)
    return {"images": images, "pids": torch.arange(4) % 3}


def near_collinear(k=6, d=20):
    """Weight vectors that resemble each other, as training leaves them."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(k, d, generator=generator, dtype=torch.float64)
    return noise + 2 * torch.randn(1, d, generator=generator, dtype=torch.float64)


def test_decorrelation_keeps_distances_and_makes_the_gram_matrix_diagonal():
    weight = near_collinear()
    new = decorrelated(weight)
    features = torch.randn(9, 20, dtype=torch.float64)
    torch.testing.assert_close(torch.cdist(features @ new.T, features @ new.T),
                               torch.cdist(features @ weight.T, features @ weight.T))  # fmt: skip
    gram = new @ new.T
    torch.testing.assert_close(gram, torch.diag(gram.diagonal()), atol=1e-10, rtol=0)
    assert orthogonality(weight) < 0.5
    assert orthogonality(new).item() == pytest.approx(1, abs=1e-6)
    singular = torch.linalg.svdvals(weight)
    torch.testing.assert_close(new.norm(dim=1).sort(descending=True).values, singular)


def test_vectors_take_the_places_of_the_nearest_old_ones():
    """Greedy in the order of the old vectors, written as loops; then the sign that points the same way."""
    weight = near_collinear()
    left, values, _ = torch.linalg.svd(weight.T, full_matrices=False)
    free = [left[:, k] * values[k] for k in range(6)]
    twin = []
    for old in weight:
        cosines = [float(old @ vector / old.norm() / vector.norm()) for vector in free]
        best = max(range(len(free)), key=lambda k: abs(cosines[k]))
        twin.append(free.pop(best) * (1 if cosines[best] >= 0 else -1))
    torch.testing.assert_close(decorrelated(weight), torch.stack(twin))


def test_orthogonal_vectors_stay_as_they_are():
    weight = torch.linalg.qr(torch.randn(20, 6, dtype=torch.float64))[0].T
    weight = weight * torch.tensor([[3.0], [1.0], [-2.0], [5.0], [0.5], [4.0]], dtype=torch.float64)
    torch.testing.assert_close(decorrelated(weight), weight)
    float32 = weight.float()
    assert decorrelated(float32).dtype == torch.float32


def test_vectors_of_lower_rank_become_zeros_not_nan():
    new = decorrelated(torch.ones(3, 5, dtype=torch.float64))
    gram = new @ new.T
    torch.testing.assert_close(gram, torch.diag(torch.tensor([15.0, 0, 0], dtype=torch.float64)), atol=1e-12, rtol=0)


def test_known_values_of_the_diagnostic():
    assert orthogonality(torch.eye(3, 7)) == 1
    assert orthogonality(torch.ones(4, 7)).item() == pytest.approx(1 / 4)
    assert orthogonality(torch.tensor([[1.0, 0.0], [-1.0, 1.0]])).item() == pytest.approx(3 / 5)  # |g| = 1 1; 1 2


def test_phases_of_a_run():
    method = toy()
    seen = []
    for step in range(14):
        method.step.fill_(step)
        seen.append(method.phase())
    one_round = [("restraint", 0), ("restraint", 1), ("restraint", 2), ("relaxation", 0), ("relaxation", 1)]
    assert seen == [("step 0", 0), ("step 0", 1), *one_round * 2, ("relaxation", 2), ("relaxation", 3)]
    method = toy(rounds=0)
    method.step.fill_(1000)
    assert method.phase() == ("step 0", 1000)
    assert toy(steps_before=0).phase() == ("restraint", 0)


@pytest.mark.parametrize("optim", [adamw, momentum_sgd])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_moves_in_which_phase(optim, precision):
    method = toy().train()
    wrapper = optim(method, precision=precision, clip_grad={"max_norm": 1e-3})
    weight, classifier = method.head.eigenlayer.weight, method.head.classifier.weight
    for step in range(12):
        phase, done = method.phase()
        before, classifier_before = weight.detach().clone(), classifier.detach().clone()
        logged = method.train_step(batch(step), wrapper)
        assert not torch.equal(classifier, classifier_before)
        if phase == "restraint":
            expected = decorrelated(before) if done == 0 else before
            assert torch.equal(weight, expected), "restraint: no gradient, decay or momentum moves W"
            assert logged["orthogonality"].item() == pytest.approx(1, abs=1e-5)
            assert weight not in wrapper.optimizer.state
        else:
            assert not torch.equal(weight, before)
        assert logged["loss"] == logged["loss_id"], "the diagnostic is not minimised"
    assert int(method.step) == 12


def test_the_optimisers_memory_of_the_eigenlayer_begins_anew_with_the_relaxation():
    method = toy().train()
    wrapper = adamw(method)
    weight, classifier = method.head.eigenlayer.weight, method.head.classifier.weight
    for step in range(6):  # 2 of step 0, 3 of restraint, 1 of relaxation
        method.train_step(batch(step), wrapper)
    assert wrapper.optimizer.state[weight]["step"] == 1
    assert wrapper.optimizer.state[classifier]["step"] == 6


def test_without_rounds_it_is_a_plain_run():
    method, plain = toy(rounds=0).train(), toy(rounds=0).train()
    ours, theirs = adamw(method), adamw(plain)
    for step in range(4):
        torch.manual_seed(step)
        method.train_step(batch(step), ours)
        torch.manual_seed(step)
        losses = plain(**plain.data_preprocessor(batch(step), True), mode="loss")
        theirs.update_params(losses["loss_id"])
    for (name, one), two in zip(method.named_parameters(), plain.parameters(), strict=True):
        assert torch.equal(one, two), name


def test_gradients_accumulate_over_steps():
    method = toy(rounds=0).train()
    wrapper = adamw(method, accumulative_counts=2)
    before = method.head.classifier.weight.detach().clone()
    method.train_step(batch(0), wrapper)
    assert torch.equal(method.head.classifier.weight, before)
    method.train_step(batch(1), wrapper)
    assert not torch.equal(method.head.classifier.weight, before)


def test_state_dicts_of_method_and_optimiser_are_all_that_a_resumed_run_needs():
    def steps(method, wrapper, numbers):
        for step in numbers:
            torch.manual_seed(step)
            method.train_step(batch(step), wrapper)

    method = toy().train()
    wrapper = adamw(method)
    steps(method, wrapper, range(4))  # in the middle of a restraint
    saved, optimiser = copy.deepcopy((method.state_dict(), wrapper.state_dict()))
    steps(method, wrapper, range(4, 9))
    resumed = toy().train()
    resumed.load_state_dict(saved)
    again = adamw(resumed)
    again.load_state_dict(optimiser)
    steps(resumed, again, range(4, 9))
    for (name, one), two in zip(method.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(one, two), name


@pytest.mark.slow
def test_the_runner_resumes_in_mid_phase(toy_config, tmp_path):
    def run(folder, epochs, resume=False):
        model = {"_delete_": True, "type": "SVDNet", "backbone": BACKBONE, "head": HEAD, **ROUNDS}
        config = toy_config(model=model, **{"train_cfg.max_epochs": epochs, "optim_wrapper.optimizer.momentum": 0.9})
        return train(config, work_dir=tmp_path / folder, resume=resume).model

    whole = run("whole", 2)
    assert int(whole.step) == 12
    assert run("parts", 1).phase() == ("relaxation", 1)  # the sixth step ends an epoch and no phase
    resumed = run("parts", 2, resume=True)
    for (name, one), two in zip(whole.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(one, two), name


def test_several_processes_without_its_own_step_are_refused(monkeypatch):
    monkeypatch.setattr(svdnet, "get_world_size", lambda: 2)
    method = toy()
    with pytest.raises(UserError, match="model_wrapper_cfg=dict\\(type='OwnStepDistributedDataParallel'\\)"):
        method(**method.data_preprocessor(batch(0), True), mode="loss")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"rounds": -1}, "SVDNet expects rounds of at least 0, got -1"),
        ({"restraint_steps": 0}, "SVDNet expects restraint_steps of at least 1, got 0"),
    ],
)
def test_refusals(arguments, said):
    with pytest.raises(UserError, match=said):
        toy(**arguments)


def test_another_head_is_refused():
    with pytest.raises(UserError, match="its head is an EigenHead, got LinearHead"):
        SVDNet(BACKBONE, {"type": "LinearHead"}, num_pids=3, steps_before=1, rounds=1)


def test_the_shipped_baseline_differs_in_the_rounds_only():
    names = ("svdnet", "svdnet-baseline")
    ours, base = (read_config(f"configs/svdnet/{name}_osnet-x0-25_synthped-day.py").to_dict() for name in names)
    rounds = {key: ours["model"].pop(key) for key in ("rounds", "restraint_steps", "relaxation_steps")}
    assert base["model"].pop("rounds") == 0
    assert ours == base
    length = rounds["restraint_steps"] + rounds["relaxation_steps"]
    assert ours["model"]["steps_before"] + rounds["rounds"] * length == 15 * 46  # ends with the last relaxation
