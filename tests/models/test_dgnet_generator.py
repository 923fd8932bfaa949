"""The generator of DG-Net against its released sizes and its formula, layer by layer."""

import re
from math import sqrt

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.models.generators import DGNetGenerator
from reidzoo.models.layer_norm import LayerNorm
from reidzoo.registry import GENERATORS

SIZE = (48, 40)
ORDERS = (torch.contiguous_format, torch.channels_last)


def toy(**arguments):
    torch.manual_seed(0)
    return DGNetGenerator(**{"code_size": 24, "width": 2, "mlp_width": 5, "blocks": 2, **arguments})


def toy_batch(batch=2, size=SIZE, dtype=torch.float32):
    """Grey images and codes."""
    rng = torch.Generator().manual_seed(1)
    grey = torch.randn(batch, 1, *size, dtype=torch.float64, generator=rng)
    return grey.to(dtype), torch.randn(batch, 24, dtype=torch.float64, generator=rng).to(dtype)


def liven(network):
    """Biases that a formula has to get right."""
    for key, parameter in network.named_parameters():
        if key.endswith("bias"):
            nn.init.normal_(parameter, std=0.2)
    return network


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def layers_of(network, *kinds):
    return iter([module for module in network.modules() if isinstance(module, kinds)])


def leaky(x):
    return torch.where(x > 0, x, 0.2 * x)


def norm(x):
    mean = x.mean(dim=(2, 3), keepdim=True)
    return (x - mean) / ((x - mean).square().mean(dim=(2, 3), keepdim=True) + 1e-5).sqrt()


