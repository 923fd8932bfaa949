"""DG-Net at toy size, with batches, for its tests."""

import torch

from reidzoo.registry import METHODS

PIDS = 5
SIZE = (64, 40)
TOY = {
    "backbone": {"type": "OSNet", "width": 0.25, "embedding": False},
    "head": {"type": "PrimaryFineHead", "hidden": 8},
    "generator": {"type": "DGNetGenerator", "width": 1, "mlp_width": 4, "blocks": 2},
    "discriminator": {"type": "MultiScaleDiscriminator", "width": 2, "blocks": 1},
    "teacher": {
        "type": "IDE",
        "backbone": {"type": "OSNet", "width": 0.25},
        "head": {"type": "LinearHead", "hidden": 8, "hidden_relu": False},
    },
}


def build(*, dropout=False, **changes):
    """A method past its ramps, in training mode, without draws of its own but for the structure's coin."""
    torch.manual_seed(0)
    ramps = {"warm_up_steps": 0, "ramp_per_step": 10.0, "erasing_prob": 0.0}
    method = METHODS.build({"type": "DGNet", "num_pids": PIDS, **TOY, **ramps, **changes}).train()
    method.steps.fill_(1)
    for view in () if dropout else (method.head.prim, method.head.fine):
        view.dropout.p = 0.0
        torch.nn.init.normal_(view.classifier.weight, std=0.3)  # so that labels matter
    return method


def batch(rows=4, seed=0):
    """What the loader gives."""
    generator = torch.Generator().manual_seed(seed)
    images, positives = torch.randint(0, 256, (2, rows, 3, *SIZE), dtype=torch.uint8, generator=generator)
    return {
        "images": images,
        "positive_images": positives,
        "pids": torch.randint(0, PIDS, (rows,), generator=generator),
        "camids": torch.zeros(rows, dtype=torch.int64),
        "indices": torch.arange(rows),
    }
