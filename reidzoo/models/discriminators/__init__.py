"""Networks that judge images: real or fake as one number or as a map of patches, and the domain or camera beside it."""

from reidzoo.models.discriminators.camera_discriminator import CameraDiscriminator, CameraJudgement
from reidzoo.models.discriminators.dcgan_discriminator import DCGANDiscriminator
from reidzoo.models.discriminators.deformable_discriminator import DeformableDiscriminator
from reidzoo.models.discriminators.lsgan_discriminator import LSGANDiscriminator
from reidzoo.models.discriminators.multi_scale_discriminator import MultiScaleDiscriminator
from reidzoo.models.discriminators.patch_discriminator import PatchDiscriminator
from reidzoo.models.discriminators.pg2_discriminator import PG2Discriminator
from reidzoo.models.discriminators.siamese_net import SiameseNet

__all__ = [
    "CameraDiscriminator",
    "CameraJudgement",
    "DCGANDiscriminator",
    "DeformableDiscriminator",
    "LSGANDiscriminator",
    "MultiScaleDiscriminator",
    "PG2Discriminator",
    "PatchDiscriminator",
    "SiameseNet",
]
