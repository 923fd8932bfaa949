"""OSNet: Zhou, Yang, Cavallaro, Xiang, "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019.

The AIN variant is from "Learning Generalisable Omni-Scale Representations for Person Re-Identification", TPAMI 2021.
Module names are those of the public checkpoints (``conv2.0.conv2a``, ``gate.fc1``, ``IN``), so these load key by key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.backbones.freezing import FreezableBackbone, parameters_of
from reidzoo.models.backbones.pretrained import load_pretrained
from reidzoo.registry import BACKBONES

CHANNELS = (64, 256, 384, 512)  # of conv1 to conv4 at width 1
WIDTHS = (0.25, 0.5, 0.75, 1.0)
EMBEDDING = 512
INSTANCE_NORM = partial(nn.InstanceNorm2d, affine=True)

# Where the six blocks (two each in conv2, conv3, conv4) carry an instance norm, and on which side of the residual sum.
VARIANTS = {
    "plain": (None, None, None, None, None, None),
    "ibn": ("after", "after", None, None, None, None),
    "ain": ("before", "before", None, "before", "before", None),
}


class ConvNorm(nn.Module):
    """Convolution without bias, norm (or none), ReLU (or none)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: int = 1,
        *,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
        relu: bool = True,
    ):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False)
        self.bn = norm(out_channels)
        self.relu = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(x)))


