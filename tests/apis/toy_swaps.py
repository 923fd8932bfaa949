"""A method that swaps appearances by arithmetic, and toy configs of it."""

import torch
from toy_configs import write_toy_config

from reidzoo.methods.swapping import SwapMethod
from reidzoo.registry import METHODS


@METHODS.register
class ToySwap(SwapMethod):
    """Draws the mean colour of the appearance, shaded by the structure's brightness about its own mean.

    ``judge`` stands for a discriminator; its weights draw nothing.

    Args:
        num_pids: not looked at; the tools fill it in.
        data_preprocessor: as every method's.
    """

    def __init__(self, num_pids=None, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.generator = torch.nn.Conv2d(1, 1, 1, bias=False)
        self.judge = torch.nn.Linear(4, 4)
        torch.nn.init.ones_(self.generator.weight)

    def optimized(self):
        return {"generator": [self.generator], "discriminator": [self.judge]}

    def draw(self, appearance, structure):
        brightness = structure.mean(1, keepdim=True)
        shade = self.generator(brightness - brightness.mean((2, 3), keepdim=True))
        return appearance.mean((2, 3), keepdim=True) + shade

    def forward(self, images, positive_images=None, **others):  # trains on the first of a pair only
        return super().forward(images, **others)

    def embed(self, images):
        return images.mean((2, 3)) * self.generator.weight.flatten()

    def losses(self, images, pids):
        return {"loss_features": self.embed(images).square().mean()}


def write_toy_swap(folder, name, root, transforms=(), reader="Market1501", **changes):
    """Path of a config of :class:`ToySwap` on positive pairs of the data under ``root``."""
    images = {"type": reader, "root": str(root), "split": "train", "transforms": list(transforms)}
    return write_toy_config(folder, name, {"type": "ToySwap"}, {"type": "PositivePairs", "dataset": images}, **changes)


def write_weights(path, method=None, **meta):
    """A checkpoint of ``method``, by default of an untrained :class:`ToySwap`, as a run leaves it."""
    meta = {"dataset_meta": {"name": "Market1501 train", "num_pids": 3}, **meta}
    torch.save({"state_dict": (method or ToySwap()).state_dict(), "meta": meta}, path)
    return str(path)
