"""The generator of DG-Net: Zheng, Yang, Yu, Zheng, Yang & Kautz, CVPR 2019, as released; its form is MUNIT's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.adain import adain
from reidzoo.models.aspp import ASPP
from reidzoo.models.doubling_conv import DoublingConv
from reidzoo.models.generators.sizes import check_image_size
from reidzoo.models.initialization import init_kaiming
from reidzoo.models.instance_norm import InstanceNorm
from reidzoo.models.layer_norm import LayerNorm
from reidzoo.models.reflect_padding import reflected
from reidzoo.models.residual import ReflectResidual
from reidzoo.registry import GENERATORS

#: weights and biases of a residual block's two norms, the first one's channels first, each B x 2C
Affine = tuple[Tensor, Tensor]


class StructureEncoder(nn.Module):
    """E_s: a grey image to what remains when its clothes' colours are gone, at a quarter of the size.

    Instance norm takes contrast and brightness away; a pyramid of dilated convolutions looks around at the end.
    """

    def __init__(self, width: int, blocks: int):
        super().__init__()
        self.body = nn.Sequential(
            *_conv_norm(1, width, stride=2),
            *_conv_norm(width, 2 * width),
            *_conv_norm(2 * width, 2 * width),
            *_conv_norm(2 * width, 4 * width, stride=2),
            *(ReflectResidual(4 * width, InstanceNorm) for _ in range(blocks)),
            ASPP(4 * width),
        )

    def forward(self, grey: Tensor) -> Tensor:
        return self.body(grey)


class AppearanceMLPs(nn.Module):
    """A pair of networks for each residual block of the decoder: one gives its norms' weights, one their biases.

    The code is cut into as many chunks as there are blocks, each for one pair.
    """

    def __init__(self, code_size: int, hidden: int, blocks: int, channels: int):
        super().__init__()
        sizes = (code_size // blocks, hidden, 2 * channels)
        self.weights = nn.ModuleList(_mlp(*sizes) for _ in range(blocks))
        self.biases = nn.ModuleList(_mlp(*sizes) for _ in range(blocks))

    def forward(self, code: Tensor) -> list[Affine]:
        chunks = code.chunk(len(self.weights), dim=1)
        return [(w(chunk), b(chunk)) for w, b, chunk in zip(self.weights, self.biases, chunks, strict=True)]


class AdaINResidual(nn.Module):
    """Two 3x3 convolutions beside a skip, each normalised as the appearance says; nothing after the addition."""

    def __init__(self, channels: int):
        super().__init__()
        self.first, self.second = reflected(channels, channels, 3), reflected(channels, channels, 3)

    def forward(self, x: Tensor, affine: Affine) -> Tensor:
        (w1, w2), (b1, b2) = (each.chunk(2, dim=1) for each in affine)
        inner = F.leaky_relu(adain(self.first(x), w1, b1), 0.2, inplace=True)
        return x + adain(self.second(inner), w2, b2)


class Decoder(nn.Module):
    """G: the structure through residual blocks that the appearance steers, and twice doubled to an image."""

    def __init__(self, channels: int, blocks: int):
        super().__init__()
        self.blocks = nn.ModuleList(AdaINResidual(channels) for _ in range(blocks))
        half, quarter = channels // 2, channels // 4
        self.up = nn.Sequential(
            *_double(channels, half),
            *_double(half, quarter),
            reflected(quarter, quarter, 3),
            nn.LeakyReLU(0.2, inplace=True),
            reflected(quarter, quarter, 3),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(quarter, 3, 1),
        )

    def forward(self, structure: Tensor, affines: Iterable[Affine]) -> Tensor:
        x = structure
        for block, affine in zip(self.blocks, affines, strict=True):
            x = block(x, affine)
        return self.up(x)


@GENERATORS.register
class DGNetGenerator(nn.Module):
    """The structure of one image and the appearance code of another to an image that has both.

    Zheng et al., CVPR 2019, as released: a structure encoder E_s with instance norm and ASPP (380,544 parameters), a
    decoder G whose residual blocks are normalised by AdaIN (1,455,555), and the MLPs that read AdaIN's weights and
    biases from the code (11,544,576), 13,380,675 altogether. The appearance encoder is no part of it: its code is the
    re-ID network's. No tanh: what is drawn lives in the space of normalised images. Convolutions mirror the border.
    Start: Kaiming by fan in, biases 0; layer norm's scales U(0, 1).

    The first chunk of the code steers the first block, and so on. A code of C channels x 4 stripes that is laid out
    channel after channel, as released, is hence cut by channels: each chunk has all four stripes of a quarter of them.

    Attributes:
        divisor: 4, height and width of the images must be multiples of it.
        code_size: as given.

    Args:
        code_size: length of an appearance code: 4 stripes times the channels of the backbone's map. The method fills
            it in.
        width: channels at half the size in the encoder; 8 times as many in the structure.
        mlp_width: of the hidden layers of the MLPs.
        blocks: residual blocks of the encoder, and of the decoder; also the chunks of the code, and pairs of MLPs.

    Raises:
        UserError: an argument below 1, or a code that cannot be cut into equal chunks.
    """

    divisor = 4

    smoke: ClassVar = {"width": 1, "mlp_width": 4, "blocks": 2}

    def __init__(self, code_size: int = 8192, width: int = 16, mlp_width: int = 512, blocks: int = 4):
        super().__init__()
        if min(code_size, width, mlp_width, blocks) < 1:
            raise UserError(
                "DGNetGenerator expects code_size, width, mlp_width and blocks of at least 1, got "
                f"code_size={code_size}, width={width}, mlp_width={mlp_width}, blocks={blocks}: "
                "the released code has 8192, 16, 512 and 4"
            )
        if code_size % blocks:
            raise UserError(
                f"DGNetGenerator cuts a code into a chunk for each of its blocks, and {blocks} does not divide "
                f"code_size={code_size}: set blocks to 1, 2 or 4, which divide every code of four stripes"
            )
        self.code_size = code_size
        channels = 8 * width
        self.structure_encoder = StructureEncoder(width, blocks)
        self.mlps = AppearanceMLPs(code_size, mlp_width, blocks, channels)
        self.decoder = Decoder(channels, blocks)
        init_kaiming(self)

    def forward(self, grey: Tensor, code: Tensor) -> Tensor:
        """Both steps in one: :meth:`structure` of ``grey`` decoded with ``code``."""
        return self.decode(self.structure(grey), code)

    def structure(self, grey: Tensor) -> Tensor:
        """E_s: B x 1 x H x W, the mean over the normalised channels, to B x 8 ``width`` x H/4 x W/4.

        Raises:
            UserError: H or W is not a multiple of 4, or below 40.
        """
        check_image_size(self, grey, least=ASPP.least * self.divisor)
        return self.structure_encoder(grey)

    def decode(self, structure: Tensor, code: Tensor) -> Tensor:
        """G: structures as above and codes B x ``code_size`` to images B x 3 x H x W; nothing holds them to a range.

        Raises:
            UserError: codes of another length.
        """
        if code.ndim != 2 or code.shape[1] != self.code_size:
            raise UserError(
                f"this DGNetGenerator was built for codes of B x {self.code_size}, got "
                f"{' x '.join(map(str, code.shape))}: build it with code_size = 4 x the backbone's out_channels"
            )
        return self.decoder(structure, self.mlps(code))


def _conv_norm(in_channels: int, out_channels: int, stride: int = 1) -> list[nn.Module]:
    return [reflected(in_channels, out_channels, 3, stride), InstanceNorm(), nn.LeakyReLU(0.2, inplace=True)]


def _double(in_channels: int, out_channels: int) -> list[nn.Module]:
    """Twice the size by repeating pixels, and the 5x5 convolution after it."""
    conv = [nn.ReplicationPad2d(1), DoublingConv(in_channels, out_channels)]
    return [*conv, LayerNorm(out_channels), nn.LeakyReLU(0.2, inplace=True)]


def _mlp(in_features: int, hidden: int, out_features: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(hidden, hidden),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(hidden, out_features),
    )
