"""Toy data with poses, and toy configs of methods that draw persons in other poses."""

import numpy as np
import torch
from toy_configs import write_toy_config
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
    images = {"type": "Market1501", "root": str(root), "split": "train", "transforms": list(transforms)}
    changes = {"model": {"type": method, **METHODS[method]}, **changes}
    dataset = {"type": "PosePairs", "annotations": "keypoints-train.csv", "dataset": images}
    groups = ["generator"] if method == "PG2StageOne" else ["generator", "discriminator"]
    return write_toy_config(folder, name, dataset=dataset, groups=groups, **changes)


def write_weights(path, method):
    """A checkpoint of a method whose weights are large enough to draw with."""
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.normal_(std=0.1, generator=torch.Generator().manual_seed(parameter.numel()))
    torch.save({"state_dict": method.state_dict(), "meta": {}}, path)
    return str(path)
