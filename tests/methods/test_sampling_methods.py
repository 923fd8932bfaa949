"""What every method promises that draws from noise, and the steps of GAN, DCGAN and LSGAN from their formulas."""

import copy
import math

import pytest
import torch
from toy_gans import DC, GAN, SAMPLING, build, moved, optimisers, picture, sampling_batch

from reidzoo.base.errors import UserError
from reidzoo.methods.gan import GAN as GANMethod
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.registry import METHODS, all_shelves

every_method = pytest.mark.parametrize("name", sorted(SAMPLING))


def buffers(module):
    return {key: value.clone() for key, value in module.named_buffers()}


def test_every_sampling_method_has_a_toy_row():
    shelf = all_shelves()["methods"].module_dict.values()
    methods = {cls for cls in shelf if issubclass(cls, SamplingMethod)}
    assert {cls.__name__ for cls in methods if cls.__module__.startswith("reidzoo.")} == set(SAMPLING)


@every_method
def test_noise_is_a_function_of_its_generator_and_of_torchs_chance_without_one(name):
    method, chance = build(name), torch.get_rng_state()
    first, again = (method.noise(3, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), chance)
    assert torch.equal(first, again)
    assert (first.shape, first.dtype, first.device.type) == ((3, method.noise_size), torch.float32, "cpu")
    torch.manual_seed(7)
    assert torch.equal(method.noise(3), first)
    assert not torch.equal(method.noise(3), first)


@pytest.mark.parametrize(("name", "uniform"), [("GAN", True), ("DCGAN", True), ("LSGAN", False)])
def test_noise_has_the_published_distribution(name, uniform):
    noise = build(name).noise(20_000, torch.Generator().manual_seed(0)).double()
    assert abs(noise.mean()) < 0.02
    assert noise.square().mean().item() == pytest.approx(1 / 3 if uniform else 1, rel=0.02)
    assert noise.pow(4).mean().item() == pytest.approx(1 / 5 if uniform else 3, rel=0.03)
    assert (noise.abs().max() <= 1) == uniform


@every_method
def test_samples_are_bytes_and_do_not_depend_on_the_batch(name):
    method = build(name).double()  # in float32 a sum's order could turn a byte at the edge of rounding
    method.train_step(sampling_batch(name), optimisers(method))  # running statistics that are not 0 and 1
    noise = method.noise(5)
    images = method.sample(noise)
    assert (images.dtype, images.shape) == (torch.uint8, (5, 3, *method.image_size))
    assert torch.equal(method.sample(noise), images)
    assert torch.equal(torch.cat([method.sample(row[None]) for row in noise]), images)
    assert images.unique().numel() > 10  # neither grey nor black and white
    with torch.no_grad():
        expected = 127.5 * method.eval().g(noise.double()) + 127.5
    assert torch.equal(images, expected.round().byte())


@every_method
def test_sampling_leaves_modes_statistics_and_chance_as_they_were(name):
    method = build(name).train()
    method.d.eval()
    chance, before, noise = torch.get_rng_state(), buffers(method), torch.zeros(2, 5)
    assert not method.sample(noise).requires_grad
    with pytest.raises(UserError, match="built for noise of B x 5, got 2 x 4: "):
        method.sample(noise[:, :4])
    assert all(module.training for module in (method, *method.g.modules()))
    assert not any(module.training for module in method.d.modules())
    assert all(torch.equal(value, before[key]) for key, value in method.named_buffers())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in method.parameters())
    assert torch.equal(torch.get_rng_state(), chance)


@every_method
def test_a_step_updates_both_networks_and_their_statistics(name):
    method = build(name).train()
    networks, statistics = [(network, picture(network)) for network in (method.g, method.d)], buffers(method)
    losses = method.train_step(sampling_batch(name), optimisers(method))
    assert set(losses) == {"loss_d", "loss_g"} | ({"loss_penalty"} if name == "LSGAN" else set())
    assert all(value.ndim == 0 and torch.isfinite(value) for value in losses.values())
    assert all(moved(*network)[0] for network in networks)
    for key, value in method.named_buffers():
        assert torch.equal(value, statistics[key]) == (key in ("data_preprocessor.mean", "data_preprocessor.std")), key


@every_method
def test_each_update_leaves_the_other_network_alone(name):
    method = build(name).train()
    wrappers, noise = optimisers(method), method.noise(4)
    images = method.data_preprocessor(sampling_batch(name), True)["images"]
    generator = picture(method.g)
    method.update_discriminator(images, noise, wrappers["discriminator"])
    assert not moved(method.g, generator)[0]
    assert all(parameter.grad is None for parameter in method.g.parameters())
    discriminator = picture(method.d)
    gradients = [parameter.grad for parameter in method.d.parameters()]
    method.update_generator(noise, wrappers["generator"])
    assert not moved(method.d, discriminator)[0]
    assert [parameter.grad for parameter in method.d.parameters()] == gradients == [None] * len(gradients)
    assert moved(method.g, generator)[0]
    assert all(parameter.requires_grad for parameter in method.parameters())


