"""Re-identification that learns from relit images: an example of a plugin of reidzoo.

Importing the modules puts their classes on reidzoo's shelves; nothing else is needed.
"""

from reidzoo_relight import backbone, discriminator, generator, hook, loss, method

__all__ = ["backbone", "discriminator", "generator", "hook", "loss", "method"]
