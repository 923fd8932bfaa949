"""What every translation on the shelf promises, and the terms of CycleGAN from their formulas."""

import pytest
import torch
from toy_gans import TOY, batch, build, moved, normalised, optimisers, picture

from reidzoo.base.errors import UserError
from reidzoo.methods.translation import DIRECTIONS, TranslationMethod
from reidzoo.registry import all_shelves

every_method = pytest.mark.parametrize("name", sorted(TOY))
IMAGES = batch(5)["source_images"]


def test_every_translation_has_a_toy_row():
    shelf = all_shelves()["methods"].module_dict.values()
    translations = {cls for cls in shelf if issubclass(cls, TranslationMethod)}
    assert {cls.__name__ for cls in translations if cls.__module__.startswith("reidzoo.")} == set(TOY)


@every_method
def test_translated_images_are_bytes_of_the_same_size_and_do_not_depend_on_the_batch(name):
    method = build(name).double()  # in float32 a sum's order could turn a byte at the edge of rounding
    for direction in DIRECTIONS:
        drawn = method.translate(IMAGES, direction)
        assert (drawn.dtype, drawn.shape) == (torch.uint8, IMAGES.shape)
        assert torch.equal(method.translate(IMAGES, direction), drawn)
        assert torch.equal(torch.cat([method.translate(image[None], direction) for image in IMAGES]), drawn)
        with torch.no_grad():
            expected = 127.5 * method.generator(direction)((IMAGES.double() - 127.5) / 127.5) + 127.5
        assert torch.equal(drawn, expected.round().byte())
        assert drawn.unique().numel() > 100  # neither grey nor black and white


@every_method
def test_reconstruction_goes_there_and_back(name):
    method = build(name)
    there, back = method.translate(IMAGES, "t2s"), "s2t"
    assert torch.equal(method.reconstruct(IMAGES, "t2s"), method.translate(there, back))
    assert not torch.equal(there, method.translate(IMAGES, back))


@every_method
def test_another_direction(name):
    method = build(name)
    for draw in (method.translate, method.reconstruct, lambda images, to: method(images.float(), to)):
        with pytest.raises(UserError, match=r"'s2t' \(source to target\) or 't2s' \(target to source\), got 'back'"):
            draw(IMAGES, "back")


@every_method
def test_sizes_that_cannot_be_halved_twice(name):
    with pytest.raises(UserError, match=r"divisible by 4, 8 at least, got 30 x 16: resize to 28 x 16 or 32 x 16"):
        build(name).translate(IMAGES[:, :, :30])


@every_method
def test_translating_leaves_modes_gradients_and_chance_as_they_were(name):
    method = build(name).train()
    method.d_s.eval()
    for parameter in method.g_st.parameters():
        parameter.grad = torch.ones_like(parameter)
    chance = torch.get_rng_state()
    assert not method.translate(IMAGES).requires_grad
    with pytest.raises(UserError, match="divisible"):
        method.translate(IMAGES[:, :, :30])
    assert all(module.training for module in (method, *method.g_st.modules(), *method.d_t.modules()))
    assert not any(module.training for module in method.d_s.modules())
    assert all((parameter.grad == 1).all() for parameter in method.g_st.parameters())
    assert all(parameter.grad is None for parameter in method.g_ts.parameters())
    assert torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), chance)


@pytest.mark.parametrize("stochastic", [True, False])
def test_dropout_is_on_at_translation_only_where_asked(stochastic):
    generator = {**TOY["CycleGAN"]["generator"], "dropout": 0.5}
    method = build("CycleGAN", generator=generator, stochastic=stochastic).eval()
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(method.translate(IMAGES))
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], drawn[2]) is not stochastic
    assert not method.g_st.training


@every_method
def test_a_step_updates_every_network_and_gives_finite_losses(name):
    method = build(name).train()
    networks = [network for group in method.optimized().values() for network in group]
    before = [picture(network) for network in networks]
    losses = method.train_step(batch(), optimisers(method))
    assert all(key.startswith("loss_") for key in losses)
    assert all(value.ndim == 0 and torch.isfinite(value) for value in losses.values())
    assert all(moved(network, old)[0] for network, old in zip(networks, before, strict=True))
    assert {id(parameter) for network in networks for parameter in network.parameters()} == set(
        map(id, method.parameters())
    )


