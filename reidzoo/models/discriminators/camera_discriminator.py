"""The two judges of CR-GAN in one network: is the image real, and which of the target's cameras took it?

Chen, Zhu & Gong, ICCV 2019, have a domain discriminator D_d and a camera classifier; of their form nothing is known to
us. That they share their layers is ours, after AC-GAN (Odena, Olah & Shlens, ICML 2017) and StarGAN (Choi et al., CVPR
2018). So is that these layers have no norm, as in StarGAN: instance norm takes away how bright an image is and in
which cast, and that is what tells cameras apart. (After 200 steps of 8 images a quarter of this width names the camera
of 42 % of other images of SynthPed dusk and 62 % of day, with instance norm 28 % and 18 %; there are 6 cameras.)
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from reidzoo.base.errors import UserError
from reidzoo.models.discriminators.patch_discriminator import check_patches, least_side, patch_layers
from reidzoo.models.initialization import init_normal
from reidzoo.registry import DISCRIMINATORS


class CameraJudgement(NamedTuple):
    """What the judges say of images.

    Attributes:
        scores: B x 1 x h x w, one for each patch, without sigmoid; None without that judge.
        camera_logits: B x number of cameras; None without that judge.
    """

    scores: Tensor | None
    camera_logits: Tensor | None


@DISCRIMINATORS.register
class CameraDiscriminator(nn.Module):
    """PatchGAN's layers, behind them a score for each patch, and the camera of the image from the mean of its patches.

    The shared layers are those of :class:`reidzoo.models.discriminators.PatchDiscriminator` without instance norm; a
    linear layer on the mean over places of their map tells the cameras. 2,768,841 parameters for 8 cameras. Start:
    N(0, 0.02), biases 0.

    Args:
        num_cams: cameras to be told apart; None leaves that judge out.
        width: channels after the first convolution; they double in each, up to 8 times as many.
        layers: convolutions of stride 2, see ``PatchDiscriminator``.
        patches: whether to judge what is real.

    Raises:
        UserError: a width, layers or number of cameras below 1, or no judge at all.
    """

    smoke: ClassVar = {"width": 4}

    def __init__(self, num_cams: int | None, width: int = 64, layers: int = 3, patches: bool = True):
        super().__init__()
        if width < 1 or layers < 1 or (num_cams is not None and num_cams < 1):
            raise UserError(
                "CameraDiscriminator expects a width, layers and cameras of at least 1, got "
                f"width={width}, layers={layers}, num_cams={num_cams}: the 70 x 70 one has 64 and 3"
            )
        if num_cams is None and not patches:
            raise UserError("CameraDiscriminator without cameras and without patches judges nothing: keep one of both")
        trunk, channels = patch_layers(width, layers, normalised=False)
        self.trunk = nn.Sequential(*trunk)
        self.patches = nn.Conv2d(channels, 1, 4, padding=1) if patches else None
        self.cameras = None if num_cams is None else nn.Linear(channels, num_cams)
        self.least = least_side(layers)
        init_normal(self)

    def forward(self, images: Tensor) -> CameraJudgement:
        """Images B x 3 x H x W in [-1, 1] to what the judges say of them.

        Raises:
            UserError: an image too small for one score.
        """
        check_patches(self, images)
        seen = self.trunk(images)
        return CameraJudgement(
            None if self.patches is None else self.patches(seen),
            None if self.cameras is None else self.cameras(seen.mean(dim=(2, 3))),
        )
