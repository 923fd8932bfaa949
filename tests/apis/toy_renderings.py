"""A method that cuts persons out and pastes them, and toy configs of it."""

import torch
from toy_configs import write_toy_config

from reidzoo.methods.rendering import RenderingMethod
from reidzoo.registry import METHODS

ELLIPSE = {"type": "EllipseMask"}


@METHODS.register
class ToyRenderer(RenderingMethod):
    """The person where the source's mask is, ``brightness`` times the target elsewhere.

    ``judge`` stands for a discriminator; its weights draw nothing.

    Args:
        data_preprocessor: as every renderer's.
    """

    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.brightness = torch.nn.Linear(1, 1, bias=False)
        self.judge = torch.nn.Linear(4, 4)
        torch.nn.init.ones_(self.brightness.weight)

    def optimized(self):
        return {"generator": [self.brightness], "discriminator": [self.judge]}

    def forward(self, source_images, source_masks, target_images, target_masks):
        return source_masks * source_images + (1 - source_masks) * target_images * self.brightness.weight

    def train_step(self, data, optim_wrapper):
        given = self.data_preprocessor(data, True)
        names = ("source_images", "source_masks", "target_images", "target_masks")
        loss = self(*(given[name] for name in names)).square().mean() + self.judge.weight.square().mean()
        for wrapper in optim_wrapper.values():
            wrapper.zero_grad()
        loss.backward()
        for wrapper in optim_wrapper.values():
            wrapper.step()
        return {"loss": loss.detach()}


def write_toy_rendering(folder, name, source, target, reader="Market1501", transforms=(ELLIPSE,), **changes):
    """Path of a config of :class:`ToyRenderer` that trains in one step on the data under two roots."""
    side = {"type": reader, "split": "train", "transforms": list(transforms)}
    sides = {"source": {**side, "root": str(source)}, "target": {**side, "root": str(target)}}
    return write_toy_config(folder, name, {"type": "ToyRenderer"}, {"type": "UnpairedImages", **sides}, **changes)


def write_weights(path, method=None, **meta):
    """A checkpoint of ``method``, by default of an untrained :class:`ToyRenderer`, as a run leaves it."""
    meta = {"dataset_meta": {"name": "Market1501 train and Market1501 train", "num_pids": 3}, **meta}
    torch.save({"state_dict": (method or ToyRenderer()).state_dict(), "meta": meta}, path)
    return str(path)
