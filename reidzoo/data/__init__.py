"""What is on disk, and what is a batch."""

from reidzoo.data import colour_transforms, datasets, ellipse_mask, samplers, tracklet_sampler, transforms

__all__ = ["colour_transforms", "datasets", "ellipse_mask", "samplers", "tracklet_sampler", "transforms"]
