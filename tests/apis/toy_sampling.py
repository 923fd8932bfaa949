"""Toy configs of a GAN and of what trains on its images, for the tests of sampling and of stages."""

from toy_configs import write_toy_config


def write_toy_sampler(folder, name, root):
    """Path of a config of a small DCGAN that trains in one step on the data under ``root``."""
    model = {
        "type": "DCGAN",
        "generator": {"type": "DCGANGenerator", "width": 2, "noise_size": 6, "image_size": (32, 16)},
        "discriminator": {"type": "DCGANDiscriminator", "width": 2, "image_size": (32, 16)},
    }
    dataset = {"type": "Market1501", "root": str(root), "split": "train"}
    return write_toy_config(folder, name, model, dataset, loader={"batch_size": 4})
