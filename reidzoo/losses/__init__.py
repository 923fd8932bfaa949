"""Formulas of tensors. A loss owns no parameter; what has one is a head."""

from reidzoo.losses.cross_entropy import CrossEntropy

__all__ = ["CrossEntropy"]
