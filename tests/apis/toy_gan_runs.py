"""Configs of GANs at toy size that train for some epochs, for tests of their runs."""

from toy_configs import write_toy_config

ADAM = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 0.05, "betas": (0.5, 0.999)}}
DC = {
    "generator": {"type": "DCGANGenerator", "width": 2, "noise_size": 5, "image_size": (32, 16)},
    "discriminator": {"type": "DCGANDiscriminator", "width": 2, "image_size": (32, 16)},
}
LS = {
    "generator": {"type": "LSGANGenerator", "width": 2, "noise_size": 5, "image_size": (64, 32)},
    "discriminator": {"type": "LSGANDiscriminator", "width": 2},
}
MODELS = {"DCGAN": DC, "GAN": DC, "LSGAN": LS}


def write_toy_gan(folder, root, name="DCGAN", epochs=2, hooks=()):
    """Path of a config of GAN ``name`` that trains two steps an epoch on the data under ``root``."""
    height, width = MODELS[name]["generator"]["image_size"]
    resize = {"type": "Resize", "height": height, "width": width}
    return write_toy_config(
        folder,
        "toy_gan",
        {"type": name, **MODELS[name]},
        {"type": "Market1501", "root": str(root), "split": "train", "transforms": [resize]},
        loader={"num_batch_per_epoch": 2},
        train_cfg={"type": "SeededEpochLoop", "max_epochs": epochs},
        optim_wrapper={"constructor": "MethodOptimWrapperConstructor", "generator": ADAM, "discriminator": ADAM},
        custom_hooks=list(hooks),
    )
