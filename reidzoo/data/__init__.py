"""What is on disk, and what is a batch."""

from reidzoo.data import colour_transforms, datasets, samplers, transforms

__all__ = ["colour_transforms", "datasets", "samplers", "transforms"]
