"""VGG-19 (Simonyan & Zisserman, ICLR 2015) as torchvision has it, without its classifier: perceptual losses use it."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from reidzoo.models.backbones.freezing import FreezableBackbone, parameters_of
from reidzoo.models.backbones.imagenet import imagenet_file
from reidzoo.models.backbones.pretrained import load_pretrained
from reidzoo.registry import BACKBONES


@BACKBONES.register
class TorchvisionVGG19(FreezableBackbone):
    """The convolutions of torchvision's VGG-19 without batch norm, under torchvision's names (ICLR 2015).

    Layers that papers name, after their ReLU: block1_conv2 (relu1_2) is ``features.3``, block2_conv1 (relu2_1) is
    ``features.6``.

    Attributes:
        out_channels: 512, channels of the map.
        stride: 32, input pixels per cell of the map.

    Args:
        weights: "imagenet" takes torchvision's IMAGENET1K_V1 file (``vgg19-dcbb9e9d.pth``) from torch's hub cache, and
            never downloads it; anything else is a path: torchvision's file, this network's state dict, or a checkpoint
            of a method trained here. A ``classifier`` in the file is dropped.
        frozen_stages: how many of the five blocks of convolutions stay as loaded, from the first.
        freeze_bn: None; there is no batch norm.

    Raises:
        UserError: weights that are absent, damaged or do not fit, or nothing to freeze there.
    """

    out_channels = 512
    stride = 32

    def __init__(self, weights: str | None = None, frozen_stages: int = 0, freeze_bn: str | None = None):
        super().__init__()
        self.features = make_layers(cfgs["E"])  # vgg19() would fill 120 million weights of its classifier first
        for layer in self.features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        if weights is not None:
            path = imagenet_file("vgg19", "VGG-19") if weights == "imagenet" else weights
            load_pretrained(self, path, ignore=("classifier.",), remedy="name a file of VGG-19 without batch norm")
        self.freeze(frozen_stages, freeze_bn)

    def stages(self) -> list[list[nn.Parameter]]:
        """The five blocks; a pooling ends each."""
        blocks: list[list[nn.Module]] = [[]]
        for layer in self.features:
            blocks[-1].append(layer)
            if isinstance(layer, nn.MaxPool2d):
                blocks.append([])
        return [parameters_of(*block) for block in blocks[:-1]]

    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W to a map B x 512 x H/32 x W/32."""
        return self.features(images)