@every_method
@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_networks_compute_in_the_optimisers_precision_and_losses_in_float32(name, precision, dtype):
    method, seen = build(name).train(), {}
    for key, module in method.named_modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            module.register_forward_hook(
                lambda module, images, out, key=key: seen.setdefault(key, set()).add(out.dtype)
            )
    losses = method.train_step(sampling_batch(name), optimisers(method, precision=precision))
    assert {key.split(".")[0] for key in seen} == {"g", "d"}
    assert all(dtypes == {dtype} for dtypes in seen.values())
    assert {loss.dtype for loss in losses.values()} == {torch.float32}


def slow_mean(values, term):
    values = values.flatten()
    return sum(term(value) for value in values) / len(values)


def minus_log_sigmoid(score):
    return (1 + (-score).exp()).log()


#: D's loss on real and fake scores, G's loss on fake scores, updates of G a step
GAMES = {
    "GAN": (
        lambda real, fake: slow_mean(real, minus_log_sigmoid) + slow_mean(fake, lambda s: minus_log_sigmoid(-s)),
        lambda fake: slow_mean(fake, lambda s: -minus_log_sigmoid(-s)),  # log(1 - D(G(z)))
        1,
    ),
    "DCGAN": (
        lambda real, fake: slow_mean(real, minus_log_sigmoid) + slow_mean(fake, lambda s: minus_log_sigmoid(-s)),
        lambda fake: slow_mean(fake, minus_log_sigmoid),
        2,
    ),
    "LSGAN": (
        lambda real, fake: (slow_mean(real, lambda s: (s - 1) ** 2) + slow_mean(fake, lambda s: s**2)) / 2,
        lambda fake: slow_mean(fake, lambda s: (s - 1) ** 2),
        1,
    ),
}


class SlowAdam:
    """Kingma & Ba, ICLR 2015, algorithm 1, entry by entry of a list of parameters."""

    def __init__(self, network, lr=1e-3, betas=(0.5, 0.999)):
        self.parameters, self.lr, self.betas, self.t = list(network.parameters()), lr, betas, 0
        self.first, self.second = ([torch.zeros_like(each) for each in self.parameters] for _ in range(2))

    @torch.no_grad()
    def step(self, loss):
        gradients = torch.autograd.grad(loss, self.parameters)
        self.t += 1
        one, two = self.betas
        for parameter, gradient, m, v in zip(self.parameters, gradients, self.first, self.second, strict=True):
            m.copy_(one * m + (1 - one) * gradient)
            v.copy_(two * v + (1 - two) * gradient**2)
            parameter -= self.lr * (m / (1 - one**self.t)) / ((v / (1 - two**self.t)).sqrt() + 1e-8)


def twin_step(name, g, d, adam_g, adam_d, images, noise):
    """A step as the formulas say it: what it minimises of D, of G at its last update, and of the penalty."""
    of_d, of_g, updates = GAMES[name]
    real = ((images.double() - 127.5) / 127.5).requires_grad_()
    real_scores = d(real)
    penalty = torch.zeros((), dtype=torch.float64)
    if name == "LSGAN":  # 1e-4 / 2 times the mean of |gradient of D's summed scores at x|^2
        slopes = torch.autograd.grad(real_scores.sum(), real, create_graph=True)[0]
        penalty = 1e-4 / 2 * sum((slope**2).sum() for slope in slopes) / len(images)
    loss_d = of_d(real_scores, d(g(noise).detach()))
    adam_d.step(loss_d + penalty)
    for _ in range(updates):
        loss_g = of_g(d(g(noise)))
        adam_g.step(loss_g)
    return loss_d.item(), loss_g.item(), penalty.item()


