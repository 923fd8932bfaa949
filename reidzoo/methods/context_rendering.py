"""Re-ID on renderings made on the fly: Chen, Zhu & Gong, "Instance-Guided Context Rendering for Cross-Domain Person
Re-Identification", ICCV 2019.

The poster renders while the re-ID network trains: each source person of a batch is drawn in the context of a target
image that is drawn anew, and keeps its identity, so that no epoch shows a person as the one before. A folder that was
rendered once is the alternative (``GeneratedFolder``). Any re-ID method can be trained so, for what changes is how a
batch becomes the images that the method sees:

    poster                                      here
    X_S, its mask, y_j                          images, masks, pids of a batch of ``SourceInContexts``
    X_T, its mask                               context_images, context_masks
    G, frozen                                   renderer
    X_G = G(X_S, X_T), classified as y_j        images and pids that the method gets

How many rows stay source images (``real_share``) is not printed; the default is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.base.moments import Moment
from reidzoo.base.precision import PRECISIONS
from reidzoo.methods.preprocessor import MEAN, STD, ImagePreprocessor
from reidzoo.methods.trained_renderer import TrainedRenderer
from reidzoo.registry import METHODS

#: what a batch has for the renderer beside ``images``; no re-ID method takes them
FOR_RENDERING = ("masks", "context_images", "context_masks")


@METHODS.register
class ContextRendering(ImagePreprocessor):
    """Normalises a batch as :class:`ImagePreprocessor` and, in training, renders its persons in their contexts before.

    A re-ID method has it as its ``data_preprocessor``. The renderer draws on the device, without a gradient, and is no
    part of the method's weights; a test needs neither it nor its file. What it draws is not rounded to bytes.

    Args:
        renderer: config from shelf METHODS, of a :class:`reidzoo.methods.rendering.RenderingMethod`; see
            :class:`reidzoo.methods.trained_renderer.TrainedRenderer`.
        renderer_weights: its checkpoint; None for a renderer without weights (``CutAndPaste``), and for ``--smoke``.
        real_share: of a batch's rows, drawn by chance, that stay as they are, from 0 to below 1.
        precision: of the renderer: ``fp32``, or ``bf16`` through autocast.
        mean: see :class:`ImagePreprocessor`.
        std: see :class:`ImagePreprocessor`.

    Attributes:
        rendering: when the device began and ended to render the latest batch; None before the first.

    Raises:
        UserError: a share or a precision that there is not, a renderer of another kind; in training: a batch without
            masks or contexts, or what :meth:`TrainedRenderer.load` refuses.
    """

    def __init__(
        self,
        renderer: dict[str, Any],
        renderer_weights: str | None = None,
        real_share: float = 0.0,
        precision: str = "bf16",
        mean: Sequence[float] = MEAN,
        std: Sequence[float] = STD,
    ):
        super().__init__(mean, std)
        if not 0 <= real_share < 1:
            raise UserError(
                f"real_share of ContextRendering is a share of the batch, from 0 to below 1, got {real_share}: to "
                "render nothing, leave the preprocessor out"
            )
        if precision not in PRECISIONS:
            raise UserError(f"precision of ContextRendering is one of {', '.join(PRECISIONS)}, got '{precision}'")
        self.renderer = TrainedRenderer(renderer, renderer_weights)
        self.real_share, self.precision = real_share, precision
        self.rendering: tuple[Moment, Moment] | None = None

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """The batch on the device, normalised; in training its images rendered, and what that took left out.

        In training ``data`` has, beside what the method takes, ``images`` and ``context_images`` B x 3 x H x W uint8
        and ``masks`` and ``context_masks`` B x 1 x H x W uint8; camera ids stay those of the source.
        """
        if not training:
            return super().forward(data)
        absent = [key for key in FOR_RENDERING if key not in data]
        if absent:
            raise UserError(
                f"ContextRendering needs {', '.join(absent)} in a batch: train on SourceInContexts, and begin the "
                "transforms of both its parts with LoadMask (files) or EllipseMask (a prior)"
            )
        data = self.cast_data(data)
        batch = super().forward({key: value for key, value in data.items() if key not in FOR_RENDERING})
        rows = self._rendered_rows(len(data["images"]))
        masks, contexts, context_masks = (data[key][rows] for key in FOR_RENDERING)
        batch["images"][rows] = self.render(data["images"][rows], masks, contexts, context_masks)
        return batch

    def render(self, images: Tensor, masks: Tensor, context_images: Tensor, context_masks: Tensor) -> Tensor:
        """Bytes on the device to the renderings, normalised as the method's images: B x 3 x H x W float32."""
        method = self.renderer.load().to(images.device)
        start, dtype = Moment(images.device), PRECISIONS[self.precision]
        pixels = method.data_preprocessor
        batch = pixels({
            "source_images": images,
            "source_masks": masks,
            "target_images": context_images,
            "target_masks": context_masks,
        })  # fmt: skip
        with torch.autocast(images.device.type, dtype=dtype, enabled=dtype is not None):
            drawn = method.render_normalised(**batch)  # X_G = G(X_S, X_T)
        normalised = (drawn.float() * pixels.std + pixels.mean - self.mean) / self.std
        self.rendering = start, Moment(images.device)
        return normalised

    def _rendered_rows(self, count: int) -> Tensor | slice:
        """Drawn from torch's generator of the CPU, which the loop seeds at every step."""
        if not self.real_share:
            return slice(None)
        return torch.randperm(count)[round(self.real_share * count) :].to(self.device)
