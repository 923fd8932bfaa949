"""Toy data with poses, and toy configs of methods that draw persons in other poses."""

import numpy as np
import torch
from toy_market import write_toy_market

from reidzoo.data.poses.annotations import write_annotations

SIZE = (32, 16)
G1 = {"type": "PG2Generator", "width": 2, "bottleneck": 3, "image_size": SIZE}
METHODS = {
    "PG2StageOne": {"generator": G1},
    "PG2StageTwo": {
        "generator": G1,
        "refiner": {"type": "PG2Refiner", "width": 2, "image_size": SIZE},
        "discriminator": {"type": "PG2Discriminator", "width": 2, "image_size": SIZE},
    },
}


def pose_of(name):
    """Another pose for each name, inside images of 32 x 16 pixels, all points visible, none at (0, 0)."""
    return np.random.default_rng(list(name.encode())).integers(1, SIZE, (18, 2))


def write_posed_market(root, **sizes):
    """Toy images in Market-1501's layout, with files of poses in the names that SynthPed has."""
    write_toy_market(root, **sizes)
    parts = {"train": ["bounding_box_train"], "test": ["query", "bounding_box_test"]}
    for part, folders in parts.items():
        names = [path.name for folder in folders for path in (root / folder).iterdir()]
        write_annotations(root / f"keypoints-{part}.csv", {name: pose_of(name) for name in names})
    return root


def write_toy_transfer(folder, name, root, method="PG2StageOne", transforms=(), **changes):
    """Path of a config of a small method that trains in one step on the data under ``root``."""
    optimizer = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 2e-4}}
    groups = ["generator"] if method == "PG2StageOne" else ["generator", "discriminator"]
    content = {
        "default_scope": "reidzoo",
        "randomness": {"seed": 0},
        "log_level": "ERROR",
        "model": {"type": method, **METHODS[method]},
        "train_dataloader": {
            "batch_size": 2,
            "num_workers": 0,
            "num_batch_per_epoch": 1,
            "drop_last": True,
            "collate_fn": {"type": "default_collate"},
            "sampler": {"type": "ShuffleSampler"},
            "dataset": {
                "type": "PosePairs",
                "annotations": "keypoints-train.csv",
                "dataset": {"type": "Market1501", "root": str(root), "split": "train", "transforms": list(transforms)},
            },
        },
        "train_cfg": {"type": "SeededEpochLoop", "max_epochs": 1},
        "optim_wrapper": {
            "constructor": "MethodOptimWrapperConstructor",
            **{group: optimizer for group in groups},
        },
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
        **changes,
    }
    path = folder / f"{name}.py"
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in content.items()))
    return str(path)


def write_weights(path, method):
    """A checkpoint of a method whose weights are large enough to draw with."""
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.normal_(std=0.1, generator=torch.Generator().manual_seed(parameter.numel()))
    torch.save({"state_dict": method.state_dict(), "meta": {}}, path)
    return str(path)
