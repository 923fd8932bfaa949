"""The shipped starting points: networks that take them strictly."""

import pytest

from reidzoo.registry import BACKBONES
from reidzoo.zoo.cards import list_cards
from reidzoo.zoo.download import locate

NETWORKS = {
    "osnet-x0-25_synthped-studio": {"type": "OSNet", "width": 0.25, "embedding": True},
    "resnet18_synthped-studio": {"type": "TorchvisionResNet", "depth": 18},
}


def test_every_shipped_backbone_is_listed_here():
    assert {card.name for card in list_cards() if card.weights and card.weights.holds == "backbone"} == set(NETWORKS)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_its_network_takes_it(name):
    BACKBONES.build({**NETWORKS[name], "weights": str(locate(name))})
