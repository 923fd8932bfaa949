"""A trained network as the measure of two images: fixed, and cut off behind one of its layers."""

from __future__ import annotations

from torch import Tensor, fx, nn
from torchvision.models.feature_extraction import create_feature_extractor

from reidzoo.base.errors import UserError, nearest


class EarlyLayer(nn.Module):
    """What one layer of a network sees in images; what comes behind it is neither computed nor kept.

    In evaluation mode always, with parameters that do not learn; gradients reach the images.

    Args:
        network: takes B x 3 x H x W; it must be traceable by ``torch.fx``, as the shelf's backbones are.
        layer: a module's name in it, such as ``conv1`` of OSNet.

    Raises:
        UserError: no such layer, or a network whose way depends on its input.
    """

    def __init__(self, network: nn.Module, layer: str):
        super().__init__()
        kind, known = type(network).__name__, [name for name, _ in network.named_modules() if name]
        if layer not in known:
            raise UserError(f"{kind} has no layer '{layer}', {nearest(layer, known)}")
        try:
            self.body = create_feature_extractor(network.eval(), {layer: "map"})
        except (fx.proxy.TraceError, ValueError) as error:
            raise UserError(f"{kind} cannot be cut off behind '{layer}' ({error}): take another network") from error
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """B x 3 x H x W, normalised as the network was trained, to the layer's map B x C x h x w."""
        return self.body(images)["map"]

    def train(self, mode: bool = True) -> EarlyLayer:
        """As in torch, but the network stays in evaluation mode."""
        return super().train(False)
