"""Toy configs of generators, written as files: what the kinds of generators have in common."""


def write_toy_config(folder, name, model, dataset, groups=("generator", "discriminator"), loader=(), **changes):
    """Path of a config that trains in one step.

    Args:
        folder: that it is written to.
        name: of the file, without its end.
        model: the method.
        dataset: what it trains on.
        groups: names in the method's ``optimized()``; each gets Adam.
        loader: other entries of ``train_dataloader``.
        changes: other entries of the config.
    """
    adam = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 2e-4}}
    content = {
        "default_scope": "reidzoo",
        "randomness": {"seed": 0},
        "log_level": "ERROR",
        "model": model,
        "train_dataloader": {
            "batch_size": 2,
            "num_workers": 0,
            "num_batch_per_epoch": 1,
            "drop_last": True,
            "collate_fn": {"type": "default_collate"},
            "sampler": {"type": "ShuffleSampler"},
            "dataset": dataset,
            **dict(loader),
        },
        "train_cfg": {"type": "SeededEpochLoop", "max_epochs": 1},
        "optim_wrapper": {"constructor": "MethodOptimWrapperConstructor", **dict.fromkeys(groups, adam)},
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
        **changes,
    }
    path = folder / f"{name}.py"
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in content.items()))
    return str(path)
