"""Walks the shelf: every head keeps the contract of its room, whoever added it; then the two plain heads' formulas."""

import inspect
import re

import pytest
import torch
import torch.nn.functional as F

import reidzoo.models.heads  # noqa: F401  (fills the shelf)
from reidzoo.base.errors import UserError
from reidzoo.models.heads import BNNeckHead, EmbeddingHead, LinearHead
from reidzoo.models.heads.pooled import stripe_pool
from reidzoo.registry import HEADS

NAMES = sorted(
    name
    for name, cls in HEADS.module_dict.items()
    # those with other outputs: test_primary_fine_head.py
    if cls.__module__.startswith("reidzoo.") and inspect.signature(cls.forward).return_annotation == "HeadOutput"
)


#: arguments beside in_channels and num_pids that fit a head to a map of 8 x 4; a new head adds its row if it needs one
TOY = {
    "PCBHead": {"parts": 4, "hidden": 5},
}
PLAIN = ("BNNeckHead", "LinearHead")  # their feature is the pooled map itself


def toy_head(name):
    torch.manual_seed(0)
    return HEADS.build({"type": name, "in_channels": 6, **identities(name), **TOY.get(name, {})})


def identities(name, num_pids=4):
    """What a head with a classifier has to be told; an embedding has none."""
    return {"num_pids": num_pids} if "num_pids" in inspect.signature(HEADS.get(name)).parameters else {}


def toy_loss(output, pids):
    """Cross-entropy of B x K, or its sum over the parts of B x P x K; without logits the feature's energy."""
    if output.logits is None:
        return output.feature.square().sum()
    parts = output.logits[:, None] if output.logits.ndim == 2 else output.logits
    return sum(F.cross_entropy(part, pids) for part in parts.unbind(1))