@every_method
def test_two_steps_are_those_of_the_formulas(name):
    """float64; losses, parameters and the discriminator's running statistics."""
    small = {"width": 1, "noise_size": 3, "image_size": (32, 32)}
    networks = {
        "generator": {**SAMPLING[name]["generator"], **small},
        "discriminator": {**SAMPLING[name]["discriminator"], "width": 1},
    }
    if name != "LSGAN":
        networks["discriminator"]["image_size"] = (32, 32)
    method = build(name, **networks).double().train()
    g, d = copy.deepcopy(method.g), copy.deepcopy(method.d)
    adam_g, adam_d, wrappers = SlowAdam(g), SlowAdam(d), optimisers(method)
    start = picture(method)
    for step in range(2):
        images = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
        torch.manual_seed(step)
        losses = method.train_step({"images": images}, wrappers)
        torch.manual_seed(step)
        noise = (torch.randn(3, 3) if name == "LSGAN" else 2 * torch.rand(3, 3) - 1).double()
        loss_d, loss_g, penalty = twin_step(name, g, d, adam_g, adam_d, images, noise)
        assert losses["loss_d"].item() == pytest.approx(loss_d, rel=1e-10)
        assert losses["loss_g"].item() == pytest.approx(loss_g, rel=1e-10)
        if name == "LSGAN":
            assert losses["loss_penalty"].item() == pytest.approx(penalty, rel=1e-10)
            assert penalty > 0
    for ours, theirs in ((method.g, g), (method.d, d)):
        for (key, value), expected in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
            torch.testing.assert_close(
                value, expected, rtol=1e-7, atol=1e-9, msg=lambda text, key=key: f"{key}: {text}"
            )
    assert moved(method, start)[1]  # nor did they agree by standing still


@pytest.mark.parametrize("updates", [1, 3])
def test_dcgan_updates_its_generator_as_often_as_asked_on_the_same_noise(updates, monkeypatch):
    method, seen = build("DCGAN", generator_steps=updates).train(), []
    update = method.update_generator

    def kept(noise, wrapper):
        seen.append((noise.clone(), picture(method.g)))
        return update(noise, wrapper)

    monkeypatch.setattr(method, "update_generator", kept)
    method.train_step(sampling_batch("DCGAN"), optimisers(method))
    assert len(seen) == updates
    assert all(torch.equal(noise, seen[0][0]) for noise, _ in seen)
    assert all(moved(method.g, weights)[0] for _, weights in seen)
    assert build("DCGAN").generator_steps == 2


def test_the_games_that_methods_play_by_default():
    assert build("GAN").adversarial_loss.game == "minimax"
    assert build("DCGAN").adversarial_loss.game == "non-saturating"
    assert type(build("LSGAN").adversarial_loss).__name__ == "LeastSquaresGANLoss"
    other = build("GAN", adversarial_loss={"type": "VanillaGANLoss"})
    assert other.adversarial_loss.game == "non-saturating"


def test_without_its_weight_there_is_no_penalty():
    method = build("LSGAN", penalty_weight=0.0).train()
    assert set(method.train_step(sampling_batch("LSGAN"), optimisers(method))) == {"loss_d", "loss_g"}


def test_real_and_fake_images_are_normalised_apart():
    """Real images of one grey and fakes of another: normalised together they would differ, apart they do not."""
    method = build("DCGAN").train()
    grey, dark = torch.full((4, 3, 32, 16), 0.5), torch.full((4, 3, 32, 16), -0.5)
    with torch.no_grad():
        apart = method.discriminator_losses(grey, dark)["loss_d"]
        expected = method.adversarial_loss.discriminator(method.d(grey), method.d(dark))
        together = method.adversarial_loss.discriminator(*method.d(torch.cat([grey, dark])).split(4))
    assert torch.equal(apart, expected)
    assert not math.isclose(apart.item(), together.item(), rel_tol=1e-3)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("DCGAN", {"generator_steps": 0}, "DCGAN expects generator_steps of at least 1, got 0: LSRO has 2"),
        ("DCGAN", {"generator_steps": 1.5}, "got 1.5"),
        ("LSGAN", {"penalty_weight": -1.0}, "LSGAN expects penalty_weight of at least 0, got -1"),
        (
            "GAN",
            {"generator": GAN["generator"]},
            "GAN draws from noise, and ResNetGenerator from images: take .* DCGAN",
        ),
    ],
)
def test_arguments_that_make_no_sense(name, changes, said):
    with pytest.raises(UserError, match=said):
        build(name, **changes)


@every_method
def test_a_batch_of_one_image_has_no_statistics(name):
    method = build(name).train()
    with pytest.raises(UserError, match=f"^{name} got a batch of 1 image, .*train_dataloader.drop_last=True$"):
        method.train_step(sampling_batch(name, size=1), optimisers(method))


@every_method
def test_training_images_of_another_size(name):
    method = build(name).train()
    height, width = method.image_size
    said = rf"images are 48 x {width}, and the generator draws {height} x {width}: .*image_size=\(48, {width}\)"
    with pytest.raises(UserError, match=said):
        method.train_step({"images": torch.zeros(2, 3, 48, width, dtype=torch.uint8)}, optimisers(method))


def test_a_discriminator_of_another_size_than_the_generator():
    method = METHODS.build({"type": "GAN", **DC, "discriminator": {"type": "DCGANDiscriminator", "width": 2}})
    assert isinstance(method, GANMethod)
    with pytest.raises(UserError, match="DCGANDiscriminator was built for images of 128 x 128, got 32 x 16"):
        method.train_step(sampling_batch("GAN"), optimisers(method))