class LiteConv(nn.Module):
    """A 3x3 convolution in two factors: 1x1 across channels, then 3x3 within each; then batch norm and ReLU."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv2(self.conv1(x))))


class LiteConvStream(nn.Module):
    """``depth`` lite convolutions in a row, under the names of the AIN checkpoints."""

    def __init__(self, channels: int, depth: int):
        super().__init__()
        self.layers = _lite_convs(channels, depth)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Gate(nn.Module):
    """The aggregation gate: weighs each channel by what the whole map holds."""

    def __init__(self, channels: int):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        context = x.mean(dim=(2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(context))))


class OmniScaleBlock(nn.Module):
    """Bottleneck with four streams of growing receptive field (3, 5, 7, 9) that share one gate.

    Args:
        instance_norm: None, or an instance norm "before" the residual sum (AIN; it replaces the batch norm there)
            or "after" it (IBN).
        listed: name the streams as the AIN checkpoints do (``conv2.0`` ... instead of ``conv2a`` ...).
    """

    def __init__(self, in_channels: int, out_channels: int, *, instance_norm: str | None, listed: bool):
        super().__init__()
        middle = out_channels // 4
        self.instance_norm = instance_norm
        self.listed = listed
        self.conv1 = ConvNorm(in_channels, middle)
        if listed:
            self.conv2 = nn.ModuleList(LiteConvStream(middle, depth) for depth in (1, 2, 3, 4))
        else:
            self.conv2a = LiteConv(middle)
            self.conv2b = _lite_convs(middle, 2)
            self.conv2c = _lite_convs(middle, 3)
            self.conv2d = _lite_convs(middle, 4)
        self.gate = Gate(middle)
        last_norm = nn.Identity if instance_norm == "before" else nn.BatchNorm2d
        self.conv3 = ConvNorm(middle, out_channels, norm=last_norm, relu=False)
        same = in_channels == out_channels
        self.downsample = nn.Identity() if same else ConvNorm(in_channels, out_channels, relu=False)
        if instance_norm is not None:
            self.IN = INSTANCE_NORM(out_channels)

    def streams(self) -> Iterable[nn.Module]:
        return self.conv2 if self.listed else (self.conv2a, self.conv2b, self.conv2c, self.conv2d)

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.conv1(x)
        a, b, c, d = (self.gate(stream(reduced)) for stream in self.streams())
        y = self.conv3(a + b + c + d)
        if self.instance_norm == "before":
            y = self.IN(y)
        y = y + self.downsample(x)
        if self.instance_norm == "after":
            y = self.IN(y)
        return torch.relu(y)


@BACKBONES.register
class OSNet(FreezableBackbone):
    """OSNet x0.25 to x1.0, plain, IBN or AIN (Zhou et al., ICCV 2019 and TPAMI 2021).

    Published networks end in a linear embedding (``fc``) and test with its output; re-ID methods with a head of their
    own rather take the map before it.

    Attributes:
        out_channels: channels of the output: 128 to 512 by width, 512 with ``embedding``.
        stride: 16, input pixels per cell of conv5's map (with ``embedding`` that map is pooled to 1 x 1 afterwards).

    Args:
        width: 0.25, 0.5, 0.75 or 1.0, multiplies all channels.
        variant: "plain"; "ibn": instance norm in conv1 and after both blocks of conv2; "ain": instance norm in conv1
            and inside four blocks.
        embedding: end in global average pooling and Linear-BN-ReLU to 512; the output is B x 512 x 1 x 1.
        weights: a weight file: a public checkpoint, this network's state dict, or a checkpoint of a method trained
            here. Its ``classifier`` is dropped, and its ``fc`` without ``embedding``.
        frozen_stages: how many of conv1, conv2, conv3, conv4, conv5 stay as loaded, from the first (0 to 5).
        freeze_bn: "statistics", "affine" (both) or None; see :mod:`reidzoo.models.backbones.freezing`.

    Raises:
        UserError: unknown width or variant, weights that cannot be read or do not fit, or nothing to freeze there.
    """

    stride = 16

    smoke: ClassVar = {"width": 0.25}

    def __init__(
        self,
        width: float = 1.0,
        variant: str = "plain",
        embedding: bool = False,
        weights: str | None = None,
        frozen_stages: int = 0,
        freeze_bn: str | None = None,
    ):
        super().__init__()
        if width not in WIDTHS:
            raise UserError(f"OSNet has the widths {', '.join(map(str, WIDTHS))}, got {width!r}: choose one of them")
        if variant not in VARIANTS:
            raise UserError(f"OSNet has the variants {', '.join(VARIANTS)}, got {variant!r}: choose one of them")
        c1, c2, c3, c4 = (int(channels * width) for channels in CHANNELS)
        self.conv1 = ConvNorm(3, c1, 7, stride=2, norm=nn.BatchNorm2d if variant == "plain" else INSTANCE_NORM)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        norms, listed = VARIANTS[variant], variant == "ain"
        self.conv2, self.pool2 = _stage(c1, c2, norms[0:2], listed=listed)
        self.conv3, self.pool3 = _stage(c2, c3, norms[2:4], listed=listed)
        self.conv4 = nn.Sequential(*_blocks(c3, c4, norms[4:6], listed=listed))
        self.conv5 = ConvNorm(c4, c4)
        self.fc = nn.Sequential(nn.Linear(c4, EMBEDDING), nn.BatchNorm1d(EMBEDDING), nn.ReLU()) if embedding else None
        self.out_channels = EMBEDDING if embedding else c4
        _initialize(self)
        if weights is not None:
            beside = ("classifier.",) if embedding else ("classifier.", "fc.")
            load_pretrained(self, weights, ignore=beside, remedy="check width, variant and embedding against the file")
        self.freeze(frozen_stages, freeze_bn)

    def stages(self) -> list[list[nn.Parameter]]:
        """conv1 to conv5, each with the transition behind it."""
        groups = ((self.conv1,), (self.conv2, self.pool2), (self.conv3, self.pool3), (self.conv4,), (self.conv5,))
        return [parameters_of(*group) for group in groups]

    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W to B x ``out_channels`` x H/16 x W/16, or B x 512 x 1 x 1 with ``embedding``."""
        x = self.maxpool(self.conv1(images))
        x = self.pool2(self.conv2(x))
        x = self.pool3(self.conv3(x))
        x = self.conv5(self.conv4(x))
        return x if self.fc is None else self.fc(x.mean(dim=(2, 3)))[:, :, None, None]


def _lite_convs(channels: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*(LiteConv(channels) for _ in range(depth)))


def _blocks(in_channels: int, out_channels: int, norms: tuple, *, listed: bool) -> list[nn.Module]:
    return [
        OmniScaleBlock(in_channels, out_channels, instance_norm=norms[0], listed=listed),
        OmniScaleBlock(out_channels, out_channels, instance_norm=norms[1], listed=listed),
    ]


def _stage(in_channels: int, out_channels: int, norms: tuple, *, listed: bool) -> tuple[nn.Module, nn.Module]:
    """Two blocks and the transition after them, which public files keep inside the stage, except those of AIN."""
    blocks = _blocks(in_channels, out_channels, norms, listed=listed)
    transition = nn.Sequential(ConvNorm(out_channels, out_channels), nn.AvgPool2d(2, stride=2))
    if listed:
        return nn.Sequential(*blocks), transition
    return nn.Sequential(*blocks, transition), nn.Identity()


def _initialize(network: nn.Module) -> None:
    """Kaiming (fan out) for convolutions, N(0, 0.01) for linear layers, as the public networks were trained."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