def test_the_shelf_of_heads_is_not_empty():
    assert {"LinearHead", "BNNeckHead"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_output_and_embedding_shapes(name):
    """feature B x D and logits B x K, or with an axis of parts B x P x D and B x P x K."""
    head = toy_head(name)
    feature_map = torch.randn(5, 6, 8, 4)
    output = head(feature_map)
    assert output.feature.ndim in (2, 3)
    assert output.feature.shape[0] == 5
    if output.logits is not None:
        assert output.feature.shape[:-1] == output.logits.shape[:-1]
        assert output.logits.shape[-1] == 4
    assert head.eval().embed(feature_map).shape == (5, head.feature_dim)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("size", [(1, 1), (8, 4)])
def test_the_feature_of_plain_heads_is_the_pooled_map(name, size):
    feature_map = torch.randn(5, 6, *size)
    output = toy_head(name)(feature_map)
    assert output.logits.shape == (5, 4)
    torch.testing.assert_close(output.feature, feature_map.sum(dim=(2, 3)) / (size[0] * size[1]))


@pytest.mark.parametrize("name", PLAIN)
def test_pooling_a_1x1_map_is_the_identity(name):
    feature_map = torch.randn(5, 6, 1, 1)
    assert torch.equal(toy_head(name)(feature_map).feature, feature_map[:, :, 0, 0])


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_heads_are_finite(name):
    head = toy_head(name)
    feature_map = torch.randn(5, 6, 8, 4, requires_grad=True)
    toy_loss(head(feature_map), torch.tensor([0, 1, 2, 3, 0])).backward()
    assert feature_map.grad.isfinite().all()
    for parameter in head.parameters():
        assert not parameter.requires_grad or parameter.grad.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_bf16_keeps_the_feature_in_float32(name):
    head = toy_head(name)
    with torch.autocast("cpu", torch.bfloat16):
        output = head(torch.full((4, 6, 24, 8), 300.0, dtype=torch.bfloat16))
    assert output.feature.dtype == torch.float32
    assert output.logits is None or output.logits.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_head_documents_its_source(name):
    assert re.search(r"\b(19|20)\d\d\b", HEADS.module_dict[name].__doc__)
    assert "feature_dim" in HEADS.module_dict[name].__doc__


@pytest.mark.parametrize("name", NAMES)
def test_sizes_that_make_no_sense(name):
    with pytest.raises(UserError, match="in_channels of at least 1, got 0: give the backbone's out_channels"):
        HEADS.build({"type": name, "in_channels": 0, **identities(name)})
    if identities(name):
        with pytest.raises(UserError, match="at least 2, got num_pids=1: count the training identities"):
            HEADS.build({"type": name, "in_channels": 6, **identities(name, 1)})


def names_and_shapes(head):
    return {name: tuple(p.shape) for name, p in head.named_parameters()}


def test_linear_head_default_is_camstyles():
    head = LinearHead(2048, 751)
    assert names_and_shapes(head) == {
        "hidden.0.weight": (1024, 2048),
        "hidden.0.bias": (1024,),
        "hidden.1.weight": (1024,),
        "hidden.1.bias": (1024,),
        "classifier.weight": (751, 1024),
        "classifier.bias": (751,),
    }
    assert isinstance(head.hidden[2], torch.nn.ReLU)
    assert head.dropout.p == 0.5
    assert head.feature_dim == 2048
    assert head.hidden[0].weight.std().item() == pytest.approx((2 / 1024) ** 0.5, rel=0.01)  # kaiming, fan out
    assert head.classifier.weight.std().item() == pytest.approx(0.001, rel=0.01)
    assert not head.hidden[0].bias.any()
    assert not head.classifier.bias.any()


def test_linear_head_computes_its_formula():
    torch.manual_seed(1)
    head = LinearHead(6, 4, hidden=5, test_feature="hidden").double().eval()
    head.hidden[1].running_mean.uniform_()
    x = torch.randn(3, 6, 4, 2, dtype=torch.float64)
    w, norm = head.hidden[0], head.hidden[1]
    pooled = x.sum(dim=(2, 3)) / 8
    hidden = ((pooled @ w.weight.T + w.bias - norm.running_mean) / (norm.running_var + 1e-5).sqrt()).clamp(min=0)
    output = head(x)
    torch.testing.assert_close(output.feature, pooled)
    torch.testing.assert_close(output.logits, hidden @ head.classifier.weight.T + head.classifier.bias)
    torch.testing.assert_close(head.embed(x), hidden)
    assert head.feature_dim == 5


@pytest.mark.parametrize(("rows", "parts"), [(8, 1), (8, 2), (8, 8), (8, 7), (16, 7), (7, 2), (5, 3)])
def test_stripes_are_torchs_adaptive_pooling(rows, parts):
    torch.manual_seed(0)
    x = torch.randn(2, 6, rows, 3, dtype=torch.float64)
    for pooling, twin in (("avg", F.adaptive_avg_pool2d), ("max", F.adaptive_max_pool2d)):
        expected = twin(x, (parts, 1))[..., 0].transpose(1, 2)
        torch.testing.assert_close(stripe_pool(x, parts, pooling), expected)
        torch.testing.assert_close(
            LinearHead(6, 4, test_parts=parts, test_pooling=pooling).embed(x), expected.flatten(1)
        )


def test_stripes_are_concatenated_from_the_top():
    x = torch.arange(4.0).view(1, 1, 4, 1).expand(1, 2, 4, 5) + torch.tensor([0.0, 10.0]).view(1, 2, 1, 1)
    assert LinearHead(2, 4, test_parts=2).embed(x).tolist() == [[0.5, 10.5, 2.5, 12.5]]
    assert LinearHead(2, 4, test_parts=2, test_pooling="max").embed(x).tolist() == [[1, 11, 3, 13]]
    assert stripe_pool(x.bfloat16(), 3, "max").dtype == torch.float32


def test_stripes_change_the_test_and_nothing_else():
    """A trained checkpoint fits whatever the stripes, and logits do not depend on them."""
    torch.manual_seed(0)
    x, plain = torch.randn(3, 6, 8, 4), LinearHead(6, 4, hidden=5).eval()
    lmp = LinearHead(6, 4, hidden=5, test_parts=4, test_pooling="max").eval()
    lmp.load_state_dict(plain.state_dict())
    assert (plain.feature_dim, lmp.feature_dim) == (6, 24)
    assert torch.equal(lmp(x).logits, plain(x).logits)
    assert torch.equal(plain.embed(x), plain(x).feature)


@pytest.mark.parametrize("rows", [1, 3])
def test_more_stripes_than_rows(rows):
    with pytest.raises(UserError, match=f"4 stripes were asked of a map of {rows} row.*ask for {rows} at most"):
        LinearHead(6, 4, test_parts=4).embed(torch.rand(2, 6, rows, 1))


def test_linear_head_without_relu_lets_negative_values_pass():
    torch.manual_seed(1)
    x = torch.randn(8, 6, 1, 1)
    assert (LinearHead(6, 4, hidden=16, test_feature="hidden", hidden_relu=False).embed(x) < 0).any()
    assert (LinearHead(6, 4, hidden=16, test_feature="hidden").embed(x) >= 0).all()


def test_caffe_ide_is_dropout_and_one_layer():
    head = LinearHead(6, 4, hidden=None)
    assert names_and_shapes(head) == {"classifier.weight": (4, 6), "classifier.bias": (4,)}
    x = torch.rand(2, 6, 3, 3) + 1
    torch.testing.assert_close(head.eval()(x).logits, head.classifier(x.mean(dim=(2, 3))))


def test_dropout_acts_on_logits_in_training_and_never_on_the_feature():
    torch.manual_seed(0)
    x = torch.rand(4, 64, 1, 1) + 1
    head = LinearHead(64, 4, hidden=None, dropout=0.5)
    assert not torch.equal(head(x).logits, head(x).logits)
    assert torch.equal(head(x).feature, x[:, :, 0, 0])
    assert torch.equal(head.embed(x), x[:, :, 0, 0])
    head = LinearHead(64, 4, hidden=None, dropout=0.0)
    assert torch.equal(head(x).logits, head(x).logits)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"hidden": 0}, "hidden of at least 1, or None"),
        ({"dropout": 1.0}, r"probability in \[0, 1\), got 1.0"),
        ({"test_feature": "logits"}, "'pooled' or the 'hidden' feature, got 'logits'"),
        ({"hidden": None, "test_feature": "hidden"}, "no hidden layer to test with"),
        ({"test_parts": 0}, "1 stripe or more, pooled by 'avg' or 'max', got test_parts=0, test_pooling='avg'"),
        ({"test_pooling": "lp"}, "1 stripe or more, pooled by 'avg' or 'max', got test_parts=1, test_pooling='lp'"),
        ({"test_feature": "hidden", "test_parts": 2}, "pools stripes of the map, and its hidden feature"),
        ({"test_feature": "hidden", "test_pooling": "max"}, "pools stripes of the map, and its hidden feature"),
    ],
)
def test_linear_head_refusals(arguments, said):
    with pytest.raises(UserError, match=said):
        LinearHead(6, 4, **arguments)


