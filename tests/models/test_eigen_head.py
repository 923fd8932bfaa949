"""The Eigenlayer between pooled feature and classifier."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.models.heads import EigenHead


def test_the_formula_in_float64():
    torch.manual_seed(0)
    head = EigenHead(6, 4, eigen_dim=3).double().eval()
    x = torch.randn(5, 6, 4, 2, dtype=torch.float64)
    pooled = x.sum(dim=(2, 3)) / 8
    projected = pooled @ head.eigenlayer.weight.T  # linear: no bias, no norm, no ReLU
    torch.testing.assert_close(head.embed(x), projected)
    torch.testing.assert_close(head(x).feature, pooled)
    torch.testing.assert_close(head(x).logits, projected @ head.classifier.weight.T + head.classifier.bias)


def test_the_papers_size_and_start():
    head = EigenHead(2048, 751)
    assert {name: tuple(p.shape) for name, p in head.named_parameters()} == {
        "eigenlayer.weight": (1024, 2048),
        "classifier.weight": (751, 1024),
        "classifier.bias": (751,),
    }
    assert head.feature_dim == 1024
    assert head.dropout.p == 0.5
    assert head.eigenlayer.weight.std().item() == pytest.approx(0.01, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"eigen_dim": 7}, "eigen_dim of 1 to in_channels = 6, got 7: no more vectors"),
        ({"eigen_dim": 0}, "eigen_dim of 1 to in_channels = 6, got 0"),
        ({"dropout": 1.0}, r"probability in \[0, 1\), got 1.0"),
    ],
)
def test_refusals(arguments, said):
    with pytest.raises(UserError, match=said):
        EigenHead(6, 4, **arguments)
