"""Configs of GANs at toy size that train for some epochs, for tests of their runs."""

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
    content = {
        "default_scope": "reidzoo",
        "randomness": {"seed": 0},
        "log_level": "ERROR",
        "model": {"type": name, **MODELS[name]},
        "train_dataloader": {
            "batch_size": 2,
            "num_workers": 0,
            "num_batch_per_epoch": 2,
            "drop_last": True,
            "collate_fn": {"type": "default_collate"},
            "sampler": {"type": "ShuffleSampler"},
            "dataset": {
                "type": "Market1501",
                "root": str(root),
                "split": "train",
                "transforms": [{"type": "Resize", "height": height, "width": width}],
            },
        },
        "train_cfg": {"type": "SeededEpochLoop", "max_epochs": epochs},
        "optim_wrapper": {"constructor": "MethodOptimWrapperConstructor", "generator": ADAM, "discriminator": ADAM},
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
        "custom_hooks": list(hooks),
    }
    path = folder / "toy_gan.py"
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in content.items()))
    return str(path)