@every_method
def test_each_update_leaves_the_other_networks_alone(name):
    method = build(name).train()
    wrappers, data = optimisers(method), normalised(method)
    judges = [(network, picture(network)) for network in method.judges()]
    drawn, _ = method.update_generators(data, wrappers["generators"])
    assert not any(moved(*judge)[0] for judge in judges)
    assert all(parameter.grad is None for network, _ in judges for parameter in network.parameters())
    assert all(parameter.requires_grad for parameter in method.parameters())
    generators = [(network, picture(network)) for network in (method.g_st, method.g_ts)]
    method.update_discriminators(data, drawn, wrappers["discriminators"])
    assert not any(moved(*generator)[0] for generator in generators)
    assert all(parameter.grad is None for network, _ in generators for parameter in network.parameters())
    assert all(moved(*judge)[0] for judge in judges[:2])  # a third judge learns in a step of its own


@every_method
@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_every_network_computes_in_the_optimisers_precision_and_losses_in_float32(name, precision, dtype):
    method, seen = build(name).train(), {}
    for key, module in method.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(
                lambda module, images, out, key=key: seen.setdefault(key, set()).add(out.dtype)
            )
    losses = method.train_step(batch(), optimisers(method, precision=precision))
    assert {key.split(".")[0] for key in seen} == {network for network, _ in method.named_children()} & {
        "g_st", "g_ts", "d_s", "d_t", "siamese",
    }  # fmt: skip
    assert all(dtypes == {dtype} for dtypes in seen.values())
    assert {loss.dtype for loss in losses.values()} == {torch.float32}


def slow_mean(values):
    values = values.detach().flatten().tolist()
    return sum(values) / len(values)


def slow_l1(drawn, image):
    pairs = list(zip(drawn.detach().flatten().tolist(), image.flatten().tolist(), strict=True))
    return sum(abs(a - b) for a, b in pairs) / len(pairs)


def test_the_terms_of_cyclegan_are_those_of_the_formulas():
    """Image by image in float64; each network by itself, each image in a pass of its own."""
    method = build("CycleGAN", cycle_weight=7.0, identity_weight=3.0, pool_size=0).double()
    data, shown = normalised(method), batch()
    drawn = method.draw(data, with_same=True)
    ours = {**method.generator_losses(data, drawn), **method.discriminator_losses(data, drawn)}
    twin = dict.fromkeys(ours, 0.0)
    images = [(shown[f"{domain}_images"].double() - 127.5) / 127.5 for domain in ("source", "target")]
    for x, y in zip(images[0].split(1), images[1].split(1), strict=True):
        fake_t, fake_s = method.g_st(x), method.g_ts(y)
        twin["loss_g_st"] += slow_mean((method.d_t(fake_t) - 1) ** 2) / 2
        twin["loss_g_ts"] += slow_mean((method.d_s(fake_s) - 1) ** 2) / 2
        twin["loss_cycle"] += 7 * (slow_l1(method.g_ts(fake_t), x) + slow_l1(method.g_st(fake_s), y)) / 2
        twin["loss_identity"] += 3 * (slow_l1(method.g_st(y), y) + slow_l1(method.g_ts(x), x)) / 2
        for name, judge, real, fake in (("s", method.d_s, x, fake_s), ("t", method.d_t, y, fake_t)):
            twin[f"loss_d_{name}"] += 0.5 * (slow_mean((judge(real) - 1) ** 2) + slow_mean(judge(fake) ** 2)) / 2
    assert {key: value.item() for key, value in ours.items()} == pytest.approx(twin, rel=1e-10)


def test_without_its_weight_there_is_no_identity_mapping():
    method = build("CycleGAN", identity_weight=0.0).train()
    assert "loss_identity" not in method.train_step(batch(), optimisers(method))


@pytest.mark.parametrize(
    ("name", "weight"),
    [(name, weight) for name in sorted(TOY) for weight in ("cycle_weight", "identity_weight") if name != "PTGAN"]
    + [("PTGAN", "cycle_weight"), ("PTGAN", "foreground_weight"), ("SPGAN", "contrastive_weight")],
)
def test_negative_weights(name, weight):
    with pytest.raises(UserError, match=f"{name} expects {weight} of at least 0, got -1"):
        build(name, **{weight: -1.0})


@pytest.mark.parametrize("images", [torch.rand(1, 3, 32, 16), torch.zeros(3, 32, 16, dtype=torch.uint8), [1, 2]])
def test_what_is_no_batch_of_bytes_is_not_translated(images):
    with pytest.raises(UserError, match=r"takes a B x 3 x H x W uint8 tensor, got .*: reidzoo\.apis\.Translator"):
        build("CycleGAN").translate(images)
