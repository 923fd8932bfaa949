"""Networks that judge images: real or fake as one number or as a map of patches, and the domain or camera beside it."""

from reidzoo.models.discriminators.patch_discriminator import PatchDiscriminator

__all__ = ["PatchDiscriminator"]
