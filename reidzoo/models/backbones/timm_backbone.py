"""Networks of timm (Wightman, PyTorch Image Models, 2019, and the papers behind each model's name).

So that a claim of the ResNet-50 years can be asked of a current network: ViT (Dosovitskiy et al., ICLR 2021), Swin (Liu
et al., ICCV 2021), ConvNeXt (Liu et al., CVPR 2022) and hundreds more. timm is an optional extra.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError, nearest
from reidzoo.models.backbones.freezing import FreezableBackbone
from reidzoo.models.backbones.pretrained import load_pretrained
from reidzoo.registry import BACKBONES

TOKENS = ("patches", "class")
#: what timm raises where a network cannot be built without its classifier, or not at this size
REFUSALS = (AssertionError, TypeError, ValueError, RuntimeError)
#: what timm's conversion of a file raises when the file is of another architecture
MISFITS = (AttributeError, IndexError, KeyError, RuntimeError, ValueError)


@BACKBONES.register
class TimmBackbone(FreezableBackbone):
    """A network of timm up to its last feature map (PyTorch Image Models, Wightman, 2019); needs the extra ``timm``.

    Nothing is ever downloaded.

    Attributes:
        out_channels: channels of the map.
        stride: input pixels per cell of the map; of the patches with ``token="class"``.

    Args:
        name: as in ``timm.list_models()``: "vit_small_patch16_224", "swin_tiny_patch4_window7_224", "convnext_tiny".
        weights: a file: timm's own (``model.safetensors``, ``.pth``), whose classifier is dropped and whose position
            embeddings are resampled to ``image_size`` by timm, which the log tells; or a checkpoint made here, which
            must be of this ``image_size``.
        image_size: height and width in pixels; transformers take images of this size only.
        token: what a vision transformer gives: "patches", B x C x h x w, for pooling and parts, or "class", its class
            token as B x C x 1 x 1, as the strong ViT baselines have it (He et al., TransReID, ICCV 2021).
        frozen_stages: how many stages stay as loaded, from the stem on, as timm groups them: the stem, then the stages
            of a hierarchical network or the blocks of a plain transformer.
        freeze_bn: "statistics", "affine" (both) or None; see :mod:`reidzoo.models.backbones.freezing`.

    Raises:
        UserError: timm is absent, an unknown name or token, a size that the network does not take, weights that cannot
            be read or do not fit, or nothing to freeze there.
    """

    smoke: ClassVar = {"name": "test_vit"}

    def __init__(
        self,
        name: str,
        weights: str | None = None,
        image_size: tuple[int, int] = (256, 128),
        token: str = "patches",
        frozen_stages: int = 0,
        freeze_bn: str | None = None,
    ):
        super().__init__()
        timm = _timm()
        if not timm.is_model(name):
            raise UserError(f"timm {timm.__version__} has no network '{name}', {nearest(name, timm.list_models())}")
        if token not in TOKENS:
            raise UserError(f"token of TimmBackbone is 'patches' or 'class', got {token!r}: choose one")
        facts = timm.models.get_pretrained_cfg(name)
        self.name, self.token, self.image_size = name, token, tuple(image_size)
        self.fixed_size = facts is not None and facts.fixed_input_size
        size = {"img_size": self.image_size} if self.fixed_size else {}
        try:
            self.network = timm.create_model(name, pretrained=False, num_classes=0, global_pool="", **size)
            self.out_channels, self.stride = self._measure()
        except REFUSALS as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(
                f"timm's '{name}' gives no feature map of images of {_times(self.image_size)} ({reason}): "
                "change image_size, or choose another network"
            ) from error
        if weights is not None:
            load_pretrained(
                self.network,
                weights,
                ignore=_classifiers(facts),
                remedy=f"name a file of timm's {name}, made here at image_size={self.image_size} or by timm at any",
                prefixes=("backbone.network.", "network."),
                adapt=self._adapt,
            )
        self.freeze(frozen_stages, freeze_bn)

    def forward(self, images: Tensor) -> Tensor:
        """Images B x 3 x H x W to B x ``out_channels`` x H/stride x W/stride, or x 1 x 1 with ``token="class"``.

        Raises:
            UserError: images of another size than ``image_size``, where the network has a fixed one.
        """
        if self.fixed_size and tuple(images.shape[2:]) != self.image_size:
            raise UserError(
                f"timm's '{self.name}' was built for images of {_times(self.image_size)}, got "
                f"{_times(images.shape[2:])}: give TimmBackbone the image_size that the transforms make"
            )
        output = self.network(images)
        if output.ndim == 4:
            return output.permute(0, 3, 1, 2) if getattr(self.network, "output_fmt", None) == "NHWC" else output
        if self.token == "class":
            return output[:, 0, :, None, None]
        patches = output[:, self.network.num_prefix_tokens :]
        return patches.transpose(1, 2).unflatten(2, self.network.patch_embed.grid_size)

    def stages(self) -> list[list[nn.Parameter]]:
        """The stem, then stages or blocks, as timm groups them; a last norm counts with them or after them."""
        groups = _timm().models.group_parameters(self.network, self.network.group_matcher(coarse=True))
        return [[self.network.get_parameter(name) for name in groups[stage]] for stage in sorted(groups)]

    @torch.no_grad()
    def _measure(self) -> tuple[int, int]:
        """Channels and stride of the map, read off an empty image."""
        if self.token == "class" and getattr(self.network, "cls_token", None) is None:
            raise UserError(f"timm's '{self.name}' has no class token: leave out token='class'")
        self.network.eval()
        feature_map = self(torch.zeros(1, 3, *self.image_size))
        self.network.train()
        rows = self.network.patch_embed.grid_size[0] if self.token == "class" else feature_map.shape[2]
        return feature_map.shape[1], round(self.image_size[0] / rows)

    def _adapt(self, state: dict[str, Tensor]) -> tuple[dict[str, Tensor], str]:
        """timm's file in the names and shapes of this network, by the conversion that timm itself has for it."""
        convert = getattr(sys.modules[type(self.network).__module__], "checkpoint_filter_fn", None)
        if convert is None:
            return state, ""
        try:
            converted = convert(state, self.network)
        except MISFITS:
            return state, ""  # strict loading will say in our words how the file differs
        changed = [name for name in converted if name in state and _is_resampled(state[name], converted[name])]
        shapes = [f"{name}: {_times(state[name].shape)} to {_times(converted[name].shape)}" for name in changed[:1]]
        resampled = f"; {len(changed)} resampled by timm to this size ({', '.join(shapes)})" if changed else ""
        dropped = len(state) - len(converted)
        return converted, resampled + (f"; {dropped} left out by timm" if dropped else "")


def _timm() -> Any:
    """The package, imported when a network of it is asked for.

    Raises:
        UserError: it is not installed.
    """
    try:
        import timm
    except ImportError as error:
        raise UserError("TimmBackbone needs the package timm: pip install 'timm>=1.0.20,<2'") from error
    return timm


def _classifiers(facts: Any) -> tuple[str, ...]:
    """Prefixes of the layers that a file may hold for ImageNet's classes."""
    named = facts.classifier if facts is not None else None
    return tuple(f"{name}." for name in ((named,) if isinstance(named, str) else named or ("head", "fc", "classifier")))


def _is_resampled(before: Tensor, after: Tensor) -> bool:
    return after is not before and after.ndim == before.ndim  # another number of axes: only written in another way


def _times(sizes: tuple[int, ...]) -> str:
    return " x ".join(map(str, sizes))
