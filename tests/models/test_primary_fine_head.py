"""DG-Net's two heads and its appearance code against their formulas."""

import inspect

import pytest
import torch
import torch.nn.functional as F

from reidzoo.base.errors import UserError
from reidzoo.models.heads import PrimaryFineHead
from reidzoo.models.heads.primary_fine_head import PrimaryFineOutput


def toy(**arguments):
    torch.manual_seed(0)
    return PrimaryFineHead(6, 4, **{"hidden": 5, **arguments})


def toy_map(batch=5, rows=8, dtype=torch.float64):
    return torch.randn(batch, 6, rows, 4, dtype=dtype, generator=torch.Generator().manual_seed(1))


def test_parameters_and_start():
    head = PrimaryFineHead(2048, 751)
    one = {
        "hidden.0.weight": (512, 2048),
        "hidden.0.bias": (512,),
        "hidden.1.weight": (512,),
        "hidden.1.bias": (512,),
        "classifier.weight": (751, 512),
        "classifier.bias": (751,),
    }
    for part in (head.prim, head.fine):
        assert {name: tuple(p.shape) for name, p in part.named_parameters()} == one
        assert part.hidden[0].weight.std().item() == pytest.approx((2 / 512) ** 0.5, rel=0.01)  # kaiming, fan out
        assert part.classifier.weight.std().item() == pytest.approx(0.001, rel=0.01)
        assert not part.hidden[0].bias.any()
        assert not part.classifier.bias.any()
    assert (head.prim.dropout.p, head.fine.dropout.p) == (0.5, 0.75)
    assert (head.feature_dim, head.code_size) == (1024, 8192)
    assert sum(p.numel() for p in head.parameters()) == 2 * (2048 * 512 + 3 * 512 + 513 * 751)


def test_it_computes_its_formula():
    """Without ReLU, on the largest value of each channel."""
    head, x = toy().double().eval(), toy_map()
    pooled = x.flatten(2).sort(dim=2).values[:, :, -1]
    hidden, logits = [], []
    for part in (head.prim, head.fine):
        torch.nn.init.normal_(part.classifier.weight)
        linear, norm = part.hidden
        norm.running_mean.uniform_()
        normed = (pooled @ linear.weight.T + linear.bias - norm.running_mean) / (norm.running_var + 1e-5).sqrt()
        hidden.append(normed)
        logits.append(normed @ part.classifier.weight.T + part.classifier.bias)
    output = head(x)
    assert isinstance(output, PrimaryFineOutput)
    torch.testing.assert_close(output.prim_logits, logits[0])
    torch.testing.assert_close(output.fine_logits, logits[1])
    torch.testing.assert_close(head.embed(x), torch.cat(hidden, dim=1))
    assert (head.embed(x) < 0).any()
    assert head.embed(x).shape == (5, head.feature_dim)


@pytest.mark.parametrize("rows", [4, 7, 8, 16])
def test_the_code_is_laid_out_channel_after_channel(rows):
    x = toy_map(rows=rows)
    code = toy().code(x)
    assert code.shape == (5, 24)
    assert torch.equal(code, F.adaptive_max_pool2d(x, (4, 1)).flatten(1))
    x = torch.tensor([3.0, 1.0, 2.0, 0.0]).view(1, 1, 4, 1) + torch.tensor([0.0, 10.0]).view(1, 2, 1, 1)
    assert PrimaryFineHead(2, 4).code(x).tolist() == [[3, 1, 2, 0, 13, 11, 12, 10]]


def test_gradients_pass_through_logits_and_code():
    head, x = toy(), toy_map(dtype=torch.float32).requires_grad_()
    output = head(x)
    pids = torch.tensor([0, 1, 2, 3, 0])
    (F.cross_entropy(output.prim_logits, pids) + F.cross_entropy(output.fine_logits, pids)).backward()
    assert (x.grad != 0).flatten(2).sum(dim=2).eq(1).all()  # one place of each channel
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())
    (of_code,) = torch.autograd.grad(head.code(x).sum(), x)
    assert of_code.sum(dim=(2, 3)).eq(4).all()


def test_each_head_has_its_own_dropout():
    head, x = PrimaryFineHead(6, 4, hidden=64, prim_dropout=0.0), toy_map(dtype=torch.float32)
    first, second = head(x), head(x)
    assert torch.equal(first.prim_logits, second.prim_logits)
    assert not torch.equal(first.fine_logits, second.fine_logits)
    assert torch.equal(head.embed(x), head.embed(x))


def test_bf16_keeps_the_code_in_float32():
    with torch.autocast("cpu", torch.bfloat16):
        head, x = toy(), toy_map(dtype=torch.bfloat16)
        output = head(x)
    assert head.code(x).dtype == torch.float32
    assert all(logits.isfinite().all() for logits in output)


def test_documents_its_source_and_its_output():
    assert "2019" in PrimaryFineHead.__doc__
    assert inspect.signature(PrimaryFineHead.forward).return_annotation == "PrimaryFineOutput"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"in_channels": 0}, "in_channels of at least 1, got 0: give the backbone's out_channels"),
        ({"num_pids": 1}, "at least 2, got num_pids=1: count the training identities"),
        ({"hidden": 0}, "hidden of at least 1, got 0: the paper has 512"),
        ({"prim_dropout": 1.0}, r"probability in \[0, 1\), got 1.0"),
        ({"fine_dropout": -0.5}, r"probability in \[0, 1\), got -0.5"),
    ],
)
def test_refusals(arguments, said):
    with pytest.raises(UserError, match=f"^PrimaryFineHead .*{said}"):
        PrimaryFineHead(**{"in_channels": 6, "num_pids": 4, **arguments})


def test_a_map_too_low_for_four_stripes():
    with pytest.raises(UserError, match="4 stripes were asked of a map of 3 row"):
        toy().code(toy_map(rows=3))