def conv(x, layer, stride=1, dilation=1):
    """With the border mirrored, the outermost row itself not repeated."""
    reach = dilation * (layer.kernel_size[0] // 2)
    rows, columns = (
        [*range(reach, 0, -1), *range(side), *range(side - 2, side - 2 - reach, -1)] for side in x.shape[2:]
    )
    return F.conv2d(x[:, :, rows][:, :, :, columns], layer.weight, layer.bias, stride=stride, dilation=dilation)


def test_counts():
    with torch.device("meta"):
        generator = DGNetGenerator()
    assert {name: count(child) for name, child in generator.named_children()} == {
        "structure_encoder": 380_544,
        "mlps": 11_544_576,
        "decoder": 1_455_555,
    }
    assert count(generator) == 13_380_675
    assert not list(generator.buffers())


@pytest.mark.parametrize(("width", "size"), [(16, (256, 128)), (2, (128, 64)), (1, (40, 44))])
def test_shapes(width, size):
    generator = DGNetGenerator(code_size=16, width=width, mlp_width=3)
    with torch.no_grad():
        structure = generator.structure(torch.randn(1, 1, *size))
        drawn = generator.decode(structure, torch.randn(1, 16))
    assert structure.shape == (1, 8 * width, size[0] // 4, size[1] // 4)
    assert drawn.shape == (1, 3, *size)


def test_structure_is_its_formula():
    """The card, section 1.4, in its order."""
    generator, (grey, _) = liven(toy()).double(), toy_batch(dtype=torch.float64)
    layers = layers_of(generator.structure_encoder, nn.Conv2d)
    x = grey
    for stride in (2, 1, 1, 2):
        x = leaky(norm(conv(x, next(layers), stride)))
    for _ in range(2):
        x = x + norm(conv(leaky(norm(conv(x, next(layers)))), next(layers)))
    branches = [norm(conv(x, next(layers)))]
    for dilation in (3, 6, 9):
        inner = leaky(norm(conv(x, next(layers))))
        branches.append(norm(conv(inner, next(layers), dilation=dilation)))
    x = norm(conv(torch.cat(branches, dim=1), next(layers)))
    assert next(layers, None) is None
    torch.testing.assert_close(generator.structure(grey), x)


def test_decoder_is_its_formula():
    """The card, section 1.5, in its order; chunk k of the code for block k, the first norm's numbers first."""
    generator, (_, code) = liven(toy()).double(), toy_batch(dtype=torch.float64)
    structure = torch.randn(2, 16, 12, 10, dtype=torch.float64)

    def mlp(network, chunk):
        first, second, third = layers_of(network, nn.Linear)
        hidden = leaky(chunk @ first.weight.T + first.bias)
        return leaky(hidden @ second.weight.T + second.bias) @ third.weight.T + third.bias

    x, layers = structure, layers_of(generator.decoder, nn.Conv2d)
    for block in range(2):
        chunk = code[:, 12 * block : 12 * (block + 1)]
        weight = mlp(generator.mlps.weights[block], chunk)[:, :, None, None]
        bias = mlp(generator.mlps.biases[block], chunk)[:, :, None, None]
        assert weight.shape == (2, 32, 1, 1)
        inner = leaky(weight[:, :16] * norm(conv(x, next(layers))) + bias[:, :16])
        x = x + weight[:, 16:] * norm(conv(inner, next(layers))) + bias[:, 16:]
    for layer_norm in layers_of(generator.decoder, LayerNorm):
        x = conv(x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3), next(layers))
        x = leaky(layer_norm(x))
    x = leaky(conv(x, next(layers)))
    x = leaky(conv(x, next(layers)))
    x = conv(x, next(layers))
    assert next(layers, None) is None
    torch.testing.assert_close(generator.decode(structure, code), x)


def test_forward_is_both_steps():
    generator, (grey, code) = toy(), toy_batch()
    assert torch.equal(generator(grey, code), generator.decode(generator.structure(grey), code))


def test_each_chunk_of_the_code_reaches_its_own_pair_of_mlps():
    generator, (grey, code) = liven(toy()), toy_batch()
    generator.decode(generator.structure(grey).detach(), code.requires_grad_()).square().sum().backward()
    assert code.grad.any(dim=0).all()
    with torch.no_grad():
        first = generator.mlps(code)
        code[:, 12:] += 1
        second = generator.mlps(code)
    assert torch.equal(first[0][0], second[0][0])
    assert torch.equal(first[0][1], second[0][1])
    assert (first[1][0] != second[1][0]).any()
    assert (first[1][1] != second[1][1]).any()


def test_appearance_changes_what_is_drawn_and_brightness_of_the_structure_does_not():
    generator, (grey, code) = toy(), toy_batch()
    drawn = generator(grey, code)
    assert (generator(grey, code.flip(0)) - drawn).abs().mean() > 0.05
    torch.testing.assert_close(generator(3 * grey + 1, code), drawn, atol=1e-3, rtol=1e-3)


def test_gradients_reach_every_parameter_that_a_norm_leaves_alive():
    generator, (grey, code) = liven(toy()), toy_batch(dtype=torch.float64)
    generator.double()(grey.requires_grad_(), code.requires_grad_()).abs().mean().backward()
    assert grey.grad.any()
    assert code.grad.any()
    dead = re.compile(r"structure_encoder\..*bias|decoder\.blocks\..*bias")  # an instance norm follows
    for key, parameter in generator.named_parameters():
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.abs().max() > 1e-9 or dead.fullmatch(key), key


@pytest.mark.parametrize("training", [True, False])
def test_every_image_is_treated_alone_and_alike_in_training_and_evaluation(training):
    generator, (grey, code) = liven(toy()).train(training), toy_batch(3)
    drawn = generator(grey, code)
    torch.testing.assert_close(drawn[1:2], generator(grey[1:2], code[1:2]), atol=1e-5, rtol=1e-4)
    assert torch.equal(generator.train(not training)(grey, code), drawn)


def test_channels_last_stays_and_changes_nothing():
    generator, (grey, code) = liven(toy()), toy_batch()
    drawn = generator(grey, code)
    generator = generator.to(memory_format=torch.channels_last)
    structure = generator.structure(grey.to(memory_format=torch.channels_last))
    last = generator.decode(structure, code)
    assert structure.is_contiguous(memory_format=torch.channels_last)
    assert last.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(last, drawn, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("order", ORDERS)
def test_a_step_under_bf16_autocast(order):
    generator = liven(toy()).to(memory_format=order)
    grey, code = toy_batch()
    grey = grey.contiguous(memory_format=order)
    exact = generator(grey, code)
    with torch.autocast("cpu", torch.bfloat16):
        drawn = generator(grey, code)
    assert (drawn - exact).abs().mean() < 0.05 * exact.abs().mean()
    drawn.float().abs().mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in generator.parameters())


def test_start():
    """Kaiming by fan in, biases 0; MUNIT's scales (0, 1)."""
    generator = toy(code_size=400, width=8, mlp_width=100)
    for layer in layers_of(generator, nn.Conv2d, nn.Linear):
        spread = sqrt(2 / layer.weight[0].numel())
        assert layer.weight.std().item() == pytest.approx(spread, rel=5 * layer.weight.numel() ** -0.5)
        assert not layer.bias.any()
    for layer_norm in layers_of(generator, LayerNorm):
        assert 0 <= layer_norm.weight.min() < 0.3
        assert 0.7 < layer_norm.weight.max() <= 1


def test_the_smoke_form_is_small_and_takes_reid_images():
    generator = GENERATORS.build({"type": "DGNetGenerator", **DGNetGenerator.smoke}, code_size=512)
    assert count(generator) < 20_000
    assert generator(torch.randn(1, 1, 128, 64), torch.randn(1, 512)).shape == (1, 3, 128, 64)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((128, 62), "got 128 x 62: resize to 128 x 60 or 128 x 64"),
        ((128, 36), "divisible by 4, 40 at least, got 128 x 36: resize to 128 x 40"),
    ],
)
def test_sizes_that_do_not_fit(size, said):
    with pytest.raises(UserError, match=f"^DGNetGenerator expects a height and width .*{said}$"):
        toy().structure(torch.zeros(1, 1, *size))


@pytest.mark.parametrize(("shape", "said"), [((2, 23), "2 x 23"), ((24,), "24"), ((2, 6, 4), "2 x 6 x 4")])
def test_codes_of_another_length(shape, said):
    said = f"built for codes of B x 24, got {said}: build it with code_size = 4 x the backbone's out_channels"
    with pytest.raises(UserError, match=said):
        toy().decode(torch.zeros(2, 16, 12, 10), torch.zeros(shape))


@pytest.mark.parametrize("wrong", ["code_size", "width", "mlp_width", "blocks"])
def test_arguments_that_make_no_sense(wrong):
    with pytest.raises(
        UserError, match=rf"of at least 1, got .*{wrong}=0.*: the released code has 8192, 16, 512 and 4"
    ):
        toy(**{wrong: 0})


def test_a_code_that_cannot_be_cut():
    with pytest.raises(UserError, match="5 does not divide code_size=24: set blocks to 1, 2 or 4"):
        toy(blocks=5)
