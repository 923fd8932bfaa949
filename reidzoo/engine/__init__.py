"""What surrounds a training step: Runner, hooks, loops, precision; it knows no method, network, loss or data set."""

from reidzoo.engine import adaptation, distributed, hooks, loops, optimizers, precision

__all__ = ["adaptation", "distributed", "hooks", "loops", "optimizers", "precision"]
