"""The feature layer of TAUDL: its formula, and weights that go over from a trained classifier of identities."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.models.heads import LinearHead, TrackletHead


def test_it_computes_its_formula():
    torch.manual_seed(1)
    head = TrackletHead(6, 4, hidden=5).double().eval()
    linear, norm = head.hidden[0], head.hidden[1]
    norm.running_mean.uniform_()
    norm.running_var.uniform_(0.5, 2)
    feature_map = torch.randn(3, 6, 4, 2, dtype=torch.float64)
    pooled = feature_map.sum(dim=(2, 3)) / 8
    scaled = (pooled @ linear.weight.T + linear.bias - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
    feature, logits = head(feature_map)
    torch.testing.assert_close(feature, scaled * (scaled > 0))
    torch.testing.assert_close(logits, feature @ head.classifier.weight.T + head.classifier.bias)
    torch.testing.assert_close(head.embed(feature_map), feature)
    assert head.feature_dim == 5


def test_the_feature_layer_goes_over_from_a_linear_head():
    source = LinearHead(6, 9, hidden=5, test_feature="hidden").eval()
    head = TrackletHead(6, 4, hidden=5).eval()
    shared = {name: value for name, value in source.state_dict().items() if not name.startswith("classifier.")}
    assert head.load_state_dict(shared, strict=False).missing_keys == ["classifier.weight", "classifier.bias"]
    feature_map = torch.randn(3, 6, 4, 2)
    assert torch.equal(head.embed(feature_map), source.embed(feature_map))


def test_a_feature_layer_without_width():
    with pytest.raises(UserError, match="TrackletHead expects hidden of at least 1, got 0"):
        TrackletHead(6, 4, hidden=0)
