"""Toy configs of a GAN and of what trains on its images, for the tests of sampling and of stages."""


def write_toy_sampler(folder, name, root):
    """Path of a config of a small DCGAN that trains in one step on the data under ``root``."""
    optimizer = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 2e-4}}
    content = {
        "default_scope": "reidzoo",
        "randomness": {"seed": 0},
        "log_level": "ERROR",
        "model": {
            "type": "DCGAN",
            "generator": {"type": "DCGANGenerator", "width": 2, "noise_size": 6, "image_size": (32, 16)},
            "discriminator": {"type": "DCGANDiscriminator", "width": 2, "image_size": (32, 16)},
        },
        "train_dataloader": {
            "batch_size": 4,
            "num_workers": 0,
            "num_batch_per_epoch": 1,
            "drop_last": True,
            "collate_fn": {"type": "default_collate"},
            "sampler": {"type": "ShuffleSampler"},
            "dataset": {"type": "Market1501", "root": str(root), "split": "train"},
        },
        "train_cfg": {"type": "SeededEpochLoop", "max_epochs": 1},
        "optim_wrapper": {
            "constructor": "MethodOptimWrapperConstructor",
            "generator": optimizer,
            "discriminator": optimizer,
        },
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
    }
    path = folder / f"{name}.py"
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in content.items()))
    return str(path)
