"""ResNet (He, Zhang, Ren, Sun, CVPR 2016) as torchvision has it, without its classifier."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torchvision.models import get_model
from torchvision.models.resnet import Bottleneck

from reidzoo.base.errors import UserError
from reidzoo.models.backbones.freezing import FreezableBackbone, parameters_of
from reidzoo.models.backbones.imagenet import imagenet_file
from reidzoo.models.backbones.pretrained import load_pretrained
from reidzoo.registry import BACKBONES

DEPTHS = (18, 34, 50, 101)


@BACKBONES.register
class TorchvisionResNet(FreezableBackbone):
    """torchvision's ResNet up to ``layer4``, under torchvision's names (He et al., CVPR 2016).

    Attributes:
        out_channels: channels of the map, 512 (depths 18, 34) or 2048 (50, 101).
        stride: input pixels per cell of the map, 32, or 16 with ``last_stride=1``.

    Args:
        depth: 18, 34, 50 or 101.
        last_stride: stride of ``layer4``. 1 keeps twice the rows and columns (Sun et al., PCB, ECCV 2018; Luo et al.,
            2019) with the same weights; nothing is dilated.
        weights: "imagenet" takes torchvision's IMAGENET1K_V1 file from torch's hub cache, and never downloads it;
            anything else is a path: torchvision's file, this network's state dict, or a checkpoint of a method
            trained here. An ``fc`` in the file is dropped.
        frozen_stages: how many of conv1 (with bn1), layer1, layer2, layer3, layer4 stay as loaded, from the first (0 to
            5). Papers call layer1 to layer4 res2 to res5.
        freeze_bn: "statistics", "affine" (both) or None; see :mod:`reidzoo.models.backbones.freezing`.

    Raises:
        UserError: unknown depth or stride, weights that are absent, damaged or do not fit, or nothing to freeze there.
    """

    smoke: ClassVar = {"depth": 18}

    def __init__(
        self,
        depth: int = 50,
        last_stride: int = 2,
        weights: str | None = None,
        frozen_stages: int = 0,
        freeze_bn: str | None = None,
    ):
        super().__init__()
        if depth not in DEPTHS:
            raise UserError(
                f"TorchvisionResNet has the depths {', '.join(map(str, DEPTHS))}, got {depth!r}: choose one"
            )
        if last_stride not in (1, 2):
            raise UserError(f"last_stride of TorchvisionResNet is 1 or 2, got {last_stride!r}: choose one")
        network = get_model(f"resnet{depth}", weights=None)
        for name, child in network.named_children():
            if name not in ("avgpool", "fc"):
                self.add_module(name, child)
        if last_stride == 1:
            _unstride(self.layer4[0])
        self.out_channels = network.fc.in_features
        self.stride = 16 * last_stride
        if weights is not None:
            path = imagenet_file(f"resnet{depth}", f"ResNet-{depth}") if weights == "imagenet" else weights
            load_pretrained(self, path, ignore=("fc.",), remedy=f"name a file of ResNet-{depth}, or change depth")
        self.freeze(frozen_stages, freeze_bn)

    def stages(self) -> list[list[nn.Parameter]]:
        """conv1 with its batch norm, then layer1 to layer4."""
        stem = parameters_of(self.conv1, self.bn1)
        return [stem, *(parameters_of(layer) for layer in (self.layer1, self.layer2, self.layer3, self.layer4))]

    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W to a map B x ``out_channels`` x H/stride x W/stride."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


def _unstride(block: nn.Module) -> None:
    """Let the first block of a stage keep the resolution: its strided convolution and its shortcut's."""
    strided = block.conv2 if isinstance(block, Bottleneck) else block.conv1
    strided.stride = block.downsample[0].stride = (1, 1)