def test_bnneck_parameters_and_start():
    head = BNNeckHead(512, 300)
    assert names_and_shapes(head) == {"neck.weight": (512,), "neck.bias": (512,), "classifier.weight": (300, 512)}
    assert [name for name, p in head.named_parameters() if not p.requires_grad] == ["neck.bias"]
    assert not head.neck.bias.any()
    assert head.classifier.weight.std().item() == pytest.approx(0.001, rel=0.01)


def test_bnneck_metric_feature_lies_before_the_norm_and_test_feature_after():
    torch.manual_seed(2)
    head = BNNeckHead(6, 4).double()
    x = torch.randn(16, 6, 4, 2, dtype=torch.float64) * 3 + 5
    pooled = x.sum(dim=(2, 3)) / 8
    normed = (pooled - pooled.mean(0)) / (pooled.var(0, unbiased=False) + 1e-5).sqrt()
    output = head(x)
    torch.testing.assert_close(output.feature, pooled)
    torch.testing.assert_close(output.logits, normed @ head.classifier.weight.T)
    head.eval()
    running = (pooled - head.neck.running_mean) / (head.neck.running_var + 1e-5).sqrt()
    torch.testing.assert_close(head.embed(x), running)


def test_embedding_head_is_trinets():
    head = EmbeddingHead(2048)
    assert names_and_shapes(head) == {
        "hidden.0.weight": (1024, 2048),
        "hidden.0.bias": (1024,),
        "hidden.1.weight": (1024,),
        "hidden.1.bias": (1024,),
        "embedding.weight": (128, 1024),
        "embedding.bias": (128,),
    }
    weight = head.embedding.weight
    torch.testing.assert_close(weight @ weight.T, torch.eye(128), atol=1e-5, rtol=0)
    assert head.feature_dim == 128


def test_embedding_head_without_layers_learns_the_pooled_feature():
    head = EmbeddingHead(6, hidden=None, embedding=None)
    x = torch.randn(3, 6, 4, 2)
    torch.testing.assert_close(head(x).feature, x.mean(dim=(2, 3)))
    assert (head.feature_dim, head(x).logits, list(head.parameters())) == (6, None, [])
    with pytest.raises(UserError, match="embedding of at least 1, got 0"):
        EmbeddingHead(6, embedding=0)
