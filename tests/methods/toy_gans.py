"""Generative methods at toy size, with batches and optimisers, for their tests."""

import torch

from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.registry import METHODS

GAN = {
    "generator": {"type": "ResNetGenerator", "width": 4, "blocks": 1},
    "discriminator": {"type": "PatchDiscriminator", "width": 4, "layers": 1},
}

#: arguments that build each translation at toy size; a new one adds its row
TOY = {
    "CycleGAN": GAN,
    "PTGAN": GAN,
    "SPGAN": {**GAN, "siamese": {"type": "SiameseNet", "form": "tf", "width": 4, "image_size": (32, 16)}},
}

DC = {
    "generator": {"type": "DCGANGenerator", "width": 2, "noise_size": 5, "image_size": (32, 16)},
    "discriminator": {"type": "DCGANDiscriminator", "width": 2, "image_size": (32, 16)},
}
LS = {
    "generator": {"type": "LSGANGenerator", "width": 2, "noise_size": 5, "image_size": (64, 32)},
    "discriminator": {"type": "LSGANDiscriminator", "width": 2},
}

#: the same for methods that draw from noise
SAMPLING = {"DCGAN": DC, "GAN": DC, "LSGAN": LS}


def build(name, **changes):
    """A method with weights of a spread at which every layer matters."""
    torch.manual_seed(0)
    return spread(METHODS.build({"type": name, **{**TOY, **SAMPLING}[name], **changes}))


def spread(method):
    """The method, its weights drawn anew so that every layer matters."""
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.normal_(std=0.2)
    return method


def batch(size=2, seed=0):
    """What the loader gives; the masks of the two domains differ, and no two images are alike."""
    generator = torch.Generator().manual_seed(seed)
    source, target = torch.randint(0, 256, (2, size, 3, 32, 16), dtype=torch.uint8, generator=generator)
    source_masks, target_masks = 255 * torch.randint(0, 2, (2, size, 1, 32, 16), generator=generator).byte()
    return {
        "source_images": source,
        "target_images": target,
        "source_masks": source_masks,
        "target_masks": target_masks,
    }


def sampling_batch(name, size=4, seed=0):
    """What the loader gives to a method that draws from noise; it reads the images only."""
    generator = torch.Generator().manual_seed(seed)
    sides = SAMPLING[name]["generator"]["image_size"]
    images = torch.randint(0, 256, (size, 3, *sides), dtype=torch.uint8, generator=generator)
    return {"images": images, "pids": torch.zeros(size, dtype=torch.long)}


def normalised(method, **changes):
    """The batch as the method's own terms take it, in its precision."""
    return method.data_preprocessor({**batch(), **changes}, True)


def optimisers(method, **settings):
    """One Adam for each name in ``optimized()``."""
    entry = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 1e-3, "betas": (0.5, 0.999)}}
    return MethodOptimWrapperConstructor({name: {**entry, **settings} for name in method.optimized()})(method)


def descend(optimizer, loss):
    """One step of torch's own optimiser, for the loops that methods are compared with."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def picture(module):
    """Copies of a module's weights, to compare later."""
    return [parameter.detach().clone() for parameter in module.parameters()]


def moved(module, before):
    """Whether any, and whether every weight changed since its :func:`picture`."""
    changed = [not torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True)]
    return any(changed), all(changed)
