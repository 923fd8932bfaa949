"""Networks that make images: image to image (CycleGAN, StarGAN), noise to image (DCGAN), pose and image to image.

The contract of image-to-image networks: ``generator(images) -> images``, from B x 3 x H x W floats in [-1, 1] to the
same size in (-1, 1); H and W are multiples of ``divisor``.

The contract of noise-to-image networks: ``generator(noise) -> images``, from B x ``noise_size`` floats to B x 3 x H x W
in (-1, 1), where (H, W) is ``image_size``; both attributes are arguments of the same names.

The contract of pose-transfer networks: ``generator(images, source_points, target_points) -> images``, B x 3 x H x W in
[-1, 1] and two times B x 18 x 2 points, (y, x) in pixels, to the same persons in the target poses, where (H, W) is
``image_size``; the attribute is an argument of the same name. :class:`PG2Refiner` has none of these contracts.

The contract of networks that swap clothes: ``generator.structure(grey) -> structures`` and
``generator.decode(structures, codes) -> images``, from B x 1 x H x W and B x ``code_size`` to B x 3 x H x W, all in the
space of normalised images; ``code_size`` is an argument of the same name.
"""

from reidzoo.models.generators.crgan_generator import CRGANGenerator, CRGANOutput
from reidzoo.models.generators.dcgan_generator import DCGANGenerator
from reidzoo.models.generators.deformable_generator import DeformableGenerator
from reidzoo.models.generators.dgnet_generator import DGNetGenerator
from reidzoo.models.generators.lsgan_generator import LSGANGenerator
from reidzoo.models.generators.pg2_generator import PG2Generator
from reidzoo.models.generators.pg2_refiner import PG2Refiner
from reidzoo.models.generators.resnet_generator import ResNetGenerator
from reidzoo.models.generators.unet_generator import UNetGenerator

__all__ = [
    "CRGANGenerator",
    "CRGANOutput",
    "DCGANGenerator",
    "DGNetGenerator",
    "DeformableGenerator",
    "LSGANGenerator",
    "PG2Generator",
    "PG2Refiner",
    "ResNetGenerator",
    "UNetGenerator",
]
