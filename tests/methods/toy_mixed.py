"""Toy methods and batches of real and generated images, and cross-entropy as a sum in Python."""

import math

import torch

from reidzoo.base.labels import UNLABELLED_PID
from reidzoo.registry import METHODS

K = 5
PARTS = {
    "backbone": {"type": "OSNet", "width": 0.25},
    "head": {"type": "LinearHead", "hidden": 8, "dropout": 0.0},
    "num_pids": K,
}


def toy(name, epoch=1, **changes):
    """The method in float64, in training mode, in this epoch; more certain of people than classifiers are at first."""
    torch.manual_seed(0)
    method = METHODS.build({"type": name, **PARTS, **changes}).double()
    with torch.no_grad():
        method.head.classifier.weight.mul_(500)
    if hasattr(method, "set_epoch"):
        method.set_epoch(epoch)
    return method


def mixed_batch(real=4, fake=2):
    """Normalised images of both kinds in any order."""
    generator = torch.Generator().manual_seed(1)
    is_generated = torch.randperm(real + fake, generator=generator) >= real
    pids = torch.randint(0, K, (real + fake,), generator=generator).masked_fill(is_generated, UNLABELLED_PID)
    images = torch.randn(real + fake, 3, 32, 16, generator=generator, dtype=torch.float64)
    return {"images": images, "pids": pids, "is_generated": is_generated}


def rows_of(logits):
    """log p(k), K numbers a row."""
    for row in logits.tolist():
        log_z = math.log(sum(math.exp(value) for value in row))
        yield [value - log_z for value in row]
