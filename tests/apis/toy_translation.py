"""Toy configs of translations and of what trains on their images, for the tests of stages."""

import shutil


def write_toy_gan(folder, name, source, target, **sides):
    """Path of a config of a small CycleGAN from ``source`` to ``target`` (roots) that trains in one step."""
    resize = {"type": "Resize", "height": 32, "width": 16}
    side = {"type": "Market1501", "split": "train", "transforms": [resize], **sides}
    optimizer = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 2e-4}}
    content = {
        "default_scope": "reidzoo",
        "randomness": {"seed": 0},
        "log_level": "ERROR",
        "model": {
            "type": "CycleGAN",
            "generator": {"type": "ResNetGenerator", "width": 4, "blocks": 1},
            "discriminator": {"type": "PatchDiscriminator", "width": 4, "layers": 1},
        },
        "train_dataloader": {
            "batch_size": 2,
            "num_workers": 0,
            "num_batch_per_epoch": 1,
            "collate_fn": {"type": "default_collate"},
            "sampler": {"type": "ShuffleSampler"},
            "dataset": {
                "type": "UnpairedImages",
                "source": {**side, "root": str(source)},
                "target": {**side, "root": str(target)},
            },
        },
        "train_cfg": {"type": "SeededEpochLoop", "max_epochs": 1},
        "optim_wrapper": {
            "constructor": "MethodOptimWrapperConstructor",
            "generators": optimizer,
            "discriminators": optimizer,
        },
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
    }
    path = folder / f"{name}.py"
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in content.items()))
    return str(path)


def write_toy_reid(toy_config, name, root=None, **changes):
    """Path of a config that trains a small IDE in one step, on the generated images under ``root`` where given."""
    changes = {"train_cfg.max_epochs": 1, "train_dataloader.num_batch_per_epoch": 1, **changes}
    if root is not None:
        dataset = {"type": "GeneratedFolder", "root": str(root), "transforms": [], "_delete_": True}
        changes["train_dataloader.dataset"] = dataset
    path = toy_config(**changes)
    return str(shutil.copy(path, path.with_name(f"{name}.py")))
