"""What surrounds a training step: Runner, hooks, loops, precision; it knows no method, network, loss or data set."""

from reidzoo.engine import distributed, hooks, loops, optimizers, precision

__all__ = ["distributed", "hooks", "loops", "optimizers", "precision"]
