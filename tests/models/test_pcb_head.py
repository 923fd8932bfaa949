"""PCB and RPP against their formulas in float64, by loops over parts and pixels."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.models.heads import LinearHead, PCBHead
from reidzoo.models.heads.pcb_head import PartClassifier, weighted_average


def double_head(**arguments):
    """A head in float64 whose norms and scores are not at their start, so that nothing cancels by accident."""
    torch.manual_seed(0)
    head = PCBHead(6, 5, parts=4, hidden=3, **arguments).double()
    for reduction in head.reductions:
        reduction[1].running_mean.uniform_(-1, 1)
        reduction[1].running_var.uniform_(0.5, 2)
    for parameter in head.classifiers.parameters():
        torch.nn.init.normal_(parameter)
    return head


def toy_map(rows=8):
    return torch.randn(2, 6, rows, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def twin_logits(head, vectors):
    """Part by part: linear layer without bias, norm with running statistics, ReLU, classifier."""
    logits = torch.zeros(len(vectors), head.parts, head.classifiers[0].out_features, dtype=torch.float64)
    for part in range(head.parts):
        linear, norm, _ = head.reductions[0 if head.shared else part]
        reduced = vectors[:, part] @ linear.weight.T
        reduced = (reduced - norm.running_mean) / (norm.running_var + 1e-5).sqrt() * norm.weight + norm.bias
        classifier = head.classifiers[part]
        logits[:, part] = reduced.clamp(min=0) @ classifier.weight.T + classifier.bias
    return logits


def twin_embedding(vectors):
    return torch.cat([part / part.square().sum(dim=1, keepdim=True).sqrt() for part in vectors.unbind(1)], dim=1)


@pytest.mark.parametrize("shared", [True, False])
def test_pcb_computes_its_formula(shared):
    head, x = double_head(shared=shared).eval(), toy_map()
    vectors = torch.zeros(2, 4, 6, dtype=torch.float64)
    for part in range(4):
        for row in (2 * part, 2 * part + 1):
            for column in range(3):
                vectors[:, part] += x[:, :, row, column] / 6
    output = head(x)
    torch.testing.assert_close(output.feature, vectors)
    torch.testing.assert_close(output.logits, twin_logits(head, vectors))
    torch.testing.assert_close(head.embed(x), twin_embedding(vectors))


def test_rpp_computes_its_formula():
    head, x = double_head(refined=True).eval(), toy_map(rows=5)  # refined parts need no equal stripes
    weight, bias = head.part_classifier.score.weight[:, :, 0, 0], head.part_classifier.score.bias
    centred = x - x.sum(dim=(2, 3), keepdim=True) / 15
    vectors = torch.zeros(2, 4, 6, dtype=torch.float64)
    for row in range(5):
        for column in range(3):
            scores = (centred[:, :, row, column] @ weight.T + bias).exp()
            shares = scores / scores.sum(dim=1, keepdim=True)
            for part in range(4):
                vectors[:, part] += 4 * shares[:, part, None] * x[:, :, row, column] / 15
    output = head(x)
    torch.testing.assert_close(output.feature, vectors)
    torch.testing.assert_close(output.logits, twin_logits(head, vectors))
    torch.testing.assert_close(head.embed(x), twin_embedding(vectors))


def test_channels_are_averaged_in_groups_of_neighbours():
    torch.manual_seed(0)
    classifier, x = PartClassifier(512, 3).double(), torch.randn(2, 512, 4, 2, dtype=torch.float64)
    averaged = (x[:, 0::2] + x[:, 1::2]) / 2
    scores = classifier.score(averaged - averaged.mean(dim=(2, 3), keepdim=True))
    torch.testing.assert_close(classifier(x), scores.exp() / scores.exp().sum(dim=1, keepdim=True))


@pytest.mark.parametrize(("channels", "group", "left"), [(2048, 8, 256), (512, 2, 256), (384, 2, 192), (128, 1, 128)])
def test_groups_leave_at_most_256_channels(channels, group, left):
    classifier = PartClassifier(channels, 6)
    assert (classifier.group, classifier.score.in_channels) == (group, left)


def test_channels_that_do_not_divide():
    with pytest.raises(UserError, match=r"groups of 2, .* and 257 channels leave a rest: take a backbone"):
        PCBHead(257, 5, refined=True)


@pytest.mark.parametrize(("refined", "rows"), [(False, 8), (True, 8), (True, 7)])
def test_probabilities_sum_to_one_and_features_have_norm_one(refined, rows):
    head, x = double_head(refined=refined).eval(), toy_map(rows)
    torch.testing.assert_close(head.embed(x).unflatten(1, (4, 6)).norm(dim=2), torch.ones(2, 4, dtype=torch.float64))
    if refined:
        torch.testing.assert_close(head.part_classifier(x).sum(dim=1), torch.ones(2, rows, 3, dtype=torch.float64))


def test_an_undecided_part_classifier_is_global_average_pooling():
    head, x = double_head(refined=True).eval(), toy_map()
    torch.nn.init.zeros_(head.part_classifier.score.weight)
    torch.testing.assert_close(head(x).feature, x.mean(dim=(2, 3))[:, None].expand(-1, 4, -1))


def test_a_part_classifier_that_is_sure_of_rows_is_pcb():
    x = toy_map()
    rows = torch.nn.functional.one_hot(torch.arange(8) // 2).T.double()  # parts x rows
    probabilities = rows[None, :, :, None].expand(2, -1, -1, 3)
    torch.testing.assert_close(weighted_average(x, probabilities), double_head()(x).feature)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        # 2048 x 256 and a norm of 2 x 256, once or six times; six classifiers of 256 x 751 + 751; 256 x 6 + 6
        ({}, 524_288 + 512 + 6 * 193_007),
        ({"shared": False}, 6 * (524_288 + 512) + 6 * 193_007),
        ({"refined": True}, 524_288 + 512 + 6 * 193_007 + 1_542),
    ],
)
def test_parameters_on_resnet50_and_market1501(arguments, count):
    head = PCBHead(2048, 751, **arguments)
    assert sum(parameter.numel() for parameter in head.parameters()) == count
    assert head.feature_dim == 12_288


def test_starting_values():
    torch.manual_seed(0)
    head = PCBHead(2048, 751, refined=True)
    assert head.reductions[0][0].weight.std().item() == pytest.approx((2 / 256) ** 0.5, rel=0.01)  # kaiming, fan out
    assert head.part_classifier.score.weight.std().item() == pytest.approx((2 / 6) ** 0.5, rel=0.05)
    for classifier in head.classifiers:
        assert classifier.weight.std().item() == pytest.approx(0.001, rel=0.01)
        assert not classifier.bias.any()
    assert head.reductions[0][0].bias is None
    assert head.dropout.p == 0.5


@pytest.mark.parametrize(("parts", "num_pids"), [(1, 2), (2, 702), (8, 767)])
def test_any_number_of_parts_and_identities(parts, num_pids):
    for arguments in ({}, {"shared": False}, {"refined": True}):
        output = PCBHead(6, num_pids, parts=parts, hidden=4, **arguments)(torch.randn(3, 6, 8, 4))
        assert output.feature.shape == (3, parts, 6)
        assert output.logits.shape == (3, parts, num_pids)


def test_a_shared_norm_sees_all_parts_as_one_batch():
    torch.manual_seed(0)
    x = torch.randn(4, 6, 8, 3)
    shared, own = (PCBHead(6, 5, parts=4, hidden=3, dropout=0.0, shared=shared) for shared in (True, False))
    shared(x)
    own(x)
    reduced = shared(x).feature @ shared.reductions[0][0].weight.T
    head_mean = shared.reductions[0][1].running_mean  # momentum 0.1, twice, from 0
    torch.testing.assert_close(head_mean, 0.19 * reduced.mean(dim=(0, 1)))
    for part, (linear, norm, _) in enumerate(own.reductions):
        reduced = own(x).feature[:, part] @ linear.weight.T
        assert norm.running_mean.abs().sum() > 0
        assert torch.nn.functional.cosine_similarity(norm.running_mean, reduced.mean(dim=0), dim=0) > 0.999


def test_dropout_reaches_logits_and_never_the_test_feature():
    torch.manual_seed(0)
    head, x = PCBHead(64, 5, parts=2, hidden=8), torch.rand(4, 64, 4, 2) + 1
    assert not torch.equal(head(x).logits, head(x).logits)
    assert torch.equal(head(x).feature, head(x).feature)
    assert torch.equal(head.embed(x), head.embed(x))
    refined = PCBHead(64, 5, parts=2, hidden=8, refined=True)
    x = torch.randn(4, 64, 4, 2)
    assert not torch.equal(refined(x).feature, refined(x).feature)  # in front of the part classifier, while training
    refined.eval()
    assert torch.equal(refined(x).feature, refined(x).feature)


@pytest.mark.parametrize("refined", [False, True])
def test_an_empty_map_gives_finite_features_and_gradients(refined):
    head, x = PCBHead(6, 5, parts=4, hidden=3, refined=refined), torch.zeros(2, 6, 8, 3, requires_grad=True)
    embedding = head.embed(x)
    embedding.sum().backward()
    assert not embedding.any()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize(("rows", "parts", "possible"), [(8, 6, "1, 2, 4, 8"), (24, 7, "1, 2, 3, 4, 6, 8, 12, 24")])
def test_parts_that_do_not_divide_the_rows(rows, parts, possible):
    head = PCBHead(6, 5, parts=parts)
    said = f"PCBHead cuts a map of {rows} rows into {parts} stripes, .* choose parts among {possible}, or another image"
    for call in (head, head.embed):
        with pytest.raises(UserError, match=said):
            call(torch.rand(2, 6, rows, 4))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"parts": 0}, "parts and hidden of at least 1, got parts=0, hidden=256"),
        ({"hidden": 0}, "parts and hidden of at least 1, got parts=6, hidden=0"),
        ({"dropout": 1.0}, r"probability in \[0, 1\), got 1.0"),
    ],
)
def test_pcb_head_refusals(arguments, said):
    with pytest.raises(UserError, match=said):
        PCBHead(6, 5, **arguments)


def test_local_max_pooling_equals_pcbs_stripes_before_their_norm():
    x = toy_map()
    lmp = LinearHead(6, 5, test_parts=4).double().eval()
    torch.testing.assert_close(lmp.embed(x), double_head()(x).feature.flatten(1))
