"""Cut and paste: the person of one image in front of another image, without any network.

What CR-GAN's poster (Chen, Zhu & Gong, ICCV 2019) sets its renderings against:

    poster                      here
    X_S, M_S                    source_images, source_masks
    X_T                         target_images
    M_S X_S + (1 - M_S) X_T     the result

Nothing is trained. The light of the source stays on the person, the mask's edge stays visible, and where the person of
X_T is not behind that of X_S, both are seen.
"""

from __future__ import annotations

from mmengine.optim import OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.registry import METHODS


@METHODS.register
class CutAndPaste(RenderingMethod):
    """The naive alternative to rendering; it has no parameter and is not trained."""

    def __init__(self) -> None:
        super().__init__()

    def optimized(self) -> dict[str, list[nn.Module]]:
        return {}

    def forward(
        self, source_images: Tensor, source_masks: Tensor, target_images: Tensor, target_masks: Tensor
    ) -> Tensor:
        """``M_S X_S + (1 - M_S) X_T``; ``target_masks`` are not looked at."""
        return source_masks * source_images + (1 - source_masks) * target_images

    def train_step(self, data: dict[str, Tensor], optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """There is none.

        Raises:
            UserError: always.
        """
        raise UserError(
            "CutAndPaste has nothing to learn: name it as the renderer of ContextRendering, in the config of a re-ID "
            "method"
        )
