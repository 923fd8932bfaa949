"""Toy configs of translations and of what trains on their images, for the tests of stages."""

import shutil

from toy_configs import write_toy_config


def write_toy_translation(folder, name, source, target, **sides):
    """Path of a config of a small CycleGAN from ``source`` to ``target`` (roots) that trains in one step."""
    resize = {"type": "Resize", "height": 32, "width": 16}
    side = {"type": "Market1501", "split": "train", "transforms": [resize], **sides}
    dataset = {
        "type": "UnpairedImages",
        "source": {**side, "root": str(source)},
        "target": {**side, "root": str(target)},
    }
    model = {
        "type": "CycleGAN",
        "generator": {"type": "ResNetGenerator", "width": 4, "blocks": 1},
        "discriminator": {"type": "PatchDiscriminator", "width": 4, "layers": 1},
    }
    return write_toy_config(folder, name, model, dataset, groups=("generators", "discriminators"))


def write_toy_reid(toy_config, name, root=None, **changes):
    """Path of a config that trains a small IDE in one step, on the generated images under ``root`` where given."""
    changes = {"train_cfg.max_epochs": 1, "train_dataloader.num_batch_per_epoch": 1, **changes}
    if root is not None:
        dataset = {"type": "GeneratedFolder", "root": str(root), "transforms": [], "_delete_": True}
        changes["train_dataloader.dataset"] = dataset
    path = toy_config(**changes)
    return str(shutil.copy(path, path.with_name(f"{name}.py")))
