"""What is on disk, and what is a batch."""

from reidzoo.data import datasets, samplers, transforms

__all__ = ["datasets", "samplers", "transforms"]
