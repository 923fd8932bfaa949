"""Networks that make images: image to image (CycleGAN, StarGAN), noise to image (DCGAN), pose and image to image.

The contract of image-to-image networks: ``generator(images) -> images``, from B x 3 x H x W floats in [-1, 1] to the
same size in (-1, 1); H and W are multiples of ``divisor``.
"""

from reidzoo.models.generators.resnet_generator import ResNetGenerator
from reidzoo.models.generators.unet_generator import UNetGenerator

__all__ = ["ResNetGenerator", "UNetGenerator"]
