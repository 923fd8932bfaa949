"""Square layer, dropout, two classes."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.models.heads.verification_head import VerificationHead


def test_the_formula_in_float64():
    torch.manual_seed(0)
    head = VerificationHead(5).double().eval()
    first, second = torch.randn(2, 3, 5, dtype=torch.float64)
    weight, bias = head.classifier.weight.tolist(), head.classifier.bias.tolist()
    twin = [
        [sum(weight[k][d] * (first[n, d] - second[n, d]).item() ** 2 for d in range(5)) + bias[k] for k in range(2)]
        for n in range(3)
    ]
    torch.testing.assert_close(head(first, second), torch.tensor(twin, dtype=torch.float64))
    torch.testing.assert_close(head(second, first), head(first, second))


def test_equal_images_leave_the_bias_and_pass_no_gradient_back():
    head = VerificationHead(4)
    feature = torch.randn(2, 4, requires_grad=True)
    logits = head(feature, feature.detach().clone())
    torch.testing.assert_close(logits, head.classifier.bias.expand(2, 2))
    logits.sum().backward()
    assert not feature.grad.any()


def test_dropout_falls_on_the_squares_and_in_training_only():
    torch.manual_seed(0)
    head = VerificationHead(20_000, dropout=0.9)
    torch.nn.init.ones_(head.classifier.weight)
    ones, zeros = torch.ones(1, 20_000), torch.zeros(1, 20_000)
    kept = head(ones, zeros)[0, 0] / 10  # every survivor counts 1 / (1 - 0.9)
    assert 0 < kept < 2_500
    assert kept.item() == pytest.approx(round(kept.item()), abs=1e-2)
    assert head.eval()(ones, zeros)[0, 0] == 20_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((0,), "in_channels of at least 1, got 0"), ((4, 1.0), r"probability in \[0, 1\), got 1.0")],
)
def test_refusals(arguments, said):
    with pytest.raises(UserError, match=said):
        VerificationHead(*arguments)
